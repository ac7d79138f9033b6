using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Slipway.Linux.Tests;

/// <summary>
/// A router with a bridge (10.9.0.1/24, fd09::1/64), two machines on it (10.9.0.2 and .3, fd09::2 and ::3) and a neighbour outside
/// (192.0.2.2, the router being 192.0.2.1), all in namespaces of their own.
/// </summary>
internal sealed class Machines : IDisposable
{
    private static readonly Sysctl[] Forwarding = [new("net/ipv4/ip_forward", "1"), new("net/ipv6/conf/all/forwarding", "1")];

    internal Machines()
    {
        Router.Links.Apply(new RouteBatch().AddBridge(new BridgeOptions("br0") { Index = 10, Up = true, MulticastSnooping = false }));
        Router.Links.Apply(new RouteBatch()
            .AddAddress(10, IPAddress.Parse("10.9.0.1"), 24, IPAddress.Parse("10.9.0.255"))
            .AddAddress(10, IPAddress.Parse("fd09::1"), 64));
        Connect(First, 2);
        Connect(Second, 3);
        Router.Links.Apply(new RouteBatch()
            .AddVeth(
                new LinkOptions("out") { Index = 20, Up = true },
                new LinkOptions("eth0") { Index = 2, Namespace = Outside.Namespace })
            .AddAddress(20, IPAddress.Parse("192.0.2.1"), 24));
        Outside.Links.Apply(new RouteBatch().SetUp(2).AddAddress(2, IPAddress.Parse("192.0.2.2"), 24));
    }

    internal NetworkSandbox Router { get; } = NetworkSandbox.Create(Forwarding);

    internal NetworkSandbox First { get; } = NetworkSandbox.Create([]);

    internal NetworkSandbox Second { get; } = NetworkSandbox.Create([]);

    internal NetworkSandbox Outside { get; } = NetworkSandbox.Create([]);

    public void Dispose()
    {
        Router.Dispose();
        First.Dispose();
        Second.Dispose();
        Outside.Dispose();
    }

    /// <summary>Listens in the namespace and answers each connection with the peer's address.</summary>
    internal static Socket Listen(NetworkSandbox at, string address, int port)
    {
        var listener = NetworkNamespace.RunIn(at.Namespace, () =>
        {
            var ip = IPAddress.Parse(address);
            var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(ip, port));
            socket.Listen();
            return socket;
        });
        _ = AnswerAsync(listener);
        return listener;
    }

    /// <summary>Connects from the namespace and returns what the other side saw as our address; null when nobody answers in time.</summary>
    internal static async Task<string?> AskAsync(NetworkSandbox from, string address, int port, int milliseconds = 3000)
    {
        using var patience = new CancellationTokenSource(milliseconds);
        var ip = IPAddress.Parse(address);
        using var socket = NetworkNamespace.RunIn(from.Namespace, () => new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(ip, port), patience.Token);
            var buffer = new byte[100];
            return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, patience.Token));
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException)
        {
            return null;
        }
    }

    private static async Task AnswerAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptAsync();
                await client.SendAsync(Encoding.ASCII.GetBytes(((IPEndPoint)client.RemoteEndPoint!).Address.ToString()));
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
        }
    }

    private void Connect(NetworkSandbox machine, int number)
    {
        Router.Links.Apply(new RouteBatch().AddVeth(
            new LinkOptions($"port{number}") { Master = 10, Up = true },
            new LinkOptions("eth0") { Index = 2, Namespace = machine.Namespace, Address = MacAddress.FromIPv4(IPAddress.Parse($"10.9.0.{number}")) }));
        machine.Links.Apply(new RouteBatch()
            .SetUp(2)
            .AddAddress(2, IPAddress.Parse($"10.9.0.{number}"), 24)
            .AddAddress(2, IPAddress.Parse($"fd09::{number}"), 64)
            .AddRoute(RouteInfo.Default(IPAddress.Parse("10.9.0.1"), 2))
            .AddRoute(RouteInfo.Default(IPAddress.Parse("fd09::1"), 2)));
    }
}
