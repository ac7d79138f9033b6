using System.Net;
using System.Net.Sockets;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Firewall;
using Slipway.Engine.Networks.Ports;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Networks.Ports;

/// <summary>Runs in a network namespace of its own, so that no port of the machine is in the way.</summary>
public sealed class HostPortTests : IDisposable
{
    private static readonly PortTarget s_target = new(IPAddress.Parse("172.17.0.2"), null, false, false);
    private static readonly IPAddress[] s_everywhere = [IPAddress.Any];
    private readonly NetworkSandbox _place = NetworkSandbox.Create([]);
    private readonly HostPorts _ports = new(relay: null);

    public void Dispose()
    {
        _ports.Dispose();
        _place.Dispose();
    }

    [Theory]
    [InlineData("tcp", 8080)]
    [InlineData("udp", 8080)]
    public void A_port_that_is_held_is_taken_for_everybody(string protocol, int port) => In(() =>
    {
        var taken = _ports.Take([Request(protocol, port)], s_target);
        foreach (var reuse in new[] { false, true })
        {
            using var other = new Socket(AddressFamily.InterNetwork, protocol == "tcp" ? SocketType.Stream : SocketType.Dgram, protocol == "tcp" ? ProtocolType.Tcp : ProtocolType.Udp);
            other.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, reuse);
            Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(() => other.Bind(new IPEndPoint(IPAddress.Any, port))).SocketErrorCode);
        }

        _ports.Give(taken);
        Assert.Equal(taken, _ports.Take([Request(protocol, port)], s_target));
    });

    [Fact]
    public void Who_connects_to_a_held_port_past_the_firewall_is_refused() => In(() =>
    {
        _ports.Take([Request("tcp", 8080)], s_target);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => client.Connect(IPAddress.Loopback, 8080)).SocketErrorCode);
    });

    [Fact]
    public void Conflicts_are_told_as_Docker_does() => In(() =>
    {
        using var other = new TcpListener(IPAddress.Loopback, 9090);
        other.Start();
        _ports.Take([Request("tcp", 8080), Request("sctp", 8080)], s_target);
        Assert.Equal("Bind for 0.0.0.0:8080 failed: port is already allocated", Refusal(Request("tcp", 8080)));
        Assert.Equal("failed to bind host port 127.0.0.1:8080/tcp: address already in use", Refusal(Request("tcp", 8080, addresses: "127.0.0.1")));
        Assert.Equal("failed to bind host port 127.0.0.1:8080/sctp: address already in use", Refusal(Request("sctp", 8080, addresses: "127.0.0.1")));
        Assert.Equal("failed to bind host port 0.0.0.0:9090/tcp: address already in use", Refusal(Request("tcp", 9090)));
        Assert.Equal("failed to bind host port 203.0.113.1:80/tcp: cannot assign requested address", Refusal(Request("tcp", 80, addresses: "203.0.113.1")));
        _ports.Take([Request("udp", 8080), Request("tcp", 9090, addresses: "127.0.0.2")], s_target);
    });

    [Fact]
    public void All_ports_are_taken_or_none() => In(() =>
    {
        _ports.Take([Request("tcp", 8002)], s_target);
        Assert.Throws<EngineException>(() => _ports.Take([Request("tcp", 8000), Request("udp", 8001), Request("tcp", 8002)], s_target));
        _ports.Take([Request("tcp", 8000), Request("udp", 8001)], s_target);
    });

    [Fact]
    public void Ranges_and_any_port_find_what_is_free() => In(() =>
    {
        using var other = new TcpListener(IPAddress.Any, 8000);
        other.Start();
        Assert.Equal([8001, 8002], Enumerable.Range(0, 2).Select(_ => (int)_ports.Take([Request("tcp", 8000, 8002)], s_target)[0].HostPort));
        Assert.Contains("8000", Refusal(Request("tcp", 8000, 8002)), StringComparison.Ordinal);
        var any = Enumerable.Range(0, 50).Select(_ => _ports.Take([Request("tcp", 0)], s_target)[0].HostPort).ToList();
        Assert.Equal(50, any.Distinct().Count());
        Assert.All(any, port => Assert.InRange(port, 32768, 60999));
    });

    [Fact]
    public void One_port_serves_all_addresses_of_a_binding() => In(() =>
    {
        using var other = new TcpListener(IPAddress.Parse("127.0.0.2"), 8000);
        other.Start();
        var taken = _ports.Take([Request("tcp", 8000, 8001, "127.0.0.1", "127.0.0.2")], s_target);
        Assert.Equal(["127.0.0.1:8001", "127.0.0.2:8001"], taken.Select(p => $"{p.HostAddress}:{p.HostPort}"));
    });

    [Fact]
    public void What_cannot_be_served_is_left_out_and_routed_networks_take_no_port() => In(() =>
    {
        Assert.Empty(_ports.Take([Request("tcp", 8080, addresses: "::1")], s_target));
        var routed = s_target with { Routed4 = true };
        var taken = _ports.Take([Request("tcp", 8080)], routed);
        Assert.Equal([new PublishedPort("tcp", 80, "0.0.0.0", 0)], taken);
        Assert.Equal([new PortRule("tcp", IPAddress.Any, 0, routed.IPv4!, 80, PortService.Direct)], _ports.Rules(taken, routed));
        _ports.Take([Request("tcp", 8080)], s_target);
    });

    [Fact]
    public void A_port_that_was_lost_while_no_daemon_ran_hinders_nothing() => In(() =>
    {
        using var other = new TcpListener(IPAddress.Any, 8080);
        other.Start();
        PublishedPort[] ports = [new("tcp", 80, "0.0.0.0", 8080), new("tcp", 81, "0.0.0.0", 8081)];
        _ports.Restore(ports, s_target);
        Assert.Equal("Bind for 0.0.0.0:8081 failed: port is already allocated", Refusal(Request("tcp", 8081)));
        _ports.Give(ports);
        _ports.Take([Request("tcp", 8081)], s_target);
    });

    private static PortRequest Request(string protocol, int first, int last = 0, params string[] addresses) => new(
        protocol, 80, addresses.Length == 0 ? s_everywhere : [.. addresses.Select(IPAddress.Parse)], (ushort)first, (ushort)(last == 0 ? first : last));

    private string Refusal(PortRequest request) => Assert.Throws<EngineException>(() => _ports.Take([request], s_target)).Message;

    private void In(Action test) => NetworkNamespace.RunIn(_place.Namespace, () =>
    {
        test();
        return true;
    });
}
