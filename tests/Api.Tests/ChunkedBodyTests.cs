using System.Text;
using Slipway.Api.Routing;

namespace Slipway.Api.Tests;

/// <summary>Chunked bodies are read below Kestrel and the connection serves on.</summary>
public sealed class ChunkedBodyTests
{
    private const string Ping = "GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n";

    // Each answers with what it read: with awaited reads, with blocking ones on a thread of its own, only the first bytes, or nothing.
    private static void Map(RouteTable routes)
    {
        PingEndpoints.Map(routes);
        routes.Post("/await", async call => await AnswerAsync(call, await new StreamReader(call.Http.Request.Body, Encoding.Latin1).ReadToEndAsync()));
        routes.Post("/block", async call => await AnswerAsync(call, await Task.Factory.StartNew(() => Block(call.Http.Request.Body), TaskCreationOptions.LongRunning)));
        routes.Post("/some/{n}", async call =>
        {
            var bytes = new byte[int.Parse(call.Name, System.Globalization.CultureInfo.InvariantCulture)];
            await call.Http.Request.Body.ReadExactlyAsync(bytes);
            await AnswerAsync(call, Encoding.Latin1.GetString(bytes));
        });
    }

    private static string Block(Stream body)
    {
        Assert.True(body.CanTimeout);
        var buffer = new byte[7];
        var text = new StringBuilder();
        for (int read; (read = body.Read(buffer, 0, buffer.Length)) > 0;)
        {
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    private static async Task AnswerAsync(ApiCall call, string text)
    {
        var bytes = Encoding.Latin1.GetBytes($"<{text}>");
        call.Http.Response.ContentLength = bytes.Length;
        await call.Http.Response.Body.WriteAsync(bytes);
    }

    private static string Head(string path) => $"POST {path} HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n";

    [Theory]
    [InlineData("/await")]
    [InlineData("/block")]
    public async Task However_it_is_cut_the_body_is_read_and_the_next_request_answered(string path)
    {
        await using var server = await TestServer.StartAsync(Map);
        var request = Head(path) + "5\r\nhello\r\n1;ext=\"x\"\r\n \r\n0010\r\nworld with CRLF\n\r\n00\r\nTrailer: a\r\nOther: b\r\n\r\n" + Ping;
        foreach (var piece in new[] { 1, 2, 3, 7, 16, 1000 })
        {
            using var socket = server.Connect();
            foreach (var part in Encoding.Latin1.GetBytes(request).Chunk(piece))
            {
                socket.Send(part);
                Thread.Yield();
            }

            var answer = TestServer.ReadToEnd(socket);
            Assert.Contains("<hello world with CRLF\n>", answer, StringComparison.Ordinal);
            Assert.EndsWith("OK", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/_nothing", "page not found")]
    [InlineData("/some/0", "<>")]
    [InlineData("/some/3", "<abc>")]
    [InlineData("/some/5", "<abcde>")]
    [InlineData("/some/6", "<abcdef>")]
    [InlineData("/some/9", "<abcdefghi>")]
    public async Task What_a_request_left_unread_is_passed_over(string path, string expected)
    {
        await using var server = await TestServer.StartAsync(Map);
        foreach (var cut in Enumerable.Range(Head(path).Length, 40))
        {
            using var socket = server.Connect();
            var request = Encoding.Latin1.GetBytes(Head(path) + "5\r\nabcde\r\n4\r\nfghi\r\n0\r\nTrailer: x\r\n\r\n" + Ping);
            socket.Send(request.AsSpan(0, cut));
            Thread.Yield();
            socket.Send(request.AsSpan(cut));
            var answer = TestServer.ReadToEnd(socket);
            Assert.Contains(expected, answer, StringComparison.Ordinal);
            Assert.EndsWith("OK", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("x\r\n")]
    [InlineData("\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello!\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello0\r\n\r\n")]
    [InlineData("ffffffffff\r\nhello")]
    [InlineData("5\r\nhel")]
    [InlineData("5\r\nhello\r\n")]
    [InlineData("5\r\nhello\r\n0\r\n")]
    public async Task A_malformed_or_short_body_is_refused_and_nothing_after_it_is_taken_for_a_request(string body)
    {
        await using var server = await TestServer.StartAsync(Map);
        foreach (var path in new[] { "/await", "/block" })
        {
            var answer = server.Exchange(Head(path) + body, halfClose: true);
            Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
            Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        }
    }

    [Fact]
    public async Task Endless_lines_are_refused()
    {
        await using var server = await TestServer.StartAsync(Map);
        Assert.StartsWith("HTTP/1.1 400", server.Exchange(Head("/await") + "5;" + new string('x', 5000)), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", server.Exchange(Head("/await") + "0\r\n" + string.Concat(Enumerable.Repeat("a: b\r\n", 10_000))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_on_a_thread_of_its_own_can_time_out_and_go_on()
    {
        var waited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(routes => routes.Post("/wait", async call => await Task.Factory.StartNew(
            () =>
            {
                var body = call.Http.Request.Body;
                body.ReadTimeout = 20;
                Assert.IsType<TimeoutException>(Assert.Throws<IOException>(() => body.Read(new byte[1], 0, 1)).InnerException);
                waited.SetResult();
                body.ReadTimeout = 10_000;
                AnswerAsync(call, Block(body)).GetAwaiter().GetResult();
            },
            TaskCreationOptions.LongRunning)));
        using var socket = server.Connect();
        socket.Send(Encoding.Latin1.GetBytes(Head("/wait").Replace("Host: d", "Host: d\r\nConnection: close", StringComparison.Ordinal)));
        await waited.Task.WaitAsync(TimeSpan.FromSeconds(10));
        socket.Send("2\r\nok\r\n0\r\n\r\n"u8);
        Assert.EndsWith("<ok>", TestServer.ReadToEnd(socket), StringComparison.Ordinal);
    }
}
