using System.Text;
using Slipway.Api.Routing;

namespace Slipway.Api.Tests;

/// <summary>What arrives on a connection wakes whoever reads it, and nobody else.</summary>
[Collection(AloneCollection.Name)]
public sealed class WakeUpTests
{
    [Fact]
    public async Task A_body_that_a_thread_reads_wakes_no_other()
    {
        const int pieces = 300;
        await using var server = await TestServer.StartAsync(Map);
        using var socket = server.Connect();
        socket.Send("GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"u8);
        Assert.Contains("OK", Receive(socket), StringComparison.Ordinal);
        Thread.Sleep(50);
        socket.Send("POST /count HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n-\r\n"u8);
        Thread.Sleep(50);
        var before = ThreadPool.CompletedWorkItemCount;
        for (var i = 0; i < pieces; i++)
        {
            socket.Send("1\r\n-\r\n"u8);
            Thread.Sleep(1);
        }

        var woken = ThreadPool.CompletedWorkItemCount - before;
        socket.Send("0\r\n\r\n"u8);
        Assert.EndsWith($"<{pieces + 1}>", TestServer.ReadToEnd(socket), StringComparison.Ordinal);
        Assert.InRange(woken, 0, pieces / 3);
    }

    private static void Map(RouteTable routes)
    {
        PingEndpoints.Map(routes);
        routes.Post("/count", async call =>
        {
            var count = await Task.Factory.StartNew(() => Count(call.Http.Request.Body), TaskCreationOptions.LongRunning);
            var answer = Encoding.ASCII.GetBytes($"<{count}>");
            call.Http.Response.ContentLength = answer.Length;
            await call.Http.Response.Body.WriteAsync(answer);
        });
    }

    private static int Count(Stream body)
    {
        var count = 0;
        var buffer = new byte[100];
        for (int read; (read = body.Read(buffer, 0, buffer.Length)) > 0;)
        {
            count += read;
        }

        return count;
    }

    private static string Receive(System.Net.Sockets.Socket socket)
    {
        var buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
    }
}
