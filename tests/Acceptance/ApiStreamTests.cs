using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Slipway.Acceptance.Fixture;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Streams as the API gives them: terminals and their size, replay, WebSocket, cuts of a log.</summary>
[Collection(LifeCollection.Name)]
public sealed class ApiStreamTests(EngineRoom room)
{
    [Fact]
    public async Task ATerminalIsResized()
    {
        var id = await room.Daemon.RunAsync("while :; do stty size; sleep 0.1; done", config: "\"Tty\":true");
        await room.Daemon.CallAsync("POST", $"/containers/{id}/resize?h=33&w=77");
        await Wait.UntilAsync("the size is 33 77", async () => (await room.Docker("logs", "--tail", "1", id)).Output.Trim() == "33 77");
        Assert.Equal(400, (await room.Daemon.RefusedAsync("POST", $"/containers/{id}/resize?h=x&w=1")).StatusCode);
        await room.Remove(id);
    }

    [Fact]
    public async Task AnExecsTerminalIsResized()
    {
        var id = await room.Daemon.RunAsync("sleep 1000");
        var exec = (string)(await room.Daemon.CallAsync("POST", $"/containers/{id}/exec", """{"Tty":true,"AttachStdout":true,"ConsoleSize":[20,50],"Cmd":["sh","-c","stty size; sleep 0.7; stty size"]}"""))!["Id"]!;
        await using var stream = await room.Daemon.Api.StartExecAsync(exec, new DockerApi.ExecStartRequest { Tty = true, ConsoleSize = [20, 50] });
        var text = ReadAsync(stream);
        await Wait.PauseAsync(300);
        await room.Daemon.CallAsync("POST", $"/exec/{exec}/resize?h=21&w=51");
        Assert.Equal("20 50\r\n21 51\r\n", await text);
        await room.Remove(id);
    }

    [Fact]
    public async Task AttachReplaysTheLogAndGoesOn()
    {
        var id = await room.Daemon.RunAsync("echo past; read x; echo now $x", config: "\"OpenStdin\":true");
        await Wait.UntilAsync("it has written", async () => await room.Daemon.LogsAsync(id) == "past\n");
        await using (var only = await room.Daemon.Api.AttachContainerAsync(id, new AttachOptions { Logs = true, Stream = false }))
        {
            Assert.Equal("past\n", await TextAsync(only));
        }

        await using var both = await room.Daemon.Api.AttachContainerAsync(id, new AttachOptions { Logs = true, Stdin = true });
        await both.WriteAsync("on\n"u8.ToArray());
        Assert.Equal("past\nnow on\n", await TextAsync(both));
        await room.Remove(id);
    }

    [Fact]
    public async Task AWebSocketCarriesBothDirections()
    {
        var id = await room.Daemon.RunAsync("read x; echo got $x; echo bad >&2", config: "\"OpenStdin\":true,\"AttachStdin\":true");
        using var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync };
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://docker/v1.51/containers/{id}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1"), invoker, default);
        await socket.SendAsync("hello\n"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, default);
        var text = new StringBuilder();
        var buffer = new byte[1000];
        for (WebSocketReceiveResult part; (part = await socket.ReceiveAsync(buffer, new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token)).MessageType != WebSocketMessageType.Close;)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, part.Count));
        }

        Assert.Contains("got hello", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("bad", text.ToString(), StringComparison.Ordinal);
        Assert.Equal(400, (await room.Daemon.RefusedAsync("GET", $"/containers/{id}/attach/ws")).StatusCode);
        await room.Remove(id);
    }

    [Fact]
    public async Task LogsAreCutExactlyAtTheirTimes()
    {
        var id = await room.Daemon.RunAsync("for i in 1 2 3 4 5; do echo $i; sleep 0.05; done");
        await room.Daemon.ExitAsync(id);
        var lines = (await room.Docker("logs", "-t", id)).Lines().Select(line => line.Split(' ')).ToList();
        var third = DateTimeOffset.Parse(lines[2][0], CultureInfo.InvariantCulture);
        var stamp = $"{third.ToUnixTimeSeconds()}.{lines[2][0].Split('.')[1].TrimEnd('Z').PadRight(9, '0')}";
        Assert.Equal(["3", "4", "5"], (await room.Docker("logs", "--since", stamp, id)).Lines());
        Assert.Equal(["1", "2", "3"], (await room.Docker("logs", "--until", stamp, id)).Lines());
        Assert.Equal(["3"], (await room.Docker("logs", "--since", stamp, "--until", stamp, id)).Lines());
        Assert.Equal(["4", "5"], (await room.Docker("logs", "--since", stamp, "--tail", "2", id)).Lines());
        Assert.Equal("", (await room.Docker("logs", "--tail", "0", id)).Ok());
        (await room.Docker("logs", "--since", "nonsense", id)).Fails("nonsense");
        await room.Remove(id);
    }

    [Fact]
    public async Task DetailsNameLabelsAndVariablesOfTheLogOptions()
    {
        var name = await room.Background("--log-opt", "labels=color", "--log-opt", "env=SIZE", "--label", "color=red", "-e", "SIZE=big", "busybox", "echo", "x");
        (await room.Docker("wait", name)).Ok();
        Assert.Equal("SIZE=big,color=red x", string.Join(' ', (await room.Docker("logs", "--details", name)).Ok().Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        await room.Remove(name);
    }

    [Theory]
    [InlineData("json-file", true)]
    [InlineData("local", true)]
    [InlineData("none", false)]
    public async Task LogDriversKeepOrDoNotKeep(string driver, bool keeps)
    {
        var name = await room.Background("--log-driver", driver, "busybox", "echo", "kept");
        (await room.Docker("wait", name)).Ok();
        var logs = await room.Docker("logs", name);
        if (keeps)
        {
            Assert.Equal("kept", logs.Ok());
        }
        else
        {
            logs.Fails("configured logging driver does not support reading");
        }

        Assert.Equal("attached", (await room.Run("--log-driver", driver, "busybox", "echo", "attached")).Ok());
        (await room.Run("--log-driver", "no-such", "busybox", "true")).Exits(125);
        await room.Remove(name);
    }

    private static async Task<string> TextAsync(Stream stream)
    {
        using var output = new MemoryStream();
        await new MultiplexedStream(stream).CopyToAsync(output, output);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        return await reader.ReadToEndAsync();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(room.Daemon.Socket), cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
