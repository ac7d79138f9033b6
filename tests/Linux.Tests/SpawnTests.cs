using System.Diagnostics;
using System.Text;

namespace Slipway.Linux.Tests;

public sealed class SpawnTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private readonly ProcessWatch watch = new();

    public void Dispose() => watch.Dispose();

    [Fact]
    public async Task Of_500_children_none_is_lost_nor_stolen()
    {
        // A Process of the base library switches the runtime's own SIGCHLD handling on.
        using var foreign = Process.Start(new ProcessStartInfo("/bin/sleep", ["2"]));
        var codes = await Task.WhenAll(Enumerable.Range(0, 500).Select(i =>
            Task.Run(() => Spawn.WaitAsync(Spawn.Start("/bin/sh", ["sh", "-c", $"exit {i % 200}"], [], []), watch))));
        Assert.Equal(Enumerable.Range(0, 500).Select(i => i % 200), codes);
        await foreign!.WaitForExitAsync();
        Assert.Equal(0, foreign.ExitCode);
    }

    [Fact]
    public async Task Only_the_given_descriptors_are_passed_even_crosswise()
    {
        var (a, theirA) = UnixSockets.CreatePair();
        var (b, theirB) = UnixSockets.CreatePair();
        using (a)
        using (b)
        {
            int low = (int)theirA.DangerousGetHandle(), high = (int)theirB.DangerousGetHandle();
            var pid = Spawn.Start(
                "/bin/bash", ["bash", "-c", $"echo a >&{high}; echo b >&{low}; echo /proc/$$/fd/* >&{low}"], [], [(theirA, high), (theirB, low)]);
            theirA.Dispose();
            theirB.Dispose();
            Assert.Equal(0, await Spawn.WaitAsync(pid, watch));
            var buffer = new byte[500];
            Assert.Equal("a\n", Encoding.ASCII.GetString(buffer, 0, await a.ReceiveAsync(buffer)));
            var open = Encoding.ASCII.GetString(buffer, 0, await b.ReceiveAsync(buffer));
            Assert.StartsWith("b\n", open, StringComparison.Ordinal);
            // bash has 3 open to read the directory and keeps copies from 10 on while it redirects.
            var ours = open[2..].Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(f => int.Parse(Path.GetFileName(f), null));
            Assert.Equal(new[] { 0, 1, 2, low, high }.Order(), ours.Where(f => f < 3 || f is > 3 and < 10 || f == low || f == high || f > 255).Order());
        }
    }

    [Fact]
    public async Task Runs_with_input_output_environment_and_directory()
    {
        var result = await Spawn.RunAsync(
            "/bin/sh", ["sh", "-c", "cat; echo $A; pwd; echo oops >&2; exit 7"], ["A=b"], watch, "in\n"u8.ToArray(), 1000, Long, "/usr");
        Assert.Equal((7, "in\nb\n/usr\n", "oops\n", false), (result.ExitCode, Text(result.Output), Text(result.Error), result.Truncated));
    }

    [Fact]
    public async Task Output_is_bounded_and_time_too()
    {
        var result = await Spawn.RunAsync("/usr/bin/head", ["head", "-c", "3000000", "/dev/zero"], [], watch, null, 1000, Long);
        Assert.Equal((0, 1000, true), (result.ExitCode, result.Output.Length, result.Truncated));
        await Assert.ThrowsAsync<TimeoutException>(() =>
            Spawn.RunAsync("/bin/sleep", ["sleep", "100"], [], watch, null, 10, TimeSpan.FromMilliseconds(100)));
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Spawn.RunAsync("/bin/sleep", ["sleep", "100"], [], watch, null, 10, Long, null, stop.Token));
    }

    [Fact]
    public async Task Children_have_default_signals_and_dev_null()
    {
        var result = await Spawn.RunAsync("/bin/cat", ["cat", "/proc/self/status"], [], watch, null, 10000, Long);
        Assert.Matches("SigBlk:\\s0000000000000000\n", Text(result.Output));
        Assert.Matches("SigIgn:\\s0000000000000000\n", Text(result.Output));
        var input = await Spawn.RunAsync("/bin/readlink", ["readlink", "/proc/self/fd/0"], [], watch, null, 100, Long);
        Assert.Equal("/dev/null\n", Text(input.Output));
    }

    [Fact]
    public void What_cannot_start_is_told()
    {
        Assert.True(Assert.Throws<LinuxException>(() => Spawn.Start("/nonexistent", ["x"], [], [])).IsNotFound);
        Assert.True(Assert.Throws<LinuxException>(() => Spawn.Start("/bin/true", ["x"], [], [], "/nonexistent")).IsNotFound);
        Assert.NotNull(Spawn.FindExecutable("sh"));
    }

    [Fact]
    public async Task A_pidfd_signals_and_tells_the_end()
    {
        var pid = Spawn.Start("/bin/sleep", ["sleep", "100"], [], [], newSession: true);
        using var process = Pidfd.Open(pid)!;
        Assert.False(process.HasExited);
        Assert.Equal(("sleep", Environment.ProcessId), (ProcStat.Read(pid)!.Comm, ProcStat.Read(pid)!.ParentPid));
        Assert.Contains(pid, ProcStat.Children(Environment.ProcessId));
        var end = watch.WaitForExit(process);
        Assert.True(process.Signal(Signals.Term));
        await end.WaitAsync(Long);
        Assert.True(process.HasExited);
        Assert.Equal(new SpawnResult(143, 15), Spawn.Wait(pid));
        Assert.False(process.Signal(0));
        Assert.Null(Pidfd.Open(pid));
        Assert.Null(ProcStat.Read(pid));
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
