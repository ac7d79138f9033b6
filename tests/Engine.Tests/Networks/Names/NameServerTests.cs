using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Names;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Networks.Names;

/// <summary>The server in a namespace of its own, asked from inside at 127.0.0.11.</summary>
public sealed class NameServerTests : IDisposable
{
    private const string Id = "aaaaaaaaaaaabbbbbbbbbbbbccccccccccccddddddddddddeeeeeeeeeeeeffff";
    private readonly NetworkSandbox _sandbox = NetworkSandbox.Create([]);
    private readonly NameTable _table = new();
    private readonly NameServer _server;

    public NameServerTests()
    {
        _server = new NameServer(_table, TimeProvider.System, NullLogger.Instance);
        var record = new ContainerRecord { Id = Id, Name = "web", Created = DateTimeOffset.UnixEpoch, Config = new ContainerConfig(), HostConfig = new HostConfig() };
        _table.Publish(record, [new EndpointRecord { NetworkId = "n", Network = "front", EndpointId = "e", IPv4 = "10.1.0.2" }]);
    }

    [Fact]
    public async Task Names_are_answered_over_udp_and_tcp()
    {
        _server.Serve(Id, NameSockets.Open(_sandbox.Namespace), []);
        using var udp = Connect(SocketType.Dgram, ProtocolType.Udp);
        Assert.Equal([IPAddress.Parse("10.1.0.2")], DnsClient.Addresses(await DnsClient.AskAsync(udp, DnsClient.Query("web", DnsType.A, 5))));
        var missing = await DnsClient.AskAsync(udp, DnsClient.Query("web", DnsType.Aaaa, 6));
        Assert.Equal((0, 0), (DnsClient.Code(missing), DnsClient.Addresses(missing).Count));
        Assert.Equal(3, DnsClient.Code(await DnsClient.AskAsync(udp, DnsClient.Query("outside.example", DnsType.A, 7))));
        using var tcp = Connect(SocketType.Stream, ProtocolType.Tcp);
        await using var stream = new NetworkStream(tcp);
        for (ushort id = 1; id < 4; id++)
        {
            await FramedDns.WriteAsync(stream, DnsClient.Query("web.front", DnsType.A, id), CancellationToken.None);
            Assert.Equal(id, DnsMessage.Id((await FramedDns.ReadAsync(stream, CancellationToken.None))!));
        }
    }

    [Fact]
    public async Task A_container_can_be_a_name_server_itself()
    {
        _server.Serve(Id, NameSockets.Open(_sandbox.Namespace), []);
        using var own = NetworkNamespace.RunIn(_sandbox.Namespace, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 53));
            return socket;
        });
        using var udp = Connect(SocketType.Dgram, ProtocolType.Udp);
        Assert.Single(DnsClient.Addresses(await DnsClient.AskAsync(udp, DnsClient.Query("web", DnsType.A, 5))));
    }

    [Fact]
    public async Task Other_names_are_asked_elsewhere()
    {
        using var elsewhere = new Elsewhere();
        _server.Serve(Id, NameSockets.Open(_sandbox.Namespace), [elsewhere.Silent, elsewhere.Address]);
        using var udp = Connect(SocketType.Dgram, ProtocolType.Udp);
        var answer = await DnsClient.AskAsync(udp, DnsClient.Query("Outside.example", DnsType.A, 99));
        Assert.Equal((99, "192.0.2.7"), (DnsMessage.Id(answer), DnsClient.Addresses(answer).Single().ToString()));
        Assert.NotEqual(99, elsewhere.LastId);
        using var tcp = Connect(SocketType.Stream, ProtocolType.Tcp);
        await using var stream = new NetworkStream(tcp);
        await FramedDns.WriteAsync(stream, DnsClient.Query("outside.example", DnsType.A, 98), CancellationToken.None);
        Assert.Equal("192.0.2.7", DnsClient.Addresses((await FramedDns.ReadAsync(stream, CancellationToken.None))!).Single().ToString());
    }

    [Fact]
    public async Task Rubbish_and_connections_without_end_do_not_stop_it()
    {
        _server.Serve(Id, NameSockets.Open(_sandbox.Namespace), []);
        using var udp = Connect(SocketType.Dgram, ProtocolType.Udp);
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var rubbish = new byte[random.Next(0, 600)];
            random.NextBytes(rubbish);
            await udp.SendAsync(rubbish);
        }

        var silent = Enumerable.Range(0, 150).Select(_ => Connect(SocketType.Stream, ProtocolType.Tcp)).ToList();
        using var fresh = Connect(SocketType.Dgram, ProtocolType.Udp);
        Assert.Single(DnsClient.Addresses(await DnsClient.AskAsync(fresh, DnsClient.Query("web", DnsType.A, 5))));
        silent.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Sockets_are_opened_anew_by_the_next_daemon()
    {
        _server.Serve(Id, NameSockets.Open(_sandbox.Namespace), []);
        _server.Stop(Id);
        Assert.False(_server.Serves(Id));
        _server.Serve(Id, NameSockets.Open(_sandbox.Namespace), []);
        using var udp = Connect(SocketType.Dgram, ProtocolType.Udp);
        Assert.Single(DnsClient.Addresses(await DnsClient.AskAsync(udp, DnsClient.Query("web", DnsType.A, 5))));
    }

    public void Dispose()
    {
        _server.Dispose();
        _sandbox.Dispose();
    }

    private Socket Connect(SocketType type, ProtocolType protocol) => NetworkNamespace.RunIn(_sandbox.Namespace, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        socket.Connect(new IPEndPoint(NameSockets.Address, 53));
        return socket;
    });

    /// <summary>A name server on the host's loopback that has one answer to everything, and an address at which nobody answers.</summary>
    private sealed class Elsewhere : IDisposable
    {
        private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly Socket _silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

        internal Elsewhere()
        {
            var number = Random.Shared.Next(1, 250);
            Address = IPAddress.Parse($"127.77.{number}.1");
            Silent = IPAddress.Parse($"127.77.{number}.2");
            _udp.Bind(new IPEndPoint(Address, 53));
            _tcp.Bind(new IPEndPoint(Address, 53));
            _silent.Bind(new IPEndPoint(Silent, 53));
            _tcp.Listen();
            _ = Task.Run(ServeUdpAsync);
            _ = Task.Run(ServeTcpAsync);
        }

        internal IPAddress Address { get; }

        internal IPAddress Silent { get; }

        internal int LastId { get; private set; }

        public void Dispose()
        {
            _udp.Dispose();
            _tcp.Dispose();
            _silent.Dispose();
        }

        private async Task ServeUdpAsync()
        {
            var buffer = new byte[512];
            while (true)
            {
                var from = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                LastId = DnsMessage.Id(buffer);
                // A stranger's guess comes first: another number, another question.
                await _udp.SendToAsync(Answer(DnsClient.Query("outside.example", DnsType.A, (ushort)(LastId + 1)), "192.0.2.66"), from.RemoteEndPoint);
                await _udp.SendToAsync(Answer(DnsClient.Query("elsewhere.example", DnsType.A, (ushort)LastId), "192.0.2.66"), from.RemoteEndPoint);
                await _udp.SendToAsync(Answer(buffer[..from.ReceivedBytes], "192.0.2.7"), from.RemoteEndPoint);
            }
        }

        private async Task ServeTcpAsync()
        {
            while (true)
            {
                await using var stream = new NetworkStream(await _tcp.AcceptAsync(), ownsSocket: true);
                if (await FramedDns.ReadAsync(stream, CancellationToken.None) is { } query)
                {
                    await FramedDns.WriteAsync(stream, Answer(query, "192.0.2.7"), CancellationToken.None);
                }
            }
        }

        private static byte[] Answer(byte[] query, string address) => DnsMessage.Addresses(query, DnsMessage.Question(query)!.Value, [IPAddress.Parse(address)], 512);
    }
}
