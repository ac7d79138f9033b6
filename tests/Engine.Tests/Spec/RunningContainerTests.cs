using Slipway.DockerApi;

namespace Slipway.Engine.Tests.Spec;

/// <summary>What a container finds when the real runtime has built it: stock Docker's container, check 43.</summary>
public sealed class RunningContainerTests : IDisposable
{
    private readonly SpecRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void HasTheFourteenCapabilitiesAndTheFilter()
    {
        var status = _rig.Run("cat /proc/self/status");
        Assert.Contains("CapInh:\t0000000000000000", status);
        Assert.Contains("CapPrm:\t00000000a80425fb", status);
        Assert.Contains("CapEff:\t00000000a80425fb", status);
        Assert.Contains("CapBnd:\t00000000a80425fb", status);
        Assert.Contains("CapAmb:\t0000000000000000", status);
        Assert.Contains("NoNewPrivs:\t0", status);
        Assert.Contains("Seccomp:\t2", status);
    }

    [Fact]
    public void HasDockersMounts()
    {
        var mounts = _rig.Run("cat /proc/self/mounts");
        Assert.Contains("proc /proc proc rw,nosuid,nodev,noexec,relatime", mounts);
        Assert.Contains("tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755", mounts);
        Assert.Contains("devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666", mounts);
        Assert.Contains("sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime", mounts);
        Assert.Contains("mqueue /dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime", mounts);
        Assert.Contains("shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k", mounts);
        Assert.Contains("proc /proc/sys proc ro,", mounts);
        Assert.Contains("tmpfs /proc/interrupts tmpfs", mounts);
        Assert.Matches("/sys/fs/cgroup/memory cgroup ro,nosuid,nodev,noexec", mounts);
    }

    [Fact]
    public void CannotWriteWhereItMustNot()
    {
        var output = _rig.Run("cat /proc/keys | wc -c; cat /proc/interrupts | wc -c; echo x > /proc/sysrq-trigger; mount -t tmpfs x /tmp; unshare -m true; ls /sys/firmware | wc -l");
        Assert.StartsWith("0\n0\n0\n", output);
        Assert.Contains("can't create /proc/sysrq-trigger", output);
        Assert.Contains("mount: permission denied", output);
        Assert.Contains("unshare", output);
    }

    [Fact]
    public void HasTheDefaultDevicesOnly()
    {
        var devices = _rig.Run("ls /dev");
        Assert.Equal(["fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"], devices.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "core"));
    }

    [Fact]
    public void EnvironmentIsInOrderAndHomeFollowsTheUser()
    {
        var root = _rig.Run("", change: config => config with { Cmd = ["env"], Env = ["A=1", "PATH=/bin", "B=x=y"], Hostname = "box" });
        Assert.Equal("PATH=/bin\nHOSTNAME=box\nA=1\nB=x=y\nHOME=/root\n", root);
        Assert.Contains("HOME=/home/alice", _rig.Run("env", change: config => config with { User = "alice" }));
        Assert.Contains("HOME=/\n", _rig.Run("env", change: config => config with { User = "4321" }));
    }

    [Theory]
    [InlineData("alice", "uid=1000(alice) gid=1001(alice) groups=10(wheel),29(audio),1001(alice)")]
    [InlineData("1000", "uid=1000(alice) gid=1001(alice) groups=10(wheel),29(audio),1001(alice)")]
    [InlineData("1000:29", "uid=1000(alice) gid=29(audio) groups=29(audio)")]
    [InlineData("1234", "uid=1234 gid=0(root) groups=0(root)")]
    [InlineData("", "uid=0(root) gid=0(root) groups=0(root),10(wheel)")]
    public void RunsAsTheUserAskedFor(string user, string identity) =>
        Assert.Equal(identity, _rig.Run("id", change: config => config with { User = user }).Trim());

    [Fact]
    public void GroupAddJoinsGroups() =>
        Assert.Equal("1001 10 29 777", _rig.Run("id -G", new HostConfig { GroupAdd = ["777", "audio"] }, config => config with { User = "alice" }).Trim());

    [Fact]
    public void PrivilegedHasEverythingWeHave()
    {
        var output = _rig.Run("cat /proc/self/status; mount -t tmpfs x /tmp && echo mounted; ls /dev/loop-control; touch /sys/fs/cgroup/memory/tasks && echo cgroup; wc -c < /proc/interrupts", new HostConfig { Privileged = true });
        Assert.Contains("Seccomp:\t0", output);
        Assert.Contains("CapEff:\t000001fffeffffff", output);
        Assert.Contains("mounted", output);
        Assert.Contains("/dev/loop-control", output);
        Assert.Contains("cgroup", output);
        Assert.DoesNotContain("\n0\n", output);
    }

    [Fact]
    public void CapabilitiesAreAddedAndDropped()
    {
        Assert.Contains("CapEff:\t0000000000000000", _rig.Run("cat /proc/self/status", new HostConfig { CapDrop = ["ALL"] }));
        Assert.Contains("CapEff:\t0000000000200001", _rig.Run("cat /proc/self/status", new HostConfig { CapDrop = ["all"], CapAdd = ["chown", "CAP_SYS_ADMIN"] }));
        Assert.Contains("mounted", _rig.Run("mount -t tmpfs x /tmp && echo mounted", new HostConfig { CapAdd = ["SYS_ADMIN"] }));
    }

    [Fact]
    public void LimitsReachTheCgroups()
    {
        var host = new HostConfig { Memory = 64 << 20, NanoCpus = 500_000_000, PidsLimit = 33, CpuShares = 512, CpusetCpus = "0", MemoryReservation = 32 << 20 };
        var output = _rig.Run(
            "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes memory/memory.soft_limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.shares pids/pids.max cpuset/cpuset.cpus", host);
        Assert.Equal(["67108864", "134217728", "33554432", "50000", "100000", "512", "33", "0"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void LimitsAboveOursAreLowered()
    {
        var host = new HostConfig { Ulimits = [new Ulimit { Name = "nofile", Soft = 1024, Hard = 1L << 40 }, new Ulimit { Name = "core", Soft = -1, Hard = -1 }], OomScoreAdj = -900 };
        var output = _rig.Run("ulimit -n; ulimit -c; cat /proc/self/oom_score_adj", host);
        Assert.StartsWith("1024\nunlimited\n", output);
        Assert.DoesNotContain("runc", output);
    }

    [Fact]
    public void MountsOfTheUserArrive()
    {
        var source = Directory.CreateDirectory(Path.Combine(_rig.RootFs, "tmp/source")).FullName;
        File.WriteAllText(Path.Combine(source, "file"), "content");
        var host = new HostConfig
        {
            Binds = [$"{source}:/data:ro"], Tmpfs = new Dictionary<string, string> { ["/scratch"] = "size=1m,exec" },
            Mounts = [new Mount { Type = "tmpfs", Target = "/t2", TmpfsOptions = new TmpfsOptions { SizeBytes = 2 << 20, Mode = 448 } }],
        };
        var output = _rig.Run("cat /data/file; touch /data/x; grep -E 'scratch|t2' /proc/self/mounts", host);
        Assert.StartsWith("content", output);
        Assert.Contains("Read-only file system", output);
        Assert.Matches(@"tmpfs /scratch tmpfs rw,nosuid,nodev,relatime,size=1024k", output);
        Assert.Matches(@"tmpfs /t2 tmpfs rw,nosuid,nodev,noexec,relatime,size=2048k,mode=700", output);
    }

    [Fact]
    public void ReadOnlyRootStaysReadOnly()
    {
        var output = _rig.Run("touch /x; touch /dev/shm/y && echo shm; touch /dev/z && echo dev", new HostConfig { ReadonlyRootfs = true });
        Assert.Contains("touch: /x: Read-only file system", output);
        Assert.Contains("shm\ndev", output);
    }

    [Fact]
    public void InitIsThePidOne() =>
        Assert.Equal("docker-init\n2\n", _rig.Run("cat /proc/1/comm; echo $PPID; true", new HostConfig { Init = true }).Replace("\n1\n", "\n2\n", StringComparison.Ordinal));

    [Fact]
    public void SecurityOptionsHold()
    {
        Assert.Contains("NoNewPrivs:\t1", _rig.Run("cat /proc/self/status", new HostConfig { SecurityOpt = ["no-new-privileges"] }));
        Assert.Contains("Seccomp:\t0", _rig.Run("cat /proc/self/status", new HostConfig { SecurityOpt = ["seccomp=unconfined"] }));
        const string profile = """{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}""";
        Assert.Contains("Permission denied", _rig.Run("mkdir /q", new HostConfig { SecurityOpt = ["seccomp=" + profile] }));
        Assert.DoesNotContain("/proc/interrupts", _rig.Run("cat /proc/self/mounts", new HostConfig { MaskedPaths = [], ReadonlyPaths = [] }));
    }

    [Fact]
    public void NamespacesAreSharedAsAsked()
    {
        var own = File.ResolveLinkTarget("/proc/self/ns/ipc", false)!.Name;
        var output = _rig.Run("ls -l /proc/self/ns/; hostname", new HostConfig { IpcMode = "host", UTSMode = "host", PidMode = "host", NetworkMode = "host" });
        Assert.Contains(own, output);
        Assert.Contains(File.ResolveLinkTarget("/proc/self/ns/net", false)!.Name, output);
        Assert.Contains(Environment.MachineName, output);
        Assert.DoesNotContain(own, _rig.Run("ls -l /proc/self/ns/"));
    }

    [Fact]
    public void SysctlsAndDomainAreSet()
    {
        var output = _rig.Run(
            "sysctl -n kernel.msgmax kernel.domainname net.ipv4.ip_unprivileged_port_start",
            new HostConfig { Sysctls = new Dictionary<string, string> { ["kernel.msgmax"] = "65000" } }, config => config with { Domainname = "example.org" });
        Assert.Equal("65000\nexample.org\n0\n", output);
    }

    [Fact]
    public void DevicesAreGiven()
    {
        var output = _rig.Run(
            "ls /dev/kmsg2 && head -c1 /dev/kmsg2 > /tmp/o; cat /dev/full | head -c 2 | wc -c",
            new HostConfig { Devices = [new DeviceMapping { PathOnHost = "/dev/zero", PathInContainer = "/dev/kmsg2", CgroupPermissions = "r" }] });
        Assert.Equal("/dev/kmsg2\n2\n", output);
    }

    /// <summary>Raw calls through perl, which every Debian has: call numbers are x86-64's.</summary>
    [Fact]
    public void TheFilterAnswersAsDockers()
    {
        foreach (var name in (ReadOnlySpan<string>)["lib", "lib64", "usr"])
        {
            Directory.CreateDirectory(Path.Combine(_rig.RootFs, name));
        }

        var script = string.Join("; ", new (string Name, string Call)[]
        {
            ("clone3", "435, 0, 0"), ("vsock", "41, 40, 1, 0"), ("alg", "41, 38, 5, 0"), ("inet", "41, 2, 1, 0"), ("netlink", "41, 16, 3, 0"),
            ("keyctl", "250, 0, 0, 0"), ("uring", "425, 1, 0"), ("mount", "165, 0, 0, 0, 0, 0"), ("query", "135, 0xffffffff"), ("uname26", "135, 0x20000"),
            ("readimplies", "135, 0x400000"), ("newuser", "56, 0x10000000, 0, 0, 0, 0"), ("newest", "999, 0"),
        }.Select(call => $"$!=0; syscall({call.Call}); print \"{call.Name}=\", $!+0, \"\\n\""));
        var host = new HostConfig { Binds = ["/usr:/usr:ro", "/usr/lib:/lib:ro", "/usr/lib64:/lib64:ro"] };
        var output = _rig.Run("", host, config => config with { Cmd = ["/usr/bin/perl", "-e", script] });
        Assert.Equal(
            "clone3=38 vsock=1 alg=1 inet=0 netlink=0 keyctl=1 uring=1 mount=1 query=0 uname26=0 readimplies=1 newuser=1 newest=38",
            output.Trim().Replace('\n', ' '));
    }
}
