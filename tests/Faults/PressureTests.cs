using System.Diagnostics;
using System.Globalization;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 53, 54 and 57: containers and clients that take what they can get.</summary>
public sealed class PressureTests
{
    [Fact]
    public async Task Check53_HogsInLimitedContainersDisturbNobody()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var neighbour = await daemon.RunAsync("sleep 1000");
        var forks = await daemon.RunAsync("bomb() { bomb | bomb & }; bomb; sleep 1000", host: "\"PidsLimit\":64,\"NanoCpus\":200000000,\"Memory\":67108864");
        var memory = await daemon.RunAsync("while :; do tail /dev/zero; done", host: "\"Memory\":33554432,\"MemorySwap\":33554432,\"NanoCpus\":200000000");
        var files = await daemon.RunAsync("i=3; while [ $i -lt 1000 ]; do eval \"exec $i</dev/null\" || break; i=$((i+1)); done; echo last $i; sleep 1000", host: "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":64,\"Hard\":64}]");
        var flood = await daemon.RunAsync("yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", host: "\"NanoCpus\":300000000,\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\",\"max-file\":\"2\"}}");

        var slowest = TimeSpan.Zero;
        for (var round = 0; round < 40; round++)
        {
            var watch = Stopwatch.StartNew();
            await daemon.ListAsync();
            await daemon.StateAsync(neighbour);
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
            await Wait.PauseAsync(50);
        }

        Assert.True(slowest < TimeSpan.FromSeconds(3), $"the slowest answer took {slowest}");
        Assert.Equal((0, "fine\n"), await daemon.ExecAsync(neighbour, "echo fine"));
        Assert.InRange(Cgroup(daemon, "pids", forks, "pids.current"), 1, 64);
        Assert.InRange(Cgroup(daemon, "memory", memory, "memory.max_usage_in_bytes"), 1, 33554432);
        Assert.InRange(SizeOfLogs(daemon, flood), 100_000, 12_000_000);
        foreach (var id in (string[])[forks, memory, files, flood])
        {
            await daemon.RemoveAsync(id).WaitAsync(TimeSpan.FromSeconds(15));
        }

        await Wait.UntilAsync("only the neighbour is left", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Count(pid => pid != daemon.Pid) == 2);
    }

    // Runs that end while they are being started: what accompanies a run must not stay behind and look for its log for ever.
    [Fact]
    public async Task ShortRunsLeaveTheDaemonAtRest()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        for (var round = 0; round < 6; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
            {
                var id = await daemon.RunAsync("true");
                await daemon.ExitAsync(id);
                await daemon.RemoveAsync(id);
            }));
        }

        await Wait.PauseAsync(3000);
        var before = Switches(daemon.Pid);
        await Wait.PauseAsync(3000);
        var switches = Switches(daemon.Pid) - before;
        Assert.True(switches < 150, $"its threads worked {switches} times");
    }

    [Fact]
    public async Task Check54_ThousandsOfExecsLeaveNothingBehind()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("sleep 1000", host: "\"Init\":true");
        var pid = (int)(await daemon.StateAsync(id))["Pid"]!;
        await ExecsAsync(daemon, id, 100);
        var before = Use.Of(daemon);
        await ExecsAsync(daemon, id, Scratch.Rounds(1500));
        await Wait.UntilAsync("descriptors are as before", () => Use.Of(daemon).Descriptors <= before.Descriptors + 10, 15);

        var after = Use.Of(daemon);
        Assert.True(after.Threads <= before.Threads + 8, $"threads: {before.Threads}, then {after.Threads}");
        Assert.True(after.Memory <= before.Memory + (48 << 20), $"memory: {before.Memory}, then {after.Memory}");
        await Wait.UntilAsync("only the monitor is left", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Count(process => process != daemon.Pid && !IsOf(pid, process)) == 1);
        Assert.Equal(0, Zombies(daemon.Pid) + Zombies(pid));
        await Wait.UntilAsync("nothing is left of execs", () => Directory.GetFileSystemEntries(Path.Combine(daemon.ExecRoot, "containers", id, "exec")).Length == 0);
    }

    [Fact]
    public async Task Check57_TwoHundredClientsThatLeaveAsTheyLike()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var talker = await daemon.RunAsync("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", host: "\"NanoCpus\":200000000");
        var reader = await daemon.RunAsync("cat", config: "\"OpenStdin\":true");
        var watched = await daemon.RunAsync("i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.02; done");
        var follower = FollowAsync(daemon, watched);
        await ClientsAsync(daemon, talker, reader, 60);
        var before = Use.Of(daemon);
        await ClientsAsync(daemon, talker, reader, 200);

        await Wait.UntilAsync("descriptors are as before", () => Use.Of(daemon).Descriptors <= before.Descriptors + 20, 20);
        Assert.Equal(Enumerable.Range(1, 300), (await follower).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture)));
        var after = Use.Of(daemon);
        Assert.True(after.Memory <= before.Memory + (64 << 20), $"memory: {before.Memory}, then {after.Memory}");
        Assert.Equal((0, "fine\n"), await daemon.ExecAsync(talker, "echo fine"));
        Assert.Equal("running", (string?)(await daemon.StateAsync(reader))["Status"]);
    }

    [Fact]
    public async Task SpectatorsThatLeaveDoNotPileUp()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("cat", config: "\"OpenStdin\":true,\"StdinOnce\":true");
        await using var owner = await daemon.Api.AttachContainerAsync(id, new AttachOptions { Stdin = true });
        await SpectateAsync(daemon, id, 20);
        var before = Use.Of(daemon).Descriptors;
        await SpectateAsync(daemon, id, 200);
        await Wait.UntilAsync("descriptors are as before", () => Use.Of(daemon).Descriptors <= before + 20, 10);

        await owner.WriteAsync("still mine\n"u8.ToArray());
        owner.CloseWrite();
        using var output = new MemoryStream();
        await new MultiplexedStream(owner).CopyToAsync(output, output);
        Assert.Equal("still mine\n", System.Text.Encoding.UTF8.GetString(output.ToArray()));
        Assert.Equal(0, await daemon.ExitAsync(id));
    }

    private static async Task SpectateAsync(PrivateDaemon daemon, string id, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await using var spectator = await daemon.Api.AttachContainerAsync(id, new AttachOptions());
        }
    }

    private static async Task ExecsAsync(PrivateDaemon daemon, string id, int count) =>
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
            Assert.Equal((i % 200, ""), await daemon.ExecAsync(id, $"exit {i % 200}")));

    private static async Task ClientsAsync(PrivateDaemon daemon, string talker, string reader, int count)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (i, cancel) =>
        {
            await using Stream client = (i % 4) switch
            {
                0 => await daemon.Api.AttachContainerAsync(talker, new AttachOptions(), cancel),
                1 => await daemon.Api.AttachContainerAsync(reader, new AttachOptions { Stdin = true }, cancel),
                2 => await daemon.Api.ContainerLogsAsync(talker, new LogOptions { Follow = true }, cancel),
                _ => await daemon.Api.StartExecAsync(await ExecIdAsync(daemon, reader), new DockerApi.ExecStartRequest(), cancel),
            };
            if (client is HijackedStream hijacked && i % 3 == 0)
            {
                await hijacked.WriteAsync("x\n"u8.ToArray(), cancel);
                hijacked.CloseWrite();
            }

            await Wait.PauseAsync(i * 7 % 300);
        });
    }

    private static async Task<string> ExecIdAsync(PrivateDaemon daemon, string id) =>
        (string)(await daemon.CallAsync("POST", $"/containers/{id}/exec", """{"AttachStdin":true,"AttachStdout":true,"Cmd":["cat"]}"""))!["Id"]!;

    private static async Task<string> FollowAsync(PrivateDaemon daemon, string id)
    {
        await using var stream = await daemon.Api.ContainerLogsAsync(id, new LogOptions { Follow = true });
        using var output = new MemoryStream();
        await new MultiplexedStream(stream).CopyToAsync(output, output);
        return System.Text.Encoding.UTF8.GetString(output.ToArray());
    }

    private static long Cgroup(PrivateDaemon daemon, string controller, string id, string file) =>
        long.Parse(File.ReadAllText($"/sys/fs/cgroup/{controller}{daemon.CgroupParent}/{id}/{file}"), CultureInfo.InvariantCulture);

    // A file that is just being renamed has no size.
    private static long SizeOfLogs(PrivateDaemon daemon, string id) =>
        Directory.GetFiles(Path.Combine(daemon.DataRoot, "containers", id), "container.log*").Sum(file => new FileInfo(file) is { Exists: true } found ? found.Length : 0);

    private static bool IsOf(int parent, int pid) => pid == parent || Status(pid, "PPid:") == parent;

    private static int Zombies(int parent) =>
        Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])).Count(path =>
        {
            var pid = int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
            return Status(pid, "PPid:") == parent && StatusLine(pid, "State:").Contains('Z', StringComparison.Ordinal);
        });

    private static int Status(int pid, string key) => int.TryParse(StatusLine(pid, key), CultureInfo.InvariantCulture, out var value) ? value : -1;

    // How often its threads gave up the processor to wait.
    private static int Switches(int pid) =>
        Directory.GetDirectories($"/proc/{pid}/task").Sum(task => Status(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), "voluntary_ctxt_switches:"));

    private static string StatusLine(int pid, string key)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..].Trim() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>What a daemon holds of the host.</summary>
    private sealed record Use(int Descriptors, int Threads, long Memory)
    {
        internal static Use Of(PrivateDaemon daemon) => new(
            Directory.GetFiles($"/proc/{daemon.Pid}/fd").Length,
            Directory.GetDirectories($"/proc/{daemon.Pid}/task").Length,
            1024L * int.Parse(StatusLine(daemon.Pid, "VmRSS:").Split(' ')[0], CultureInfo.InvariantCulture));
    }
}
