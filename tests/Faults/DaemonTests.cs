using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>The daemon as a service: start, reload, restart, and what reaches across it.</summary>
public sealed class DaemonTests
{
    [Fact]
    public async Task EventsReachBackAcrossARestart()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var since = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var id = await daemon.RunAsync("exit 4");
        await daemon.ExitAsync(id);
        await daemon.CrashAndStartAsync();
        await daemon.RemoveAsync(id);

        Assert.Equal(["create", "start", "die", "destroy"], (await EventsAsync(daemon, since, id)).Select(e => (string?)e["Action"]));
        File.AppendAllText(Path.Combine(daemon.ExecRoot, "events.log"), "\0\0garbage\n{\"half");
        await daemon.CrashAndStartAsync();
        Assert.Equal(4, (await EventsAsync(daemon, since, id)).Count);
    }

    [Fact]
    public async Task AnEndThatWasRecordedAndNotToldIsToldAfterTheCrash()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var since = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var id = await daemon.RunAsync("exit 4");
        var runs = await daemon.RunAsync("sleep 1000");
        await daemon.ExitAsync(id);
        await Wait.UntilAsync("the end is told", () => File.ReadAllText(Path.Combine(daemon.ExecRoot, "events.log")).Contains("\"die\"", StringComparison.Ordinal));
        await daemon.KillAsync();
        var log = Path.Combine(daemon.ExecRoot, "events.log");
        File.WriteAllLines(log, File.ReadAllLines(log).Where(line => !line.Contains("\"die\"", StringComparison.Ordinal)));
        await daemon.StartAsync();

        var told = await EventsAsync(daemon, since, id);
        Assert.Equal(["create", "start", "die"], told.Select(e => (string?)e["Action"]));
        Assert.Equal("4", (string?)told[2]["Actor"]!["Attributes"]!["exitCode"]);
        Assert.Equal(["create", "start"], (await EventsAsync(daemon, since, runs)).Select(e => (string?)e["Action"]));
        await daemon.CrashAndStartAsync();
        Assert.Equal(3, (await EventsAsync(daemon, since, id)).Count);
    }

    [Fact]
    public async Task Check19_ARemovedJournalIsNoticedWithoutAnyContainer()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await daemon.StopAsync();
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive("late:1", 100));
        await daemon.CallAsync("POST", "/volumes/create", """{"Name":"empty"}""");
        await daemon.KillAsync();
        File.Delete(Path.Combine(daemon.DataRoot, "state.db-wal"));
        await daemon.StartAsync();
        Assert.Contains("late:1", (await daemon.CallAsync("GET", "/images/json"))!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("empty", (string?)(await daemon.CallAsync("GET", "/volumes/empty"))!["Name"]);
    }

    [Fact]
    public async Task ReloadTakesWhatCanChangeAndKeepsTheRest()
    {
        await using var scratch = new Scratch();
        var file = Path.Combine(scratch.Root, "daemon.json");
        File.WriteAllText(file, """{"labels":["a=1"]}""");
        var daemon = scratch.Daemon(options: ["--config-file", file]);
        await daemon.StartAsync();
        Assert.Equal("""["a=1"]""", (await daemon.CallAsync("GET", "/info"))!["Labels"]!.ToJsonString());

        File.WriteAllText(file, """{"labels":["b=2"],"debug":true,"insecure-registries":["reg.example:5000"],"registry-mirrors":["https://mirror.example"],"max-concurrent-downloads":7}""");
        daemon.Signal("HUP");
        await Wait.UntilAsync("it reloads", () => daemon.Log.Contains("configuration reloaded", StringComparison.Ordinal));
        var info = (await daemon.CallAsync("GET", "/info"))!;
        Assert.Equal("""["b=2"]""", info["Labels"]!.ToJsonString());
        Assert.True((bool)info["Debug"]!);
        Assert.Contains("reg.example:5000", info["RegistryConfig"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("mirror.example", info["RegistryConfig"]!.ToJsonString(), StringComparison.Ordinal);

        File.WriteAllText(file, """{"no-such-key":1}""");
        daemon.Signal("HUP");
        await Wait.UntilAsync("it refuses", () => daemon.Log.Contains("no-such-key", StringComparison.Ordinal));
        Assert.Equal("""["b=2"]""", (await daemon.CallAsync("GET", "/info"))!["Labels"]!.ToJsonString());
    }

    [Fact]
    public async Task TheServiceManagerPassesSocketsAndIsTold()
    {
        await using var scratch = new Scratch();
        var notify = Path.Combine(scratch.Root, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(notify));
        const string Activate =
            """
            import os, socket, sys
            s = socket.socket(socket.AF_UNIX)
            s.bind(sys.argv[2])
            s.listen(10)
            3 == s.fileno() or os.dup2(s.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(NOTIFY_SOCKET=sys.argv[1], LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
            os.execv(sys.argv[3], sys.argv[3:])
            """;
        var passed = Path.Combine(scratch.Root, "passed.sock");
        var daemon = scratch.DaemonThrough(["python3", "-c", Activate, notify, passed], options: ["-H", "fd://"]);
        await daemon.StartAsync();
        using var api = new EngineClient(EngineAddress.Unix(passed));
        await api.PingAsync();
        Assert.Equal("READY=1", await ReceiveAsync(manager));
        await daemon.StopAsync();
        Assert.Equal("STOPPING=1", await ReceiveAsync(manager));
    }

    [Fact]
    public async Task APidFileOfALivingDaemonIsRespected()
    {
        await using var scratch = new Scratch();
        var daemon = scratch.Daemon();
        await daemon.StartAsync();
        var other = scratch.Daemon(Path.Combine(scratch.Root, "data-b"), "b", "--pidfile", Path.Combine(daemon.ExecRoot, "slipwayd.pid"));
        Assert.NotEqual(0, await other.StartAndEndAsync());
        Assert.Contains("is still running", other.Log, StringComparison.Ordinal);
        await daemon.KillAsync();
        await other.StartAsync();
    }

    // Containers whose first process asks for nobody's end, and shells that became something else.
    [Fact]
    public async Task APidFileOfADaemonThatWasKilledAndNotReapedIsNoHindrance()
    {
        const string parent = """
            import signal, subprocess, sys
            child = subprocess.Popen(sys.argv[1:])
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(child.wait() and 0))
            signal.pause()
            """;
        await using var scratch = new Scratch();
        var daemon = scratch.DaemonThrough(["python3", "-c", parent]);
        await daemon.StartAsync();
        var file = Path.Combine(daemon.ExecRoot, "slipwayd.pid");
        var pid = File.ReadAllText(file).Trim();
        Tool.Run("kill", "-9", pid);
        await Wait.UntilAsync("nobody has asked for its end", () => File.ReadAllText($"/proc/{pid}/stat").Contains("(slipwayd) Z ", StringComparison.Ordinal));
        var other = scratch.Daemon(Path.Combine(scratch.Root, "data-b"), "b", "--pidfile", file);
        await other.StartAsync();
        await other.StopAsync();
        await daemon.StopAsync();
    }

    [Fact]
    public async Task StreamsWorkAgainAfterARestart()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("while read x; do echo got $x; done", config: "\"OpenStdin\":true");
        await daemon.CrashAndStartAsync();
        await using (var attach = await daemon.Api.AttachContainerAsync(id, new AttachOptions { Stdin = true }))
        {
            await attach.WriteAsync("one\n"u8.ToArray());
            var buffer = new byte[100];
            var (_, count) = await new MultiplexedStream(attach).ReadAsync(buffer);
            Assert.Equal("got one\n", Encoding.UTF8.GetString(buffer, 0, count));
        }

        var samples = 0;
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var sample in daemon.Api.ContainerStatsAsync(id, stop.Token))
        {
            Assert.Equal(id, sample.Id);
            Assert.True(sample.MemoryStats.Usage > 0);
            if (++samples == 3)
            {
                break;
            }
        }

        Assert.Equal(3, samples);
    }

    [Fact]
    public async Task ArgumentsOfARuntimeAreGivenToIt()
    {
        await using var scratch = new Scratch();
        var log = Path.Combine(scratch.Root, "runtime.log");
        var file = Path.Combine(scratch.Root, "daemon.json");
        File.WriteAllText(file, $$"""{"runtimes":{"logged":{"path":"runc","runtimeArgs":["--debug","--log","{{log}}"]} } }""");
        var daemon = scratch.Daemon(options: ["--config-file", file]);
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        Assert.Equal(0, await daemon.ExitAsync(await daemon.RunAsync("true", host: "\"Runtime\":\"logged\"")));
        Assert.NotEqual(0, new FileInfo(log).Length);
        Assert.Equal(log, (string?)(await daemon.CallAsync("GET", "/info"))!["Runtimes"]!["logged"]!["runtimeArgs"]![2]);
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[100];
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, stop.Token));
    }

    private static async Task<IReadOnlyList<JsonNode>> EventsAsync(PrivateDaemon daemon, long since, string id)
    {
        var until = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1;
        await using var events = await daemon.Api.RequestAsync("GET", $$"""/events?since={{since}}&until={{until}}&filters=%7B%22container%22:[%22{{id}}%22]%7D""");
        using var reader = new StreamReader(events.Body);
        return [.. (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
