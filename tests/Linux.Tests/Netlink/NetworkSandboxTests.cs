using System.Net;
using System.Net.Sockets;

namespace Slipway.Linux.Tests;

public sealed class NetworkSandboxTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void A_kept_namespace_is_found_again_and_ends_when_it_is_removed()
    {
        var path = scratch.At("ns");
        using (var made = NetworkSandbox.Create([new Sysctl("net/ipv6/conf/default/accept_dad", "0")], path))
        {
            made.Links.Apply(new RouteBatch().AddBridge(new BridgeOptions("br0")));
        }

        using (var again = NetworkSandbox.Open(path))
        {
            Assert.NotNull(again.Links.FindLink("br0"));
            Assert.True(again.Links.FindLink("lo")!.Up);
            Assert.Equal("0", NetworkNamespace.RunIn(again.Namespace, () => File.ReadAllText("/proc/sys/net/ipv6/conf/default/accept_dad").Trim()));
        }

        Assert.NotEqual("0", File.ReadAllText("/proc/sys/net/ipv6/conf/default/accept_dad").Trim());
        Assert.True(NetworkSandbox.Remove(path));
        Assert.False(File.Exists(path));
        Assert.False(NetworkSandbox.Remove(path));
    }

    [Fact]
    public void Twenty_are_made_connected_and_removed_at_once()
    {
        using var host = NetworkSandbox.Create([]);
        host.Links.Apply(new RouteBatch().AddBridge(new BridgeOptions("br0") { Index = 10, Up = true }));
        Parallel.For(0, 20, i =>
        {
            using var guest = NetworkSandbox.Create([], scratch.At($"ns{i}"));
            host.Links.Apply(new RouteBatch().AddVeth(
                new LinkOptions($"v{i}") { Master = 10, Up = true },
                new LinkOptions("eth0") { Index = 2, Namespace = guest.Namespace }));
            guest.Links.Apply(new RouteBatch().SetUp(2).AddAddress(2, new IPAddress([10, 9, 0, (byte)(i + 2)]), 24));
        });
        Assert.Equal(20, host.Links.ListLinks(master: 10).Count);
        Parallel.For(0, 20, i => NetworkSandbox.Remove(scratch.At($"ns{i}")));
        Assert.True(SpinWait.SpinUntil(() => host.Links.ListLinks(master: 10).Count == 0, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void The_other_end_of_a_cable_goes_when_its_namespace_ends()
    {
        using var host = NetworkSandbox.Create([]);
        using (var guest = NetworkSandbox.Create([]))
        {
            host.Links.Apply(new RouteBatch().AddVeth(new LinkOptions("veth1"), new LinkOptions("eth0") { Namespace = guest.Namespace }));
            Assert.NotNull(host.Links.FindLink("veth1"));
        }

        Assert.True(SpinWait.SpinUntil(() => host.Links.FindLink("veth1") is null, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Name_servers_listen_inside_and_are_served_from_outside()
    {
        using var guest = NetworkSandbox.Create([]);
        var at = new IPEndPoint(IPAddress.Parse("127.0.0.11"), 53);
        using var udp = NetworkNamespace.RunIn(guest.Namespace, () => Bound(SocketType.Dgram, ProtocolType.Udp, at));
        using var tcp = NetworkNamespace.RunIn(guest.Namespace, () => Bound(SocketType.Stream, ProtocolType.Tcp, at));
        tcp.Listen();
        var buffer = new byte[100];
        var question = udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
        var connection = tcp.AcceptAsync();
        using var udpClient = NetworkNamespace.RunIn(guest.Namespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        using var tcpClient = NetworkNamespace.RunIn(guest.Namespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

        await udpClient.SendToAsync("who"u8.ToArray(), at);
        var asked = await question.WaitAsync(TimeSpan.FromSeconds(5));
        await udp.SendToAsync(buffer.AsMemory(0, asked.ReceivedBytes), asked.RemoteEndPoint);
        Assert.Equal(3, await udpClient.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(5)));

        await tcpClient.ConnectAsync(at);
        using var accepted = await connection.WaitAsync(TimeSpan.FromSeconds(5));
        await accepted.SendAsync("four"u8.ToArray());
        Assert.Equal(4, await tcpClient.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Machines_reach_each_other_over_the_bridge_and_the_router_in_both_protocols()
    {
        using var machines = new Machines();
        using var v4 = Machines.Listen(machines.Second, "10.9.0.3", 80);
        using var v6 = Machines.Listen(machines.Second, "fd09::3", 80);
        Assert.Equal("10.9.0.2", await Machines.AskAsync(machines.First, "10.9.0.3", 80));
        Assert.Equal("fd09::2", await Machines.AskAsync(machines.First, "fd09::3", 80));
        Assert.Null(await Machines.AskAsync(machines.Outside, "10.9.0.3", 80, 300));
        machines.Router.Links.Apply(new RouteBatch().SetBridgePort("port2", isolated: true).SetBridgePort("port3", isolated: true));
        Assert.Null(await Machines.AskAsync(machines.First, "10.9.0.3", 80, 300));
    }

    private static Socket Bound(SocketType type, ProtocolType protocol, IPEndPoint at)
    {
        var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        socket.Bind(at);
        return socket;
    }
}
