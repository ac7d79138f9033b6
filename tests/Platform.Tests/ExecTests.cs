using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary><c>slipway app exec</c>: a command in a container of an application, with our terminal and standard streams, through the platform.</summary>
[Collection(PlatformTests.Name)]
public sealed class ExecTests(PlatformRoom room)
{
    [Fact]
    public async Task Streams_stay_apart_input_has_an_end_and_the_exit_code_comes_back()
    {
        await room.MakeAsync("shell");
        await room.DeployAsync("shell");
        using (var piped = room.App("exec", "-i", "shell", "sh", "-c", "cat; echo the end >&2; exit 7"))
        {
            await piped.WriteAsync("one\ntwo ü\n");
            await Wait.UntilAsync("it comes back while input is open", () => piped.Output == "one\ntwo ü\n");
            var end = await piped.EndAsync();
            Assert.Equal((7, "one\ntwo ü\n", "the end\n"), (end.Code, end.Output, end.Error));
        }

        using (var counted = room.App("exec", "-i", "shell", "wc", "-c"))
        {
            await counted.WriteAsync(new string('x', 3_000_000));
            Assert.Equal("3000000", (await counted.EndAsync()).Output.Trim());
        }

        using var plain = room.App("exec", "-w", "/w", "-u", "1000", "shell", "sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; pwd; id -u; cat");
        var (code, output) = await plain.EndAsync() is var said ? (said.Code, said.Output) : default;
        Assert.Equal((0, 1_000_000 + "/w\n1000\n".Length, "/w\n1000\n"), (code, output.Length, output[1_000_000..]));

        foreach (var (words, expected) in ((string[], string)[])[(["nobody", "true"], "there is no such application"), (["shell", "no-such-program"], "no-such-program"), (["--replica", "9", "shell", "true"], "does not run")])
        {
            using var failing = room.App(["exec", .. words]);
            var end = await failing.EndAsync();
            Assert.NotEqual(0, end.Code);
            Assert.Contains(expected, end.Error + end.Output, StringComparison.Ordinal);
        }

        var audit = (await room.OkAsync("GET", "/api/v1/audit"))!.ToJsonString();
        Assert.Contains("\"app.exec\",\"subject\":\"shell\",\"detail\":\"wc\"", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_at_a_terminal_answers_and_its_exit_code_comes_back()
    {
        await room.MakeAsync("terminal");
        await room.DeployAsync("terminal");
        using var shell = CommandLine.Start("/usr/bin/script", ["-qec", $"env {string.Join(' ', room.Variables)} {PlatformRoom.Out}/slipway app exec -it terminal -- sh", "/dev/null"], room.Root);
        await shell.WriteAsync("echo $((40+2)); tty\n");
        await Wait.UntilAsync("the shell answers", () => shell.Output.Contains("\n42", StringComparison.Ordinal) && shell.Output.Contains("/dev/pts/", StringComparison.Ordinal), 20);
        await shell.WriteAsync("\u0003");
        await shell.WriteAsync("exit 5\n");
        Assert.Equal(5, (await shell.EndAsync(closeInput: false)).Code);
        using var without = room.App("exec", "-it", "terminal", "sh");
        Assert.Contains("not a TTY", (await without.EndAsync()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_follows_its_window_and_ends_with_its_user()
    {
        await room.MakeAsync("window");
        await room.DeployAsync("window");
        using var socket = await OpenAsync("window", room.Token);
        await SayAsync(socket, """{"command":["sh"],"tty":true,"stdin":true,"rows":30,"columns":100}""");
        await TypeAsync(socket, "stty size\n");
        await HearAsync(socket, "30 100");
        await SayAsync(socket, """{"rows":41,"columns":132}""");
        await TypeAsync(socket, "stty size; sleep 1000\n");
        await HearAsync(socket, "41 132");
        socket.Abort();
        await Wait.UntilAsync("nothing of it runs", async () =>
            !(await room.OkAsync("POST", "/api/v1/apps/window/exec", """{"command":["ps","-o","args"]}"""))!["output"]!.GetValue<string>().Split('\n').Any(line => line is "sh" or "sleep 1000"));
    }

    [Fact]
    public async Task A_terminal_is_for_those_who_may_change_the_application_and_for_no_other_site()
    {
        await room.MakeAsync("terminal-gate");
        await room.DeployAsync("terminal-gate");
        var reader = (await room.OkAsync("POST", "/api/v1/tokens", """{"name":"onlooker","abilities":["read","deploy"]}"""))!["token"]!.GetValue<string>();
        foreach (var (token, origin, status) in ((string, string?, HttpStatusCode)[])
            [("", null, HttpStatusCode.Unauthorized), ("slp_wrong", null, HttpStatusCode.Unauthorized), (reader, null, HttpStatusCode.Forbidden), (room.Token, "https://elsewhere.example", HttpStatusCode.Forbidden)])
        {
            using var refused = new ClientWebSocket();
            refused.Options.CollectHttpResponseDetails = true;
            await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(refused, "terminal-gate", token, origin));
            Assert.Equal(status, refused.HttpStatusCode);
        }

        using var socket = await OpenAsync("terminal-gate", room.Token);
        await SayAsync(socket, """{"command":[]}""");
        await HearAsync(socket, "the command is missing");
        using var binary = await OpenAsync("terminal-gate", room.Token);
        await TypeAsync(binary, "hello");
        await HearAsync(binary, "the first message says what is to be run");
        var audit = (JsonArray)(await room.OkAsync("GET", "/api/v1/audit"))!;
        Assert.Contains(audit, entry => Noted(entry, "onlooker", "lacks the ability write"));
        Assert.Contains(audit, entry => Noted(entry, "unknown", "no valid token"));
    }

    private static bool Noted(JsonNode? entry, string actor, string detail) =>
        entry!["action"]!.GetValue<string>() == "refused" && entry["actor"]!.GetValue<string>() == actor && entry["subject"]!.GetValue<string>() == "GET /api/v1/apps/terminal-gate/exec" && entry["detail"]!.GetValue<string>().Contains(detail, StringComparison.Ordinal);

    private async Task<ClientWebSocket> OpenAsync(string app, string token)
    {
        var socket = new ClientWebSocket();
        await ConnectAsync(socket, app, token, null);
        return socket;
    }

    private Task ConnectAsync(ClientWebSocket socket, string app, string token, string? origin)
    {
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        return socket.ConnectAsync(new Uri(room.Address.Replace("http:", "ws:", StringComparison.Ordinal) + $"/api/v1/apps/{app}/exec"), CancellationToken.None);
    }

    private static Task SayAsync(ClientWebSocket socket, string json) => socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, CancellationToken.None);

    private static Task TypeAsync(ClientWebSocket socket, string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Binary, true, CancellationToken.None);

    private static async Task HearAsync(ClientWebSocket socket, string expected)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var (text, buffer) = ("", new byte[4096]);
        while (!text.Contains(expected, StringComparison.Ordinal))
        {
            var part = await socket.ReceiveAsync(buffer, limit.Token).ContinueWith(done => done.IsCompletedSuccessfully ? done.Result : null, TaskScheduler.Default);
            Assert.True(part is { MessageType: not WebSocketMessageType.Close }, $"nothing more after: {text}");
            text += Encoding.UTF8.GetString(buffer, part!.MessageType == WebSocketMessageType.Binary ? 1 : 0, part.Count - (part.MessageType == WebSocketMessageType.Binary ? 1 : 0));
        }
    }
}
