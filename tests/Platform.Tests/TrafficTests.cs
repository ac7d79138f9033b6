using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>What visitors see while routes change, through the real proxy.</summary>
[Collection(PlatformTests.Name)]
public sealed class TrafficTests(PlatformRoom room)
{
    // Upgrades every connection and sends back what comes.
    private static readonly string s_echo = new JsonArray("sh", "-c", """
        cat >/tmp/echo <<'END'
        #!/bin/sh
        while IFS= read -r line && [ ${#line} -gt 1 ]; do :; done
        printf 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
        exec cat
        END
        chmod +x /tmp/echo
        exec socat TCP-LISTEN:8080,fork,reuseaddr EXEC:/tmp/echo
        """).ToJsonString();

    private const string Respond = """["caddy","respond","--listen",":8080","--header","Content-Type: text/plain","--body","BODY"]""";

    [Fact]
    public async Task No_request_fails_and_no_call_of_the_proxy_stalls_while_releases_follow_each_other_under_load()
    {
        await MakeAsync("loaded", Respond.Replace("BODY", "one", StringComparison.Ordinal));
        await room.DeployAsync("loaded");
        using var stop = new CancellationTokenSource();
        var load = Load.RunAsync(room, "loaded.localhost", 1000, stop.Token);
        for (var release = 2; release <= 6; release++)
        {
            await room.OkAsync("PATCH", "/api/v1/apps/loaded", $$$"""{"run":{"port":8080,"command":{{{Respond.Replace("BODY", release.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)}}}}}""");
            await room.DeployAsync("loaded");
        }

        await stop.CancelAsync();
        var (answers, failures) = await load;
        Assert.True(failures.Count == 0, $"{failures.Count} of {answers.Values.Sum()}: {string.Join('\n', failures.Take(5))}");
        Assert.Equal(["2", "3", "4", "5", "6", "one"], answers.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("does not answer", room.Log, StringComparison.Ordinal);
        Assert.Equal("6", await room.GetAsync("loaded.localhost"));
    }

    [Fact]
    public async Task A_websocket_and_an_idle_connection_outlive_releases_of_other_applications()
    {
        await MakeAsync("echo", s_echo, ""","health":{"kind":"none"}""");
        await room.MakeAsync("other");
        await room.DeployAsync("other");
        await room.DeployAsync("echo");
        using var socket = await ConnectAsync();
        await SayAsync(socket, "GET /chat HTTP/1.1\r\nHost: echo.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101", await HearAsync(socket, "\r\n\r\n"), StringComparison.Ordinal);
        using var idle = await ConnectAsync();
        const string get = "GET / HTTP/1.1\r\nHost: other.localhost\r\n\r\n";
        await SayAsync(idle, get);
        Assert.EndsWith("first\n", await HearAsync(idle, "first\n"), StringComparison.Ordinal);

        await room.OkAsync("PUT", "/api/v1/apps/other/env/WORD", """{"value":"second"}""");
        await room.DeployAsync("other");
        await SayAsync(socket, "still here\n");
        Assert.Equal("still here\n", await HearAsync(socket, "\n"));
        await SayAsync(idle, get);
        Assert.EndsWith("second\n", await HearAsync(idle, "second\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Domains_have_paths_passwords_redirects_compression_and_certificates()
    {
        await MakeAsync("names", """["sh","-c","mkdir -p /w/api; for d in / /api/; do for i in $(seq 500); do echo long text; done >/w${d}index.html; done; echo inner >/w/page; exec httpd -f -p 8080 -h /w"]""", image: "busybox");
        await room.DeployAsync("names");
        await room.OkAsync("PUT", "/api/v1/apps/names/domains", """
            [{"host":"names.localhost"},{"host":"cut.localhost","path":"/deep","stripPath":true},{"host":"old.localhost","redirectTo":"http://names.localhost/"},
             {"host":"closed.localhost","user":"ann","password":"open sesame"},{"host":"safe.localhost","tls":"internal"}]
            """);
        Assert.Equal("inner\n", await room.GetAsync("cut.localhost", "/deep/page"));
        Assert.StartsWith("No application", await room.GetAsync("cut.localhost", "/deeper/page"), StringComparison.Ordinal);
        using var moved = await room.AskAsync("old.localhost", "/page?x=1");
        Assert.Equal((HttpStatusCode.PermanentRedirect, "http://names.localhost/page?x=1"), (moved.StatusCode, moved.Headers.Location!.ToString()));
        using var closed = await room.AskAsync("closed.localhost", "/page");
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
        using var opened = await room.AskAsync("closed.localhost", "/page", ("Authorization", "Basic " + Convert.ToBase64String("ann:open sesame"u8)));
        Assert.Equal("inner\n", await opened.Content.ReadAsStringAsync());
        foreach (var encoding in (string[])["gzip", "zstd"])
        {
            using var packed = await room.AskAsync("names.localhost", "/", ("Accept-Encoding", encoding));
            Assert.Equal([encoding], packed.Content.Headers.ContentEncoding);
        }

        using var plain = await room.AskAsync("safe.localhost", "/page");
        Assert.Equal($"https://safe.localhost:{room.HttpsPort}/page", plain.Headers.Location!.ToString());
        await Wait.UntilAsync("the certificate is there", async () => Tool.Try("curl", "-sk", "--noproxy", "*", "--resolve", $"safe.localhost:{room.HttpsPort}:127.0.0.1", $"https://safe.localhost:{room.HttpsPort}/page").Output == "inner\n", 20);
        var proxy = (await room.Daemon.Api.ListContainersAsync()).Single(container => container.Labels.ContainsKey("slipway.proxy"));
        var log = Tool.Run(Path.Combine(PlatformRoom.Out, "slipway"), "-H", "unix://" + room.Daemon.Socket, "exec", proxy.Id, "cat", "/data/access.log");
        Assert.Contains("\"uri\":\"/deep/page\"", log, StringComparison.Ordinal);
        Assert.DoesNotContain("open sesame", log, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Conflict, (await room.CallAsync("POST", "/api/v1/apps", """{"name":"old","source":{"kind":"push"}}""")).Status);
        var (status, problem) = await room.CallAsync("PUT", "/api/v1/apps/names/domains", """[{"host":"names.localhost"},{"host":"loaded.localhost","path":"/{evil}"}]""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("braces", problem!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_application_says_so_and_comes_back()
    {
        await room.MakeAsync("paused");
        await room.DeployAsync("paused");
        await room.OkAsync("POST", "/api/v1/apps/paused/stop", "{}");
        using var stopped = await room.AskAsync("paused.localhost");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "This application is stopped.\n"), (stopped.StatusCode, await stopped.Content.ReadAsStringAsync()));
        Assert.Equal("stopped", (await room.OkAsync("GET", "/api/v1/apps/paused"))!["state"]!.GetValue<string>());
        await room.DeployAsync("paused", "start");
        Assert.Equal("first\n", await room.GetAsync("paused.localhost"));
    }

    private Task MakeAsync(string name, string command, string run = "", string image = "slipway/caddy") =>
        room.OkAsync("POST", "/api/v1/apps", $$$"""{"name":"{{{name}}}","source":{"kind":"image","image":"{{{image}}}"},"run":{"port":8080,"command":{{{command}}}{{{run}}}}}""");

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, room.HttpPort);
        return socket;
    }

    private static Task SayAsync(Socket socket, string text) => socket.SendAsync(Encoding.ASCII.GetBytes(text));

    private static async Task<string> HearAsync(Socket socket, string end)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var (text, buffer) = ("", new byte[4096]);
        while (!text.EndsWith(end, StringComparison.Ordinal))
        {
            var count = await socket.ReceiveAsync(buffer, limit.Token);
            Assert.True(count > 0, "the connection has ended: " + text);
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }

        return text;
    }
}
