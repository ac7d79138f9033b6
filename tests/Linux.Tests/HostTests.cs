using System.Globalization;

namespace Slipway.Linux.Tests;

public sealed class HostTests
{
    [Fact]
    public void An_oom_watch_may_end_while_its_cgroup_does()
    {
        using var watch = new ProcessWatch();
        var struck = 0;
        for (var round = 0; round < 500; round++)
        {
            var group = $"/slipway-test-{Guid.NewGuid():N}";
            Cgroups.Create(group);
            using var oom = OomWatch.Begin(watch, group, () => Interlocked.Increment(ref struck));
            Assert.NotNull(oom);
            Cgroups.Remove(group);
            Thread.SpinWait(Random.Shared.Next(20_000));
        }

        Assert.Null(OomWatch.Begin(watch, "/slipway-test-nothing", () => { }));
        Assert.Equal(0, struck);
    }

    [Fact]
    public async Task A_cgroup_is_made_measured_frozen_emptied_and_removed()
    {
        var group = "/slipway-test-" + Guid.NewGuid().ToString("N");
        Cgroups.Create(group);
        try
        {
            Cgroups.Create(group + "/child");
            var pid = Spawn.Start("/bin/sh", ["sh", "-c", "while :; do :; done"], [], []);
            foreach (var directory in Cgroups.Directories(group))
            {
                // A new cpuset has no processors yet and takes no process; systemd's and others do.
                if (!File.Exists(directory + "/cpuset.cpus"))
                {
                    File.WriteAllText(directory + "/cgroup.procs", pid.ToString(CultureInfo.InvariantCulture));
                }
            }

            Assert.Equal([pid], Cgroups.Processes(group, recursive: true));
            Cgroups.Freeze(group);
            Assert.True(Cgroups.IsFrozen(group));
            var stats = Cgroups.ReadStats(group)!;
            Assert.Equal(1UL, stats.Pids!.Current);
            Assert.NotEmpty(stats.Memory!.Stats);
            Assert.Equal(stats.Cpu.TotalNs, Cgroups.ReadStats(group)!.Cpu.TotalNs);
            Cgroups.Thaw(group);
            Assert.Equal(0, Cgroups.OomKills(group));
            Cgroups.Freeze(group);
            var reaped = Task.Run(() => Spawn.Wait(pid));
            Assert.True(Cgroups.KillAll(group));
            Assert.Equal(137, (await reaped).ExitCode);
        }
        finally
        {
            Cgroups.Remove(group);
        }

        Assert.False(Cgroups.Exists(group));
        Assert.Null(Cgroups.ReadStats(group));
        Cgroups.Remove(group);
        Assert.Throws<ArgumentException>(() => Cgroups.Remove("/"));
    }

    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData("9", 9)]
    [InlineData("RTMIN+3", 37)]
    [InlineData("SIGRTMAX-1", 63)]
    [InlineData("SIGRTMIN-1", null)]
    [InlineData("65", null)]
    [InlineData("", null)]
    [InlineData("SIG", null)]
    public void Signals_are_read(string text, int? number)
    {
        Assert.Equal(number, Signals.Parse(text));
        if (number is { } known)
        {
            Assert.Equal(known, Signals.Parse(Signals.Name(known)));
        }
    }

    [Fact]
    public void Facts_about_the_machine_are_true()
    {
        Assert.Equal(100, SystemInfo.ClockTicks);
        Assert.True(SystemInfo.MemoryTotal > 100 << 20);
        Assert.NotEmpty(SystemInfo.KernelRelease + SystemInfo.HostName);
        Assert.NotEqual("Linux", SystemInfo.OsName);
        Assert.Contains("CAP_SYS_ADMIN", Capabilities.Effective);
        Assert.Equal(21, Capabilities.Number("CAP_SYS_ADMIN"));
        Assert.True(Rlimits.Read("nofile")!.Value.Hard > 0);
        Assert.Null(Rlimits.Read("nothing"));
    }

    [Fact]
    public void A_pseudo_terminal_goes_raw_and_back()
    {
        using var master = File.OpenHandle("/dev/ptmx", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var fd = (int)master.DangerousGetHandle();
        Assert.True(Terminal.TerminalDevice.IsTerminal(fd));
        Assert.Null(Terminal.TerminalDevice.Size(fd));
        Terminal.RawMode.Enter(fd).Dispose();
        Terminal.TerminalDevice.NoEcho(fd).Dispose();
        Assert.False(Terminal.TerminalDevice.IsTerminal(-1));
        Assert.Throws<IOException>(() => Terminal.RawMode.Enter(-1));
    }
}
