using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;
using Slipway.Oci;

namespace Slipway.Engine.Tests.Spec;

public sealed class RequestTests
{
    private static readonly string Id = new('a', 64);
    private static readonly EngineOptions Options = new() { DataRoot = "/d", ExecRoot = "/e", DefaultRuntime = "runc" };
    private static readonly HostFacts Host = HostFacts.Read() with { Processors = 2, Cpus = "0-1", Mems = "0", OomScoreAdj = 0 };

    private static NormalizedRequest Normalize(HostConfig host, Func<ContainerCreateRequest, ContainerCreateRequest>? change = null, ImageConfig? image = null, HostFacts? facts = null)
    {
        var request = new ContainerCreateRequest { Cmd = ["true"], HostConfig = host };
        return ContainerRequestValidator.Normalize(change is null ? request : change(request), image, Id, Options, facts ?? Host);
    }

    private static string Refuse(HostConfig host, Func<ContainerCreateRequest, ContainerCreateRequest>? change = null) =>
        Assert.Throws<EngineException>(() => Normalize(host, change)).Message;

    public static TheoryData<HostConfig, string> BadHosts => new()
    {
        { new() { Memory = 1 << 20 }, "Minimum memory limit allowed is 6MB" },
        { new() { MemorySwap = 1 << 30 }, "You should always set the Memory limit when using Memoryswap limit, see usage" },
        { new() { Memory = 1 << 30, MemorySwap = 1 << 29 }, "Minimum memoryswap limit should be larger than memory limit, see usage" },
        { new() { MemoryReservation = 1 }, "Minimum memory reservation allowed is 6MB" },
        { new() { Memory = 8 << 20, MemoryReservation = 16 << 20 }, "Minimum memory limit can not be less than memory reservation limit, see usage" },
        { new() { MemorySwappiness = 101 }, "Invalid value: 101, valid memory swappiness range is 0-100" },
        { new() { NanoCpus = 3_000_000_000 }, "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available" },
        { new() { NanoCpus = 1, CpuPeriod = 1000 }, "Conflicting options: Nano CPUs and CPU Period cannot both be set" },
        { new() { CpuPeriod = 999 }, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)" },
        { new() { CpuQuota = 999 }, "CPU cfs quota can not be less than 1ms (i.e. 1000)" },
        { new() { CpusetCpus = "7" }, "Requested CPUs are not available - requested 7, available: 0-1" },
        { new() { CpusetCpus = "x" }, "Invalid value x for cpuset cpus" },
        { new() { CpusetCpus = "0-99999999999" }, "Invalid value 0-99999999999 for cpuset cpus" },
        { new() { BlkioWeight = 9 }, "Range of blkio weight is from 10 to 1000" },
        { new() { ShmSize = -1 }, "SHM size can not be less than 0" },
        { new() { OomScoreAdj = 1001 }, "Invalid value 1001, range for oom score adj is [-1000, 1000]" },
        { new() { RestartPolicy = new() { Name = "always", MaximumRetryCount = 1 } }, "invalid restart policy: maximum retry count can only be used with 'on-failure'" },
        { new() { RestartPolicy = new() { Name = "x" } }, "invalid restart policy: unknown policy 'x'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'" },
        { new() { RestartPolicy = new() { Name = "always" }, AutoRemove = true }, "can't create 'AutoRemove' container with restart policy" },
        { new() { LogConfig = new() { Type = "x" } }, "logger: no log driver named 'x' is registered" },
        { new() { LogConfig = new() { Type = "json-file", Config = new Dictionary<string, string> { ["q"] = "1" } } }, "unknown log opt 'q' for json-file log driver" },
        { new() { LogConfig = new() { Type = "local", Config = new Dictionary<string, string> { ["max-file"] = "0" } } }, "max-file cannot be less than 1" },
        { new() { IpcMode = "x" }, "invalid IPC mode: x" },
        { new() { PidMode = "x" }, "invalid PID mode: x" },
        { new() { UTSMode = "x" }, "invalid UTS mode: x" },
        { new() { CgroupnsMode = "x" }, "invalid cgroup namespace mode: x" },
        { new() { UsernsMode = "x" }, "invalid USER mode: x" },
        { new() { NetworkMode = "container:" }, "invalid container format container:<name|id>" },
        { new() { NetworkMode = "container:a", Dns = ["1.1.1.1"] }, "conflicting options: dns and the network mode" },
        { new() { NetworkMode = "container:a", PublishAllPorts = true }, "conflicting options: port publishing and the container type network mode" },
        { new() { NetworkMode = "container:a", ExtraHosts = ["a:1.1.1.1"] }, "conflicting options: custom host-to-IP mapping and the network mode" },
        { new() { CapAdd = ["nope"] }, "invalid CapAdd: unknown capability: \"CAP_NOPE\"" },
        { new() { SecurityOpt = ["nope"] }, "invalid --security-opt 1: \"nope\"" },
        { new() { SecurityOpt = ["no=pe"] }, "invalid --security-opt 2: \"no=pe\"" },
        { new() { Isolation = "hyperv" }, "invalid isolation 'hyperv' on linux" },
        { new() { Runtime = "nope" }, "unknown or invalid runtime name: nope" },
        { new() { Sysctls = new Dictionary<string, string> { ["kernel.panic"] = "1" } }, "sysctl 'kernel.panic' is not allowed" },
        { new() { NetworkMode = "host", Sysctls = new Dictionary<string, string> { ["net.core.somaxconn"] = "1" } }, "sysctl 'net.core.somaxconn' not allowed in host network namespace" },
        { new() { PortBindings = new Dictionary<string, IReadOnlyList<PortBinding>?> { ["99999/tcp"] = null } }, "invalid port specification: \"99999/tcp\"" },
        { new() { PortBindings = new Dictionary<string, IReadOnlyList<PortBinding>?> { ["80/tcp"] = [new() { HostPort = "x" }] } }, "invalid port specification: \"x\"" },
        { new() { ExtraHosts = ["nope"] }, "bad format for add-host: \"nope\"" },
        { new() { ExtraHosts = ["a:1.1.1.1\n6.6.6.6 b"] }, "bad format for add-host: \"a:1.1.1.1\n6.6.6.6 b\"" },
        { new() { ExtraHosts = ["a:x"] }, "invalid IP address in add-host: \"x\"" },
        { new() { Ulimits = [new() { Name = "x" }] }, "invalid ulimit type: x" },
        { new() { DeviceCgroupRules = ["c 1:2"] }, "invalid device cgroup rule format: 'c 1:2'" },
        { new() { DeviceRequests = [new() { Count = -1, Capabilities = [["gpu"]] }] }, "could not select device driver \"\" with capabilities: [[gpu]]" },
        { new() { CgroupParent = "/../x" }, "invalid cgroup parent: /../x" },
        { new() { StorageOpt = new Dictionary<string, string> { ["size"] = "1G" } }, "--storage-opt is supported only for overlay over xfs with 'pquota' mount option" },
    };

    [Theory]
    [MemberData(nameof(BadHosts), DisableDiscoveryEnumeration = true)]
    public void BadHostConfigurationsAreRefused(HostConfig host, string message) => Assert.Equal(message, Refuse(host));

    [Fact]
    public void BadConfigurationsAreRefused()
    {
        Assert.Equal("no command specified", Refuse(new(), r => r with { Cmd = null }));
        Assert.Equal("invalid environment variable: =x", Refuse(new(), r => r with { Env = ["=x"] }));
        Assert.Equal("invalid environment variable: ", Refuse(new(), r => r with { Env = [""] }));
        Assert.Equal("invalid signal: X", Refuse(new(), r => r with { StopSignal = "X" }));
        Assert.Equal("Interval in Healthcheck cannot be less than 1ms", Refuse(new(), r => r with { Healthcheck = new() { Interval = 1 } }));
        Assert.Equal("StartPeriod in Healthcheck cannot be less than 1ms", Refuse(new(), r => r with { Healthcheck = new() { StartPeriod = -1 } }));
        Assert.Equal("Retries in Healthcheck cannot be negative", Refuse(new(), r => r with { Healthcheck = new() { Retries = -1 } }));
        Assert.Equal("the working directory 'x' is invalid, it needs to be an absolute path", Refuse(new(), r => r with { WorkingDir = "x" }));
        Assert.Equal("invalid hostname: a b", Refuse(new(), r => r with { Hostname = "a b" }));
        Assert.Equal("invalid port specification: \"0/tcp\"", Refuse(new(), r => r with { ExposedPorts = new Dictionary<string, EmptyObject> { ["0/tcp"] = default } }));
        Assert.Equal("conflicting options: hostname and the UTS mode", Refuse(new() { UTSMode = "host" }, r => r with { Hostname = "a" }));
        Assert.Equal("conflicting options: hostname and the network mode", Refuse(new() { NetworkMode = "container:x" }, r => r with { Hostname = "a" }));
    }

    [Fact]
    public void DefaultsAreFilledIn()
    {
        var result = Normalize(new HostConfig { Memory = 64 << 20 });
        Assert.Empty(result.Warnings);
        Assert.Equal("aaaaaaaaaaaa", result.Config.Hostname);
        Assert.Equal((128L << 20, "private", "bridge", "no", "json-file", "runc", 64L << 20),
            (result.HostConfig.MemorySwap, result.HostConfig.IpcMode, result.HostConfig.NetworkMode, result.HostConfig.RestartPolicy.Name, result.HostConfig.LogConfig.Type, result.HostConfig.Runtime, result.HostConfig.ShmSize));
        Assert.Contains("/proc/kcore", result.HostConfig.MaskedPaths!);
        Assert.Null(Normalize(new HostConfig { Privileged = true }).HostConfig.MaskedPaths);
    }

    [Fact]
    public void WhatTheKernelLacksIsDroppedWithAWarning()
    {
        var bare = Host with { Controllers = new HashSet<string>(), SwapLimit = false, OomKillDisable = false, BlkioWeight = false };
        var result = Normalize(
            new HostConfig { Memory = 64 << 20, PidsLimit = 5, CpuShares = 3, CpusetCpus = "0", BlkioWeight = 100, OomKillDisable = true, KernelMemory = 8 << 20 }, facts: bare);
        Assert.Equal(7, result.Warnings.Count);
        Assert.Contains("Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.", result.Warnings);
        Assert.Equal((0L, null, 0L, ""), (result.HostConfig.Memory, result.HostConfig.PidsLimit, result.HostConfig.CpuShares, result.HostConfig.CpusetCpus));
    }

    [Fact]
    public void ImageAndContainerMerge()
    {
        var image = new ImageConfig
        {
            Config = new ExecutionConfig
            {
                Entrypoint = ["/entry"], Cmd = ["arg"], Env = ["A=image", "B=image"], User = "u", WorkingDir = "/w", StopSignal = "SIGQUIT",
                Labels = new Dictionary<string, string> { ["l"] = "image", ["m"] = "image" }, Healthcheck = new HealthTest { Test = ["CMD", "x"], Retries = 4 },
            },
        };
        var merged = Normalize(new(), r => r with { Cmd = null, Env = ["A=own", "C"], Labels = new Dictionary<string, string> { ["l"] = "own" }, Healthcheck = new() { Retries = 9 } }, image);
        Assert.Equal("/entry", merged.Path);
        Assert.Equal(["arg"], merged.Args);
        Assert.Equal(["A=own", "C", "B=image"], merged.Config.Env);
        Assert.Equal(("own", "image"), (merged.Config.Labels!["l"], merged.Config.Labels["m"]));
        Assert.Equal((9, "CMD"), (merged.Config.Healthcheck!.Retries, merged.Config.Healthcheck.Test![0]));
        Assert.Equal(["own"], Normalize(new(), r => r with { Cmd = ["own"] }, image).Args);
        Assert.Equal("/mine", Normalize(new(), r => r with { Cmd = null, Entrypoint = ["/mine"] }, image).Path);
        Assert.Empty(Normalize(new(), r => r with { Cmd = null, Entrypoint = ["/mine"] }, image).Args);
        Assert.Equal("own", Normalize(new(), r => r with { Cmd = ["own"], Entrypoint = [""] }, image).Path);
    }
}
