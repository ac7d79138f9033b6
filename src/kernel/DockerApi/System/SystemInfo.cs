using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Answer of <c>GET /info</c>.</summary>
public sealed record SystemInfo
{
    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }

    /// <summary>Containers.</summary>
    public int Containers { get; init; }

    /// <summary>Containers running.</summary>
    public int ContainersRunning { get; init; }

    /// <summary>Containers paused.</summary>
    public int ContainersPaused { get; init; }

    /// <summary>Containers stopped.</summary>
    public int ContainersStopped { get; init; }

    /// <summary>Images.</summary>
    public int Images { get; init; }

    /// <summary>Storage driver.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary>Pairs.</summary>
    public IReadOnlyList<IReadOnlyList<string>> DriverStatus { get => field ?? []; init; }

    /// <summary>System status.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<IReadOnlyList<string>>? SystemStatus { get; init; }

    /// <summary>Plugins.</summary>
    public PluginsInfo Plugins { get => field ?? new(); init; }

    /// <summary>Memory limit.</summary>
    public bool MemoryLimit { get; init; }

    /// <summary>Swap limit.</summary>
    public bool SwapLimit { get; init; }

    /// <summary>Kernel memory tcp.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KernelMemoryTCP { get; init; }

    /// <summary>Cpu cfs period.</summary>
    public bool CpuCfsPeriod { get; init; }

    /// <summary>Cpu cfs quota.</summary>
    public bool CpuCfsQuota { get; init; }

    /// <summary>Cpushares.</summary>
    public bool CPUShares { get; init; }

    /// <summary>Cpuset.</summary>
    public bool CPUSet { get; init; }

    /// <summary>Pids limit.</summary>
    public bool PidsLimit { get; init; }

    /// <summary>Oom kill disable.</summary>
    public bool OomKillDisable { get; init; }

    /// <summary>Ipv4forwarding.</summary>
    public bool IPv4Forwarding { get; init; }

    /// <summary>Debug.</summary>
    public bool Debug { get; init; }

    /// <summary>Open descriptors.</summary>
    public int NFd { get; init; }

    /// <summary>Threads.</summary>
    public int NGoroutines { get; init; }

    /// <summary>RFC 3339.</summary>
    public string SystemTime { get => field ?? ""; init; }

    /// <summary>Logging driver.</summary>
    public string LoggingDriver { get => field ?? ""; init; }

    /// <summary>Cgroup driver.</summary>
    public string CgroupDriver { get => field ?? ""; init; }

    /// <summary><c>1</c> or <c>2</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CgroupVersion { get; init; }

    /// <summary>Nevents listener.</summary>
    public int NEventsListener { get; init; }

    /// <summary>Kernel version.</summary>
    public string KernelVersion { get => field ?? ""; init; }

    /// <summary>Operating system.</summary>
    public string OperatingSystem { get => field ?? ""; init; }

    /// <summary>Osversion.</summary>
    public string OSVersion { get => field ?? ""; init; }

    /// <summary>Ostype.</summary>
    public string OSType { get => field ?? ""; init; }

    /// <summary>Architecture.</summary>
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Index server address.</summary>
    public string IndexServerAddress { get => field ?? ""; init; }

    /// <summary>Registry config.</summary>
    public RegistryServiceConfig? RegistryConfig { get; init; }

    /// <summary>Ncpu.</summary>
    public int NCPU { get; init; }

    /// <summary>Bytes.</summary>
    public long MemTotal { get; init; }

    /// <summary>Generic resources.</summary>
    public IReadOnlyList<string>? GenericResources { get; init; }

    /// <summary>Docker root dir.</summary>
    public string DockerRootDir { get => field ?? ""; init; }

    /// <summary>Http proxy.</summary>
    public string HttpProxy { get => field ?? ""; init; }

    /// <summary>Https proxy.</summary>
    public string HttpsProxy { get => field ?? ""; init; }

    /// <summary>No proxy.</summary>
    public string NoProxy { get => field ?? ""; init; }

    /// <summary>Host name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyList<string> Labels { get => field ?? []; init; }

    /// <summary>Experimental build.</summary>
    public bool ExperimentalBuild { get; init; }

    /// <summary>Server version.</summary>
    public string ServerVersion { get => field ?? ""; init; }

    /// <summary>Runtimes.</summary>
    public IReadOnlyDictionary<string, RuntimeInfo> Runtimes { get => field ?? new Dictionary<string, RuntimeInfo>(); init; }

    /// <summary>Default runtime.</summary>
    public string DefaultRuntime { get => field ?? ""; init; }

    /// <summary>Swarm.</summary>
    public SwarmInfo Swarm { get => field ?? new(); init; }

    /// <summary>Live restore enabled.</summary>
    public bool LiveRestoreEnabled { get; init; }

    /// <summary>Isolation.</summary>
    public string Isolation { get => field ?? ""; init; }

    /// <summary>Init binary.</summary>
    public string InitBinary { get => field ?? ""; init; }

    /// <summary>Containerd commit.</summary>
    public CommitInfo ContainerdCommit { get => field ?? new(); init; }

    /// <summary>Runc commit.</summary>
    public CommitInfo RuncCommit { get => field ?? new(); init; }

    /// <summary>Init commit.</summary>
    public CommitInfo InitCommit { get => field ?? new(); init; }

    /// <summary>Security options.</summary>
    public IReadOnlyList<string> SecurityOptions { get => field ?? []; init; }

    /// <summary>Product license.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ProductLicense { get; init; }

    /// <summary>Default address pools.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AddressPool>? DefaultAddressPools { get; init; }

    /// <summary>Firewall backend.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FirewallInfo? FirewallBackend { get; init; }

    /// <summary>Discovered devices.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DeviceInfo>? DiscoveredDevices { get; init; }

    /// <summary>Cdispec dirs.</summary>
    public IReadOnlyList<string> CDISpecDirs { get => field ?? []; init; }

    /// <summary>Containerd.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ContainerdInfo? Containerd { get; init; }

    /// <summary>Warnings.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}
