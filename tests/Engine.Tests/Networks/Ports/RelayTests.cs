using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Ports;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Networks.Ports;

/// <summary>A relay in this process, where a daemon would start it as one of its own.</summary>
public sealed class RelayTests : IDisposable
{
    private static readonly PortTarget s_target = new(IPAddress.Loopback, null, false, false);
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"relay-{Guid.NewGuid():N}.sock");
    private readonly ProcessWatch _watch = new();
    private readonly List<IDisposable> _owned = [];
    private int _started;

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(o => o.Dispose());
        _watch.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public async Task Connections_are_passed_on_with_half_close()
    {
        using var server = Listen();
        var ports = NewDaemon();
        var taken = ports.Take([Request("tcp", Port(server))], s_target);
        using var client = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, taken[0].HostPort));
        await client.SendAsync("question"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        using var accepted = await server.AcceptAsync();
        Assert.Equal("question", await ReadAsync(accepted));
        await accepted.SendAsync("answer"u8.ToArray());
        accepted.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer", await ReadAsync(client));
        ports.Give(taken);
        Assert.Equal(taken, ports.Take([Request("tcp", Port(server), taken[0].HostPort)], s_target));
    }

    [Fact]
    public async Task Datagrams_are_passed_on_both_ways()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var taken = NewDaemon().Take([Request("udp", Port(server))], s_target);
        using var client = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, taken[0].HostPort));
        await client.SendAsync("question"u8.ToArray());
        var buffer = new byte[100];
        using var patience = new CancellationTokenSource(5000);
        var question = await server.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), patience.Token);
        await server.SendToAsync("answer"u8.ToArray(), SocketFlags.None, question.RemoteEndPoint, patience.Token);
        Assert.Equal("answer", Encoding.ASCII.GetString(buffer, 0, await client.ReceiveAsync(buffer, patience.Token)));
    }

    [Fact]
    public async Task The_next_daemon_finds_the_relay_and_its_ports_again()
    {
        using var server = Listen();
        using var other = Listen();
        var first = NewDaemon();
        var taken = first.Take([Request("tcp", Port(server)), Request("tcp", Port(server))], s_target);
        Assert.True(await AnswersAsync(taken[0], server) && await AnswersAsync(taken[1], server));
        first.Dispose();
        Assert.True(await AnswersAsync(taken[0], server));

        var next = NewDaemon();
        next.Restore([taken[0]], s_target);
        next.Settle();
        Assert.True(await AnswersAsync(taken[0], server));
        Assert.False(await AnswersAsync(taken[1], server));
        next.Redirect([taken[0] with { ContainerPort = Port(other) }], s_target);
        var redirected = await AnswersAsync(taken[0], other) || await AnswersAsync(taken[0], other);
        Assert.True(redirected);
        Assert.Equal(1, _started);
    }

    private static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private static ushort Port(Socket socket) => (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;

    private static PortRequest Request(string protocol, ushort containerPort, ushort hostPort = 0) => new(protocol, containerPort, [IPAddress.IPv6Loopback], hostPort, hostPort);

    private static async Task<string> ReadAsync(Socket from)
    {
        using var patience = new CancellationTokenSource(5000);
        var text = new StringBuilder();
        var buffer = new byte[100];
        while (await from.ReceiveAsync(buffer, patience.Token) is > 0 and var size)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, size));
        }

        return text.ToString();
    }

    private static async Task<bool> AnswersAsync(PublishedPort port, Socket server)
    {
        using var patience = new CancellationTokenSource(1500);
        using var client = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await client.ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, port.HostPort), patience.Token);
            using var accepted = await server.AcceptAsync(patience.Token);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private HostPorts NewDaemon()
    {
        var ports = new HostPorts(new PortRelay(_path, Start, _watch, TimeProvider.System, NullLogger.Instance));
        _owned.Add(ports);
        return ports;
    }

    private int Start(string path)
    {
        _started++;
        _ = Task.Run(() => RelayProcess.RunAsync(path, TimeProvider.System));
        return Environment.ProcessId;
    }
}
