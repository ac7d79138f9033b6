using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>cgroup limits, v1 names and v2 <c>unified</c>.</summary>
public sealed record ResourcesSpec
{
    /// <summary>Device rules in order.</summary>
    public IReadOnlyList<DeviceRule>? Devices { get; init; }

    /// <summary>Memory.</summary>
    public MemorySpec? Memory { get; init; }

    /// <summary>Cpu.</summary>
    public CpuSpec? Cpu { get; init; }

    /// <summary>Pids.</summary>
    public PidsSpec? Pids { get; init; }

    /// <summary>Block io.</summary>
    [JsonPropertyName("blockIO")]
    public BlockIoSpec? BlockIO { get; init; }

    /// <summary>Hugepage limits.</summary>
    public IReadOnlyList<HugepageLimit>? HugepageLimits { get; init; }

    /// <summary>cgroup v1 only.</summary>
    public NetworkSpec? Network { get; init; }

    /// <summary>Per device.</summary>
    public IReadOnlyDictionary<string, RdmaLimit>? Rdma { get; init; }

    /// <summary>cgroup v2 files and values.</summary>
    public IReadOnlyDictionary<string, string>? Unified { get; init; }
}

/// <summary>One device rule.</summary>
public sealed record DeviceRule
{
    /// <summary>Allow.</summary>
    public bool Allow { get; init; }

    /// <summary><c>a</c>, <c>c</c> or <c>b</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Absent matches all.</summary>
    public long? Major { get; init; }

    /// <summary>Absent matches all.</summary>
    public long? Minor { get; init; }

    /// <summary>Any of <c>r</c>, <c>w</c>, <c>m</c>.</summary>
    public string? Access { get; init; }
}

/// <summary>Memory limits in bytes; -1 is unlimited.</summary>
public sealed record MemorySpec
{
    /// <summary>Limit.</summary>
    public long? Limit { get; init; }

    /// <summary>Soft limit.</summary>
    public long? Reservation { get; init; }

    /// <summary>Memory plus swap.</summary>
    public long? Swap { get; init; }

    /// <summary>cgroup v1 only.</summary>
    public long? Kernel { get; init; }

    /// <summary>cgroup v1 only.</summary>
    [JsonPropertyName("kernelTCP")]
    public long? KernelTCP { get; init; }

    /// <summary>0 to 100.</summary>
    public ulong? Swappiness { get; init; }

    /// <summary>Disable oomkiller.</summary>
    [JsonPropertyName("disableOOMKiller")]
    public bool? DisableOOMKiller { get; init; }

    /// <summary>Use hierarchy.</summary>
    public bool? UseHierarchy { get; init; }

    /// <summary>Whether a limit below current use is refused.</summary>
    public bool? CheckBeforeUpdate { get; init; }
}

/// <summary>CPU limits.</summary>
public sealed record CpuSpec
{
    /// <summary>Relative weight.</summary>
    public ulong? Shares { get; init; }

    /// <summary>Microseconds per period.</summary>
    public long? Quota { get; init; }

    /// <summary>Microseconds.</summary>
    public ulong? Burst { get; init; }

    /// <summary>Microseconds.</summary>
    public ulong? Period { get; init; }

    /// <summary>Microseconds.</summary>
    public long? RealtimeRuntime { get; init; }

    /// <summary>Microseconds.</summary>
    public ulong? RealtimePeriod { get; init; }

    /// <summary>List of CPUs.</summary>
    public string? Cpus { get; init; }

    /// <summary>List of memory nodes.</summary>
    public string? Mems { get; init; }

    /// <summary>Idle.</summary>
    public long? Idle { get; init; }
}

/// <summary>Limit on processes.</summary>
public sealed record PidsSpec
{
    /// <summary>Zero or less is unlimited.</summary>
    public long Limit { get; init; }
}

/// <summary>Block I/O limits.</summary>
public sealed record BlockIoSpec
{
    /// <summary>10 to 1000.</summary>
    public ushort? Weight { get; init; }

    /// <summary>Leaf weight.</summary>
    public ushort? LeafWeight { get; init; }

    /// <summary>Weight device.</summary>
    public IReadOnlyList<BlockIoWeight>? WeightDevice { get; init; }

    /// <summary>Bytes per second.</summary>
    public IReadOnlyList<BlockIoThrottle>? ThrottleReadBpsDevice { get; init; }

    /// <summary>Bytes per second.</summary>
    public IReadOnlyList<BlockIoThrottle>? ThrottleWriteBpsDevice { get; init; }

    /// <summary>Operations per second.</summary>
    [JsonPropertyName("throttleReadIOPSDevice")]
    public IReadOnlyList<BlockIoThrottle>? ThrottleReadIOPSDevice { get; init; }

    /// <summary>Operations per second.</summary>
    [JsonPropertyName("throttleWriteIOPSDevice")]
    public IReadOnlyList<BlockIoThrottle>? ThrottleWriteIOPSDevice { get; init; }
}

/// <summary>Weight of a device.</summary>
public sealed record BlockIoWeight
{
    /// <summary>Major.</summary>
    public long Major { get; init; }

    /// <summary>Minor.</summary>
    public long Minor { get; init; }

    /// <summary>Weight.</summary>
    public ushort? Weight { get; init; }

    /// <summary>Leaf weight.</summary>
    public ushort? LeafWeight { get; init; }
}

/// <summary>Rate limit of a device.</summary>
public sealed record BlockIoThrottle
{
    /// <summary>Major.</summary>
    public long Major { get; init; }

    /// <summary>Minor.</summary>
    public long Minor { get; init; }

    /// <summary>Rate.</summary>
    public ulong Rate { get; init; }
}

/// <summary>Limit on huge pages.</summary>
public sealed record HugepageLimit
{
    /// <summary>Such as <c>2MB</c>.</summary>
    public string PageSize { get => field ?? ""; init; }

    /// <summary>Bytes.</summary>
    public ulong Limit { get; init; }
}

/// <summary>Network class and priorities.</summary>
public sealed record NetworkSpec
{
    /// <summary>Class id.</summary>
    [JsonPropertyName("classID")]
    public uint? ClassID { get; init; }

    /// <summary>Priorities.</summary>
    public IReadOnlyList<InterfacePriority>? Priorities { get; init; }
}

/// <summary>Priority of traffic on one interface.</summary>
public sealed record InterfacePriority
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Priority.</summary>
    public uint Priority { get; init; }
}

/// <summary>RDMA limits of a device.</summary>
public sealed record RdmaLimit
{
    /// <summary>Hca handles.</summary>
    public uint? HcaHandles { get; init; }

    /// <summary>Hca objects.</summary>
    public uint? HcaObjects { get; init; }
}
