using System.Globalization;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Events;

namespace Slipway.Engine.Info;

/// <summary><c>docker info</c>: the engine and its machine as they are now.</summary>
public sealed class DescribeEngine(Func<EngineOptions> options, EnginePaths paths, ContainerTable containers, Func<int> imageCount, Lazy<HostFacts> host, EventLog events, TimeProvider time)
{
    private EngineOptions Options => options();

    private readonly string _id = EngineId.ReadOrCreate(paths);

    /// <summary>Collects the values.</summary>
    /// <param name="version">The product's version.</param>
    /// <param name="debug">Whether the daemon logs at debug level.</param>
    public DockerApi.SystemInfo Run(string version, bool debug)
    {
        var statuses = containers.All.Select(c => c.Record.State.Status).ToList();
        var running = statuses.Count(s => s is ContainerStatus.Running or ContainerStatus.Restarting);
        var paused = statuses.Count(s => s is ContainerStatus.Paused);
        var machine = Machine();
        return machine with
        {
            ID = _id,
            Containers = statuses.Count,
            ContainersRunning = running,
            ContainersPaused = paused,
            ContainersStopped = statuses.Count - running - paused,
            Images = imageCount(),
            Driver = "overlay2",
            DriverStatus = [["Backing Filesystem", BackingFileSystem()], ["Supports d_type", "true"], ["Native Overlay Diff", "true"], ["userxattr", "false"]],
            Plugins = new PluginsInfo { Volume = ["local"], Network = ["bridge", "host", "ipvlan", "macvlan", "null"], Authorization = null, Log = ["json-file", "local", "none"] },
            Debug = debug,
            NFd = Directory.GetFileSystemEntries("/proc/self/fd").Length,
            NGoroutines = ThreadPool.ThreadCount,
            NEventsListener = events.Readers,
            SystemTime = GoTime.Format(time.GetUtcNow()),
            LoggingDriver = Options.LogDriver,
            IndexServerAddress = "https://index.docker.io/v1/",
            RegistryConfig = Registries(),
            DockerRootDir = Options.DataRoot,
            Labels = Options.Labels,
            ServerVersion = version,
            Runtimes = Options.Runtimes.ToDictionary(r => r.Key, r => new RuntimeInfo { Path = r.Value, RuntimeArgs = Options.ArgumentsOf(r.Key) is { Count: > 0 } arguments ? arguments : null }),
            DefaultRuntime = Options.DefaultRuntime,
            Swarm = new SwarmInfo { LocalNodeState = "inactive" },
            LiveRestoreEnabled = true,
            InitBinary = Path.GetFileName(Options.InitPath ?? "docker-init"),
            SecurityOptions = SecurityOptions(),
            DefaultAddressPools = Options.AddressPools is { Count: > 0 } pools ? [.. pools.Select(pool => new AddressPool { Base = pool.Base.ToString(), Size = pool.Size })] : null,
            FirewallBackend = Options.Firewall ? new FirewallInfo { Driver = "nftables" } : null,
            Warnings = Warnings(machine),
        };
    }

    // In Docker's words: clients print them as they are.
    private static List<string> Warnings(DockerApi.SystemInfo machine)
    {
        (bool Holds, string Text)[] all =
        [
            (!machine.MemoryLimit, "WARNING: No memory limit support"),
            (!machine.SwapLimit, "WARNING: No swap limit support"),
            (!machine.OomKillDisable && machine.CgroupVersion == "1", "WARNING: No oom kill disable support"),
            (!machine.CpuCfsQuota, "WARNING: No cpu cfs quota support"),
            (!machine.CpuCfsPeriod, "WARNING: No cpu cfs period support"),
            (!machine.CPUShares, "WARNING: No cpu shares support"),
            (!machine.CPUSet, "WARNING: No cpuset support"),
            (!machine.IPv4Forwarding, "WARNING: IPv4 forwarding is disabled"),
        ];
        return [.. all.Where(warning => warning.Holds).Select(warning => warning.Text)];
    }

    private DockerApi.SystemInfo Machine()
    {
        var facts = host.Value;
        bool Has(string controller) => facts.Controllers.Contains(controller);
        return new DockerApi.SystemInfo
        {
            MemoryLimit = Has("memory"),
            SwapLimit = facts.SwapLimit,
            CpuCfsPeriod = Has("cpu"),
            CpuCfsQuota = Has("cpu"),
            CPUShares = Has("cpu"),
            CPUSet = Has("cpuset"),
            PidsLimit = Has("pids"),
            OomKillDisable = facts.OomKillDisable,
            IPv4Forwarding = File.Exists("/proc/sys/net/ipv4/ip_forward") && File.ReadAllText("/proc/sys/net/ipv4/ip_forward").StartsWith('1'),
            CgroupDriver = "cgroupfs",
            CgroupVersion = facts.UnifiedCgroups ? "2" : "1",
            KernelVersion = Linux.SystemInfo.KernelRelease,
            OperatingSystem = Linux.SystemInfo.OsName,
            OSVersion = Linux.SystemInfo.OsVersion,
            OSType = "linux",
            Architecture = Linux.SystemInfo.Machine,
            NCPU = Linux.SystemInfo.CpuCount,
            MemTotal = Linux.SystemInfo.MemoryTotal,
            Name = Linux.SystemInfo.HostName,
            HttpProxy = Environment.GetEnvironmentVariable("HTTP_PROXY") ?? "",
            HttpsProxy = Environment.GetEnvironmentVariable("HTTPS_PROXY") ?? "",
            NoProxy = Environment.GetEnvironmentVariable("NO_PROXY") ?? "",
        };
    }

    private RegistryServiceConfig Registries() => new()
    {
        InsecureRegistryCIDRs = ["::1/128", "127.0.0.0/8"],
        IndexConfigs = Options.InsecureRegistries
            .ToDictionary(name => name, name => new IndexInfo { Name = name, Secure = false })
            .Append(new("docker.io", new IndexInfo { Name = "docker.io", Mirrors = Options.RegistryMirrors, Secure = true, Official = true }))
            .ToDictionary(),
        Mirrors = Options.RegistryMirrors,
    };

    private List<string> SecurityOptions()
    {
        var all = new List<string>();
        if (host.Value.AppArmor)
        {
            all.Add("name=apparmor");
        }

        if (Linux.SystemInfo.HasSeccomp)
        {
            all.Add($"name=seccomp,profile={Options.SeccompProfile}");
        }

        if (host.Value.UnifiedCgroups)
        {
            all.Add("name=cgroupns");
        }

        if (Options.NoNewPrivileges)
        {
            all.Add("name=no-new-privileges");
        }

        return all;
    }

    private string BackingFileSystem() => new DriveInfo(paths.DataRoot).DriveFormat.ToLower(CultureInfo.InvariantCulture);
}
