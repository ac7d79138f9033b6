using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Api.Routing;
using Slipway.Transport;

namespace Slipway.Api.Tests;

/// <summary>A server with the given routes on a unix socket in a directory of its own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly string _directory;
    private readonly ApiServer _server;

    private TestServer(string directory, ApiServer server) => (_directory, _server) = (directory, server);

    public string Path => SocketIn(_directory);

    public static async Task<TestServer> StartAsync(Action<RouteTable> map)
    {
        var routes = new RouteTable();
        map(routes);
        var directory = Directory.CreateTempSubdirectory("slipway-api-").FullName;
        var path = SocketIn(directory);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(128);
        return new TestServer(directory, await ApiServer.StartAsync(Task.FromResult(routes), [new BoundEndPoint(socket, "unix://" + path)], TimeProvider.System, NullLoggerFactory.Instance));
    }

    private static string SocketIn(string directory) => System.IO.Path.Combine(directory, "test.sock");

    public Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    /// <summary>Sends bytes, optionally ends sending, and reads to the end of the connection (the request should say Connection: close).</summary>
    public string Exchange(string request, bool halfClose = false)
    {
        using var socket = Connect();
        socket.Send(Encoding.Latin1.GetBytes(request));
        if (halfClose)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        return ReadToEnd(socket);
    }

    public static string ReadToEnd(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = socket.Receive(buffer)) > 0;)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            text.Append("<reset>");
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
