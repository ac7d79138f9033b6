using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Isolation, privileges and limits of a container.</summary>
[Collection(MakingCollection.Name)]
public sealed class ConfinementTests(EngineRoom room)
{
    [Fact]
    public async Task CapabilitiesAreDockersDefaultAndCanBeChanged()
    {
        const string Read = "grep CapEff /proc/self/status | cut -f2";
        Assert.Equal("00000000a80425fb", (await room.Run("busybox", "sh", "-c", Read)).Ok());
        Assert.Equal("0000000000000000", (await room.Run("--cap-drop", "ALL", "busybox", "sh", "-c", Read)).Ok());
        Assert.Equal("0000000000001000", (await room.Run("--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "busybox", "sh", "-c", Read)).Ok());
    }

    [Fact]
    public async Task Check43_SeccompFiltersAndPathsAreMasked()
    {
        Assert.Equal("2", (await room.Run("busybox", "sh", "-c", "grep '^Seccomp:' /proc/self/status | cut -f2")).Ok());
        Assert.Equal("0", (await room.Run("--security-opt", "seccomp=unconfined", "busybox", "sh", "-c", "grep '^Seccomp:' /proc/self/status | cut -f2")).Ok());
        Assert.Equal("1", (await room.Run("--security-opt", "no-new-privileges", "busybox", "sh", "-c", "grep NoNewPrivs /proc/self/status | cut -f2")).Ok());
        Assert.Equal("0", (await room.Run("busybox", "sh", "-c", "cat /proc/kcore | wc -c")).Ok());
        var descriptors = (await room.Run("busybox", "ls", "/proc/self/fd")).Lines();
        Assert.Equal(["0", "1", "2", "3"], descriptors);
    }

    [Theory]
    [InlineData("echo b > /proc/sysrq-trigger")]
    [InlineData("mount -t tmpfs x /tmp")]
    [InlineData("busybox unshare -m true")]
    [InlineData("echo 1 > /proc/sys/kernel/panic")]
    [InlineData("mknod /tmp/d b 7 0 && cat /tmp/d")]
    public async Task Check47_HostileCallsAreRefused(string script) => Assert.NotEqual(0, (await room.Run("busybox", "sh", "-c", script)).Code);

    [Theory]
    [InlineData("4294967296")]
    [InlineData("-1")]
    [InlineData("0:99999999999")]
    [InlineData("nobody-here")]
    public async Task Check46_UsersOutsideTheRangeAreNeverRoot(string user)
    {
        var run = await room.Docker("run", "--rm", "--network", "none", "--user=" + user, "busybox", "id", "-u");
        Assert.True(run.Code is 125 or 126, $"{run}");
        var name = await room.Sleeper();
        Assert.NotEqual(0, (await room.Docker("exec", "--user=" + user, name, "id", "-u")).Code);
        await room.Remove(name);
    }

    /// <summary>
    /// Two containers share the directory in which the runtime sets up console, devices and masks; one swaps names there for links all the
    /// time. A mask that goes astray would show the host's file, or let the container write into it (CVE-2025-31133, -52565, -52881).
    /// </summary>
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task Check45_LinksSwappedDuringStartNeverReachTheHost(string runtime)
    {
        var volume = EngineRoom.Name("dev");
        var victim = Path.Combine(room.Home, EngineRoom.Name("victim"));
        await File.WriteAllTextAsync(victim, "the host's");
        const string swap = "while true; do for n in console null ptmx zero; do ln -sfn \"$V\" /d/$n; ln -sfn /proc/sysrq-trigger /d/$n; rm -rf /d/$n; touch /d/$n; done; ln -sfn /proc /d/pts; rm -rf /d/pts; mkdir -p /d/pts; done";
        var attacker = await room.Background("-e", "V=" + victim, "-v", volume + ":/d", "busybox", "sh", "-c", swap);
        // Exit codes tell what was found: such a container may have lost its output to the swapped names, too.
        const string look = "case \"$(cat /dev/null /dev/zero /dev/console | head -c 1000)\" in *host*) exit 9;; esac; echo owned | tee /dev/null /dev/zero; grep -q ' /proc/sysrq-trigger ro' /proc/self/mountinfo || exit 8; grep -q CPU /proc/interrupts && exit 7; exit 0";
        for (var round = 0; round < Scratch.Rounds(15); round++)
        {
            var run = await room.Run(["--runtime", runtime, .. round % 2 == 0 ? ["-t"] : Array.Empty<string>(), "-v", volume + ":/dev", "busybox", "timeout", "-s", "KILL", "3", "sh", "-c", look]);
            Assert.DoesNotContain(run.Code, (int[])[7, 8, 9]);
            Assert.Equal("the host's", await File.ReadAllTextAsync(victim));
        }

        await room.Remove(attacker);
        (await room.Docker("volume", "rm", volume)).Ok();
        Assert.Equal(7, (await room.Run("--runtime", runtime, "--security-opt", "systempaths=unconfined", "busybox", "sh", "-c", look.Replace(" ro'", "'", StringComparison.Ordinal).Replace("exit 8", "true", StringComparison.Ordinal))).Code);
    }

    [Fact]
    public async Task Check48_LabelsAndVariablesAreData()
    {
        const string Hostile = "$(touch /tmp/slipway-owned); `id` ../../etc \"' {{.}}";
        var name = await room.Sleeper("--label", "x=" + Hostile, "-e", "Y=" + Hostile);
        Assert.Equal(Hostile, await room.Inspect(name, "{{.Config.Labels.x}}"));
        Assert.Equal(Hostile, (await room.Docker("exec", name, "sh", "-c", "echo \"$Y\"")).Ok());
        Assert.False(File.Exists("/tmp/slipway-owned"));
        await room.Remove(name);
    }

    [Fact]
    public void Check50_TheSocketAndTheRootsAreClosedToOthers()
    {
        const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(room.Daemon.Socket) & (Others | UnixFileMode.OtherExecute));
        Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(room.Daemon.DataRoot) & Others);
        Assert.NotEqual(0, Tool.Try("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ls", room.Daemon.DataRoot).Code);
    }

    [Fact]
    public async Task LimitsStandInTheCgroup()
    {
        var name = await room.Sleeper("--memory", "64m", "--pids-limit", "50", "--cpus", "0.5", "--cpu-shares", "512");
        var cgroup = $"/{await room.Inspect(name, "{{.Id}}")}";
        string Limit(string v1, string v2) => File.ReadAllText(new[] { "/sys/fs/cgroup/" + v1, "/sys/fs/cgroup" + room.Daemon.CgroupParent + cgroup + "/" + v2 }.First(File.Exists)).Trim();
        string V1(string controller, string file) => controller + room.Daemon.CgroupParent + cgroup + "/" + file;
        Assert.Equal($"{64 << 20}", Limit(V1("memory", "memory.limit_in_bytes"), "memory.max"));
        Assert.Equal("50", Limit(V1("pids", "pids.max"), "pids.max"));
        Assert.StartsWith("50000", Limit(V1("cpu", "cpu.cfs_quota_us"), "cpu.max"), StringComparison.Ordinal);
        (await room.Docker("update", "--pids-limit", "60", name)).Ok();
        Assert.Equal("60", Limit(V1("pids", "pids.max"), "pids.max"));
        await room.Remove(name);
    }

    [Fact]
    public async Task UlimitsSysctlsAndReadOnlyRootsAreSet()
    {
        Assert.Equal("100", (await room.Run("--ulimit", "nofile=100:200", "busybox", "sh", "-c", "ulimit -n")).Ok());
        Assert.Equal("77", (await room.Run("--sysctl", "net.ipv4.ip_default_ttl=77", "busybox", "cat", "/proc/sys/net/ipv4/ip_default_ttl")).Ok());
        Assert.NotEqual(0, (await room.Run("--read-only", "busybox", "touch", "/x")).Code);
        (await room.Run("--read-only", "--tmpfs", "/t:size=1m", "busybox", "touch", "/t/x")).Ok();
    }

    [Fact]
    public async Task DevicesArePassedAndOthersAreNot()
    {
        Assert.Equal("0", (await room.Run("--device", "/dev/null:/dev/mine", "busybox", "sh", "-c", "cat /dev/mine | wc -c")).Ok());
        Assert.NotEqual(0, (await room.Run("busybox", "ls", "/dev/kmsg")).Code);
        (await room.Run("--privileged", "busybox", "ls", "/dev/kmsg")).Ok();
    }

    [Fact]
    public async Task NamespacesAreSharedWhenAsked()
    {
        var name = await room.Sleeper("--hostname", "first", "--ipc", "shareable");
        string[] same = ["net", "ipc", "pid"];
        foreach (var kind in same)
        {
            var own = (await room.Docker("exec", name, "readlink", "/proc/self/ns/" + kind)).Ok();
            string[] network = kind == "net" ? [] : ["--network", "none"];
            Assert.Equal(own, (await room.Docker(["run", "--rm", .. network, kind == "net" ? "--network" : "--" + kind, "container:" + name, "busybox", "readlink", "/proc/self/ns/" + kind])).Ok());
        }

        foreach (var kind in (string[])["pid", "uts", "ipc"])
        {
            Assert.Equal(Tool.Run("readlink", "/proc/self/ns/" + kind).Trim(), (await room.Run("--" + kind, "host", "busybox", "readlink", "/proc/self/ns/" + kind)).Ok());
        }

        Assert.Equal(Tool.Run("readlink", "/proc/self/ns/net").Trim(), (await room.Docker("run", "--rm", "--network", "host", "busybox", "readlink", "/proc/self/ns/net")).Ok());
        await room.Remove(name);
    }

    [Fact]
    public async Task InitReapsAsProcessOne() =>
        Assert.Contains("init", (await room.Run("--init", "busybox", "cat", "/proc/1/cmdline")).Ok(), StringComparison.Ordinal);
}
