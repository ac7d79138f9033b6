using System.Net;
using System.Net.Sockets;

namespace Slipway.Linux.Tests;

public sealed class NatTests : IDisposable
{
    private const string Table = "slipway_test_nat";

    private const string Rules = $$"""
        table ip {{Table}} {
          map ports { type inet_proto . inet_service : ipv4_addr . inet_service; }
          chain prerouting {
            type nat hook prerouting priority dstnat;
            fib daddr type local dnat ip addr . port to meta l4proto . th dport map @ports;
          }
          chain postrouting {
            type nat hook postrouting priority srcnat;
            ip saddr 10.9.0.0/24 oifname != "br0" masquerade;
          }
        }
        """;

    private readonly Machines machines = new();
    private readonly NftSession session;

    public NatTests()
    {
        session = NftSession.OpenIn(machines.Router.Namespace);
        using var language = NftLanguage.OpenIn(machines.Router.Namespace);
        language.Apply(Rules);
    }

    public void Dispose()
    {
        session.Dispose();
        machines.Dispose();
    }

    [Fact]
    public async Task A_published_port_is_reached_from_outside_and_what_goes_out_is_hidden()
    {
        using var inside = Machines.Listen(machines.First, "0.0.0.0", 80);
        using var outside = Machines.Listen(machines.Outside, "0.0.0.0", 80);
        Assert.Null(await Machines.AskAsync(machines.Outside, "192.0.2.1", 8080, 500));
        Publish(ProtocolType.Tcp, "10.9.0.2", 80);
        Assert.Equal("192.0.2.2", await Machines.AskAsync(machines.Outside, "192.0.2.1", 8080));
        Assert.Equal("192.0.2.1", await Machines.AskAsync(machines.First, "192.0.2.2", 80));
        Assert.Equal("10.9.0.3", await Machines.AskAsync(machines.Second, "10.9.0.1", 8080));
        Withdraw(ProtocolType.Tcp, "10.9.0.2", 80);
        Assert.Null(await Machines.AskAsync(machines.Outside, "192.0.2.1", 8080, 500));
    }

    [Fact]
    public async Task A_datagram_port_moves_to_another_machine_when_its_connections_are_forgotten()
    {
        using var conntrack = Conntrack.OpenIn(machines.Router.Namespace);
        using var first = Bound(machines.First, 53);
        using var second = Bound(machines.Second, 53);
        using var client = Bound(machines.Outside, 5353);
        var target = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 8080);
        var filter = new ConntrackFilter(AddressFamily.InterNetwork)
        {
            Protocol = ProtocolType.Udp,
            OriginalDestination = target.Address,
            OriginalPort = target.Port,
        };
        Publish(ProtocolType.Udp, "10.9.0.2", 53);
        await client.SendToAsync("1"u8.ToArray(), target);
        Assert.True(await HearsAsync(first));
        Withdraw(ProtocolType.Udp, "10.9.0.2", 53);
        Publish(ProtocolType.Udp, "10.9.0.3", 53);
        await client.SendToAsync("2"u8.ToArray(), target);
        Assert.True(await HearsAsync(first));

        Assert.Equal(0, conntrack.Remove(filter with { OriginalPort = 8081 }));
        Assert.Equal(0, conntrack.Remove(filter with { Protocol = ProtocolType.Tcp }));
        Assert.Equal(0, conntrack.Remove(filter with { ReplySource = IPAddress.Parse("10.9.0.3") }));
        Assert.Equal(1, conntrack.Remove(filter with { ReplySource = IPAddress.Parse("10.9.0.2"), ReplyPort = 53 }));
        await client.SendToAsync("3"u8.ToArray(), target);
        Assert.True(await HearsAsync(second));
        Assert.Equal(1, conntrack.Remove(filter));
        Assert.Equal(0, conntrack.Remove(new ConntrackFilter(AddressFamily.InterNetworkV6) { Protocol = ProtocolType.Udp }));
    }

    private static Socket Bound(NetworkSandbox at, int port) => NetworkNamespace.RunIn(at.Namespace, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        return socket;
    });

    private static async Task<bool> HearsAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(3000);
        return await socket.ReceiveAsync(new byte[10], patience.Token) > 0;
    }

    private static NftElement Element(ProtocolType protocol, string address, int port) => new(
        NftValue.Join(NftValue.Protocol((int)protocol), NftValue.Port(8080)),
        NftValue.Join(NftValue.Address(IPAddress.Parse(address)), NftValue.Port(port)));

    private void Publish(ProtocolType protocol, string address, int port) =>
        session.Apply(new NftTransaction().Add(NftFamily.Ip, Table, "ports", Element(protocol, address, port)));

    private void Withdraw(ProtocolType protocol, string address, int port) =>
        session.Apply(new NftTransaction().Delete(NftFamily.Ip, Table, "ports", Element(protocol, address, port)));
}
