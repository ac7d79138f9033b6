using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 5, 18 and 19: kills at any instant, damaged content, damaged state.</summary>
public sealed class StateTests
{
    private const int Seed = 5;

    [Fact]
    public async Task Check5_KilledAtAnyInstantAnObjectIsWholeOrAbsent()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var random = new Random(Seed);
        for (var round = 0; round < Scratch.Rounds(20); round++)
        {
            var work = LifeAsync(daemon, $"r{round}");
            await Wait.PauseAsync(random.Next(1, 220));
            await daemon.KillAsync();
            await Record.ExceptionAsync(() => work);
            await daemon.StartAsync();

            foreach (var container in await daemon.ListAsync())
            {
                var id = (string)container!["Id"]!;
                var state = await daemon.StateAsync(id);
                Assert.True((string?)state["Status"] != "running" || Directory.Exists($"/proc/{(int)state["Pid"]!}"), $"round {round}: {state.ToJsonString()}");
                await daemon.RemoveAsync(id);
            }

            await RepeatAsync(daemon, $"r{round}");
        }

        await daemon.CallAsync("POST", "/volumes/prune?filters={\"all\":[\"1\"]}".Replace("\"", "%22", StringComparison.Ordinal));
        await Wait.UntilAsync("no stray process", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).All(pid => pid == daemon.Pid));
        await Wait.UntilAsync("no stray mount", () => Scratch.Mounts(scratch.Root).Count == 0);
        await Wait.UntilAsync("no stray directory", () => Directory.GetDirectories(Path.Combine(daemon.DataRoot, "containers")).Length == 0);
        await Wait.UntilAsync("no stray cgroup", () => Scratch.CgroupDirectories(daemon.CgroupParent[1..]).All(top => Directory.GetDirectories(top).Length == 0));
        await Wait.UntilAsync("nothing is staged: " + string.Join(", ", Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "staging"))), () => Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "staging")).Length == 0);
    }

    [Theory]
    [InlineData("sleep 2; exec crun \"$@\"")]
    [InlineData("crun \"$@\"; code=$?; sleep 2; exit $code")]
    public async Task Check5_AStartThatGoesOnBesideAKilledDaemonIsEnded(string runtime)
    {
        await using var scratch = new Scratch();
        var program = Path.Combine(scratch.Root, "slow-crun");
        File.WriteAllText(program, "#!/bin/sh\n[ -e \"$0.slow\" ] || exec crun \"$@\"\n".Replace("$0", program, StringComparison.Ordinal) + runtime + "\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var daemon = scratch.Daemon(options: ["--add-runtime", "slow=" + program]);
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var ended = await daemon.RunAsync("true", "ended", host: "\"Runtime\":\"slow\"");
        Assert.Equal(0, await daemon.ExitAsync(ended));

        File.WriteAllText(program + ".slow", "");
        Task[] works = [ daemon.CallAsync("POST", "/containers/ended/start"), daemon.RunAsync("sleep 1000", "fresh", host: "\"Runtime\":\"slow\"") ];
        await Wait.UntilAsync("both starts are under way", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Count >= 4);
        await Wait.PauseAsync(500);
        await daemon.KillAsync();
        foreach (var work in works)
        {
            await Record.ExceptionAsync(() => work);
        }

        await daemon.StartAsync();
        Assert.Equal(["created", "exited"], (await daemon.ListAsync()).Select(container => (string)container!["State"]!).Order());
        await Wait.UntilAsync("only the daemon is left", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).All(pid => pid == daemon.Pid));
        File.Delete(program + ".slow");
        await daemon.CallAsync("POST", "/containers/ended/start");
        Assert.Equal(0, await daemon.ExitAsync(ended));
        await daemon.RemoveAsync("fresh");
        await Wait.PauseAsync(2500);
    }

    [Theory]
    [InlineData("manifest")]
    [InlineData("config")]
    [InlineData("layer")]
    public async Task Check18_DamagedContentIsNamedAndHealedByLoadingAgain(string kind)
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        using var archive = (MemoryStream)BusyboxImage.Archive("other:1", 4096);
        await daemon.LoadAsync(new MemoryStream(archive.ToArray()));
        var blob = BlobOf(daemon, kind, "other:1");
        await daemon.StopAsync();
        FlipByte(blob);
        await daemon.StartAsync();

        var digest = Path.GetFileName(blob);
        var said = await SaveAsync(daemon, "other:1").RefusalAsync();
        await Wait.UntilAsync("what is damaged is named", () => (said + daemon.Log).Contains(digest, StringComparison.Ordinal));
        Assert.Equal(0, await daemon.ExitAsync(await daemon.RunAsync("true")));
        await daemon.LoadAsync(new MemoryStream(archive.ToArray()));
        Assert.Equal("", await SaveAsync(daemon, "other:1").RefusalAsync());
        var id = (string)(await daemon.CallAsync("POST", "/containers/create", """{"Image":"other:1","Cmd":["true"],"HostConfig":{"NetworkMode":"none"}}"""))!["Id"]!;
        await daemon.CallAsync("POST", $"/containers/{id}/start");
        Assert.Equal(0, await daemon.ExitAsync(id));
    }

    [Theory]
    [InlineData("state.db", false)]
    [InlineData("state.db", true)]
    [InlineData("state.db-wal", false)]
    [InlineData("state.db-wal", true)]
    [InlineData("content/index.json", false)]
    [InlineData("content/index.json", true)]
    public async Task Check19_TheDaemonStartsWithADamagedStateFile(string file, bool zeros)
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var running = await daemon.RunAsync("sleep 1000", "runs");
        await daemon.CallAsync("POST", "/volumes/create", """{"Name":"kept"}""");
        await daemon.KillAsync();
        Damage(Path.Combine(daemon.DataRoot, file), zeros);
        Assert.True((await daemon.StartAsync()).TotalSeconds < 10);

        Assert.Equal("running", (string?)(await daemon.StateAsync("runs"))["Status"]);
        Assert.Contains("busybox:latest", (await daemon.CallAsync("GET", "/images/json"))!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("kept", (string?)(await daemon.CallAsync("GET", "/volumes/kept"))!["Name"]);
        Assert.Equal((0, "in\n"), await daemon.ExecAsync("runs", "echo in"));
        await daemon.RemoveAsync(running);
        Assert.Equal(0, await daemon.ExitAsync(await daemon.RunAsync("true")));
    }

    [Fact]
    public async Task Check19_ADamagedLogStillShowsTheRest()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("seq 1 1000");
        await daemon.ExitAsync(id);
        var log = Path.Combine(daemon.DataRoot, "containers", id, "container.log");
        using (var file = File.OpenWrite(log))
        {
            file.Position = file.Length / 2;
            file.Write(new byte[100]);
        }

        var lines = (await daemon.LogsAsync(id)).Split('\n');
        Assert.Contains("1", lines);
        Assert.Contains("1000", lines);
        Assert.True(lines.Length > 990);
    }

    [Fact]
    public async Task Check9_AStateOfANewerVersionIsRefusedAndNotTouched()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await daemon.StopAsync();
        var database = Path.Combine(daemon.DataRoot, "state.db");
        // The user_version of SQLite's file format, big-endian at offset 60.
        using (var file = File.OpenWrite(database))
        {
            file.Position = 60;
            file.Write([0, 0, 0x7f, 0]);
        }

        var before = await File.ReadAllBytesAsync(database);
        Assert.NotEqual(0, await daemon.StartAndEndAsync());
        Assert.Contains("newer version", daemon.Log, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(database));
    }

    private static async Task LifeAsync(PrivateDaemon daemon, string name)
    {
        await daemon.CallAsync("POST", "/volumes/create", $$"""{"Name":"{{name}}"}""");
        await daemon.RunAsync("sleep 1000", name, host: $"\"Binds\":[\"{name}:/v\"]");
        await daemon.CallAsync("POST", $"/containers/{name}/rename?name={name}-renamed");
        await daemon.CallAsync("POST", $"/containers/{name}-renamed/stop?t=0");
        await daemon.RemoveAsync($"{name}-renamed");
        await daemon.CallAsync("DELETE", $"/volumes/{name}");
    }

    private static Task RepeatAsync(PrivateDaemon daemon, string name) => LifeAsync(daemon, name);

    private static async Task<string> SaveAsync(PrivateDaemon daemon, string name)
    {
        await using var stream = await daemon.Api.SaveImagesAsync([name]);
        try
        {
            await stream.CopyToAsync(Stream.Null);
            return "";
        }
        catch (IOException e)
        {
            return "\"error\": the stream was cut: " + e.Message;
        }
    }

    private static string BlobOf(PrivateDaemon daemon, string kind, string name)
    {
        var content = Path.Combine(daemon.DataRoot, "content");
        string Blob(JsonNode? descriptor) => Path.Combine(content, "blobs/sha256", ((string)descriptor!["digest"]!)["sha256:".Length..]);
        var index = JsonNode.Parse(File.ReadAllText(Path.Combine(content, "index.json")))!;
        var manifest = Blob(index["manifests"]!.AsArray().Single(m => m!.ToJsonString().Contains(name, StringComparison.Ordinal)));
        var document = JsonNode.Parse(File.ReadAllText(manifest))!;
        return kind switch
        {
            "manifest" => manifest,
            "config" => Blob(document["config"]),
            _ => Blob(document["layers"]![0]),
        };
    }

    private static void FlipByte(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static void Damage(string path, bool zeros)
    {
        using var file = File.OpenWrite(path);
        var length = file.Length;
        if (zeros)
        {
            file.Write(new byte[length]);
        }
        else
        {
            file.SetLength(length / 2);
        }
    }
}
