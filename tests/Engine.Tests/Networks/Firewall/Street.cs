using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Engine.Networks.Firewall;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Networks.Firewall;

/// <summary>
/// A host with three bridges, one of them internal, containers on them and a neighbour outside that routes everything to the host, also
/// the containers' subnets and 127.0.0.0/8; all in namespaces of their own. Everybody listens on port 80 (and tells who asked).
/// </summary>
internal sealed class Street : IDisposable
{
    private const int Patience = 10_000;
    private const int ShortPatience = 400;
    private static readonly Sysctl[] s_forwarding = [new("net/ipv4/ip_forward", "1"), new("net/ipv6/conf/all/forwarding", "1")];
    private readonly bool _bridgeFilter;
    private readonly List<Socket> _listeners = [];
    private readonly Dictionary<string, NetworkSandbox> _places = [];

    /// <param name="bridgeFilter">Whether frames within a bridge pass the firewall too, as where br_netfilter is loaded.</param>
    internal Street(bool bridgeFilter = false)
    {
        _bridgeFilter = bridgeFilter;
        _places["host"] = NetworkSandbox.Create(s_forwarding);
        if (Directory.Exists("/proc/sys/net/bridge"))
        {
            Sysctl.Write(Host.Namespace, [new("net/bridge/bridge-nf-call-iptables", bridgeFilter ? "1" : "0"), new("net/bridge/bridge-nf-call-ip6tables", bridgeFilter ? "1" : "0")]);
        }

        AddBridge("front", 10, 1);
        AddBridge("back", 11, 2);
        AddBridge("dark", 12, 3);
        AddContainer("a", "front", 1, 2);
        AddContainer("b", "front", 1, 3);
        AddContainer("c", "back", 2, 2);
        AddContainer("d", "dark", 3, 2);
        AddNeighbour();
        Firewall = new HostFirewall("slipway_test", enabled: true, TimeProvider.System, NullLogger.Instance, Host.Namespace);
        foreach (var (name, place) in _places)
        {
            Listen(place, "0.0.0.0", 80);
            Listen(place, "::", 80);
        }

        // A service that only the host itself may reach.
        Listen(Host, "127.0.0.1", 7000);
    }

    internal HostFirewall Firewall { get; }

    internal NetworkSandbox Host => _places["host"];

    internal static BridgeRules Front { get; } = Bridge("front", 1);

    internal static BridgeRules Back { get; } = Bridge("back", 2);

    internal static BridgeRules Dark { get; } = Bridge("dark", 3) with { Internal = true };

    public void Dispose()
    {
        Firewall.Dispose();
        _listeners.ForEach(listener => listener.Dispose());
        foreach (var place in _places.Values)
        {
            place.Dispose();
        }
    }

    internal static PortRule Port(string host, ushort hostPort, string container, ushort containerPort = 80, string protocol = "tcp", PortService service = PortService.Translated) =>
        new(protocol, IPAddress.Parse(host), hostPort, IPAddress.Parse(container), containerPort, service);

    /// <summary>Checks ways, one line each: who asks, where, and whom the asked one saw, or "-" for no answer within a short time.</summary>
    internal async Task AssertReach(string expected)
    {
        var answers = await Task.WhenAll(expected.Split('\n').Select(async line =>
        {
            var words = line.Split(' ');
            return $"{words[0]} {words[1]} {await AskAsync(_places[words[0]], IPEndPoint.Parse(words[1]), words[2] == "-" ? ShortPatience : Patience) ?? "-"}";
        }));
        Assert.Equal(expected, string.Join('\n', answers));
    }

    internal NetworkSandbox this[string name] => _places[name];

    internal void Listen(NetworkSandbox at, string address, int port)
    {
        var listener = NetworkNamespace.RunIn(at.Namespace, () =>
        {
            var ip = IPAddress.Parse(address);
            var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (ip.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Bind(new IPEndPoint(ip, port));
            socket.Listen();
            return socket;
        });
        _listeners.Add(listener);
        _ = AnswerAsync(listener);
    }

    private static BridgeRules Bridge(string name, int number) => new(
        name, name, [IPNetwork.Parse($"10.9.{number}.0/24"), IPNetwork.Parse($"fd09:{number}::/64")], Internal: false, Masquerade: true, GatewayMode.Nat, GatewayMode.Nat);

    private static async Task<string?> AskAsync(NetworkSandbox from, IPEndPoint at, int milliseconds)
    {
        using var patience = new CancellationTokenSource(milliseconds);
        using var socket = NetworkNamespace.RunIn(from.Namespace, () => new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(at, patience.Token);
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

    private void AddBridge(string name, int index, int number)
    {
        Host.Links.Apply(new RouteBatch().AddBridge(new BridgeOptions(name) { Index = index, Up = true, MulticastSnooping = false }));
        Host.Links.Apply(new RouteBatch()
            .AddAddress(index, IPAddress.Parse($"10.9.{number}.1"), 24, IPAddress.Parse($"10.9.{number}.255"))
            .AddAddress(index, IPAddress.Parse($"fd09:{number}::1"), 64));
    }

    private void AddContainer(string name, string bridge, int number, int address)
    {
        var place = _places[name] = NetworkSandbox.Create([]);
        var master = Host.Links.FindLink(bridge)!.Index;
        Host.Links.Apply(new RouteBatch().AddVeth(
            new LinkOptions("port-" + name) { Master = master, Up = true }, new LinkOptions("eth0") { Index = 2, Namespace = place.Namespace }));
        Host.Links.Apply(new RouteBatch().SetBridgePort("port-" + name, hairpin: _bridgeFilter));
        place.Links.Apply(new RouteBatch()
            .SetUp(2)
            .AddAddress(2, IPAddress.Parse($"10.9.{number}.{address}"), 24)
            .AddAddress(2, IPAddress.Parse($"fd09:{number}::{address}"), 64)
            .AddRoute(RouteInfo.Default(IPAddress.Parse($"10.9.{number}.1"), 2))
            .AddRoute(RouteInfo.Default(IPAddress.Parse($"fd09:{number}::1"), 2)));
    }

    private void AddNeighbour()
    {
        var outside = _places["outside"] = NetworkSandbox.Create([]);
        Host.Links.Apply(new RouteBatch()
            .AddVeth(new LinkOptions("uplink") { Index = 20, Up = true }, new LinkOptions("eth0") { Index = 2, Namespace = outside.Namespace })
            .AddAddress(20, IPAddress.Parse("192.0.2.1"), 24)
            .AddAddress(20, IPAddress.Parse("2001:db8::1"), 64));
        outside.Links.Apply(new RouteBatch()
            .SetUp(2)
            .AddAddress(2, IPAddress.Parse("192.0.2.2"), 24)
            .AddAddress(2, IPAddress.Parse("2001:db8::2"), 64)
            .AddRoute(RouteInfo.Default(IPAddress.Parse("192.0.2.1"), 2))
            .AddRoute(RouteInfo.Default(IPAddress.Parse("2001:db8::1"), 2)));
        SendLoopbackToHost(outside, "192.0.2.1");
    }

    /// <summary>From now on what this place sends to 127.0.0.1 goes to the host.</summary>
    internal static void SendLoopbackToHost(NetworkSandbox place, string host) => place.Links.Apply(new RouteBatch()
        .DeleteAddress(1, IPAddress.Loopback, 8)
        .SetIPv4(2, IPv4Setting.RouteLocalNet, 1)
        .AddRoute(new RouteInfo(IPNetwork.Parse("127.0.0.0/8")) { Gateway = IPAddress.Parse(host), Link = 2 }));
}
