using System.Net.Sockets;
using System.Text;
using Slipway.Api.Hijack;
using Slipway.Api.Routing;

namespace Slipway.Api.Tests;

/// <summary>A client that stops sending still gets everything; a client that leaves is noticed.</summary>
public sealed class HalfCloseTests
{
    private static void MapEcho(RouteTable routes) => routes.Post("/containers/{id}/attach", async call =>
    {
        await using var stream = await HijackedStream.TakeAsync(call, "application/vnd.docker.raw-stream");
        var buffer = new byte[1000];
        long total = 0;
        for (int read; (read = await stream.ReadAsync(buffer.AsMemory())) > 0; total += read)
        {
            await stream.WriteAsync(buffer.AsMemory(0, read));
        }

        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"total {total}"));
    });

    [Theory]
    [InlineData("Connection: Upgrade\r\nUpgrade: tcp\r\n", "HTTP/1.1 101 UPGRADED\r\n")]
    [InlineData("", "HTTP/1.1 200 OK\r\n")]
    public async Task Echo_after_half_close(string headers, string status)
    {
        await using var server = await TestServer.StartAsync(MapEcho);
        var answer = server.Exchange($"POST /v1.43/containers/x/attach HTTP/1.1\r\nHost: docker\r\n{headers}Content-Length: 0\r\n\r\nhello", halfClose: true);
        Assert.StartsWith(status, answer, StringComparison.Ordinal);
        Assert.Contains("Api-Version: 1.51\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nhellototal 5", answer, StringComparison.Ordinal);
    }

    // As docker-modem asks for connections (dockerode, Testcontainers).
    [Fact]
    public async Task The_end_of_a_chunked_body_that_never_began_is_not_input()
    {
        await using var server = await TestServer.StartAsync(MapEcho);
        using var socket = server.Connect();
        socket.Send("POST /containers/x/attach HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"u8);
        var head = new byte[1000];
        Assert.StartsWith("HTTP/1.1 101 UPGRADED\r\n", Encoding.ASCII.GetString(head, 0, socket.Receive(head)), StringComparison.Ordinal);
        socket.Send("0\r\n\r\n"u8);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("0\r\n\r\ntotal 5", TestServer.ReadToEnd(socket));
    }

    [Fact]
    public async Task Megabytes_in_and_out()
    {
        await using var server = await TestServer.StartAsync(MapEcho);
        using var socket = server.Connect();
        socket.Send(Encoding.ASCII.GetBytes("POST /containers/x/attach HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"));
        var writing = Task.Run(() =>
        {
            var chunk = new byte[100_000];
            Array.Fill(chunk, (byte)'x');
            for (var i = 0; i < 100; i++)
            {
                socket.Send(chunk);
            }

            socket.Shutdown(SocketShutdown.Send);
        });
        var answer = TestServer.ReadToEnd(socket);
        await writing;
        Assert.EndsWith("total 10000000", answer, StringComparison.Ordinal);
        Assert.Equal(10_000_000, answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..].Count(c => c == 'x'));
    }

    [Fact]
    public async Task Unread_input_does_not_reset_the_answer()
    {
        await using var server = await TestServer.StartAsync(routes => routes.Post("/x", async call =>
        {
            await using var stream = await HijackedStream.TakeAsync(call, "text/plain");
            await stream.WriteAsync("done"u8.ToArray());
        }));
        var answer = server.Exchange("POST /x HTTP/1.1\r\nHost: docker\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n" + new string('z', 100_000));
        Assert.EndsWith("\r\n\r\ndone", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_request_after_half_close_is_answered()
    {
        await using var server = await TestServer.StartAsync(routes => routes.Get("/slow", async call =>
        {
            await using var watch = call.WatchClient();
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, watch.Gone);
            await call.StatusAsync(204);
        }));
        Assert.StartsWith("HTTP/1.1 204", server.Exchange("GET /slow HTTP/1.1\r\nHost: docker\r\n\r\n", halfClose: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_is_noticed(bool hijack)
    {
        var gone = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(routes => routes.Get("/wait", async call =>
        {
            await using var stream = hijack ? await HijackedStream.TakeAsync(call, "text/plain") : null;
            await using var watch = hijack ? null : call.WatchClient();
            stream?.IgnoreInput();
            using var registration = (watch?.Gone ?? stream!.Gone).Register(() => gone.TrySetResult());
            await gone.Task;
        }));
        var socket = server.Connect();
        socket.Send(Encoding.ASCII.GetBytes("GET /wait HTTP/1.1\r\nHost: docker\r\n\r\n"));
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        Assert.False(gone.Task.IsCompleted);
        socket.Dispose();
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Keep_alive_survives_a_watched_request()
    {
        await using var server = await TestServer.StartAsync(routes => routes.Get("/watched", async call =>
        {
            await using var watch = call.WatchClient();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, watch.Gone);
            await call.StatusAsync(204);
        }));
        const string request = "GET /watched HTTP/1.1\r\nHost: docker\r\n\r\n";
        var answer = server.Exchange(request + request + request.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal));
        Assert.Equal(3, answer.Split("HTTP/1.1 204").Length - 1);
    }

    [Fact]
    public async Task Stopping_ends_streams()
    {
        var ended = new TaskCompletionSource();
        var server = await TestServer.StartAsync(routes => routes.Get("/wait", async call =>
        {
            await using var watch = call.WatchClient();
            await call.BeginStreamAsync("application/json");
            using var registration = watch.Gone.Register(() => ended.TrySetResult());
            await ended.Task;
        }));
        using var socket = server.Connect();
        socket.Send(Encoding.ASCII.GetBytes("GET /wait HTTP/1.1\r\nHost: docker\r\n\r\n"));
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        var before = TimeProvider.System.GetTimestamp();
        await server.DisposeAsync();
        Assert.True(TimeProvider.System.GetElapsedTime(before) < TimeSpan.FromSeconds(2));
        Assert.EndsWith("0\r\n\r\n", TestServer.ReadToEnd(socket), StringComparison.Ordinal);
    }
}
