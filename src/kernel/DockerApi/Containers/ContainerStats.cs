using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>One sample of <c>GET /containers/{id}/stats</c>.</summary>
public sealed record ContainerStats
{
    /// <summary>Name with leading slash.</summary>
    [JsonPropertyName("name")]
    public string Name { get => field ?? ""; init; }

    /// <summary>Id.</summary>
    [JsonPropertyName("id")]
    public string Id { get => field ?? ""; init; }

    /// <summary>RFC 3339 time of this sample.</summary>
    [JsonPropertyName("read")]
    public string Read { get => field ?? ""; init; }

    /// <summary>RFC 3339 time of the sample before; year 1 on one-shot.</summary>
    [JsonPropertyName("preread")]
    public string Preread { get => field ?? ""; init; }

    /// <summary>Pids stats.</summary>
    [JsonPropertyName("pids_stats")]
    public ContainerPidsStats PidsStats { get => field ?? new(); init; }

    /// <summary>Blkio stats.</summary>
    [JsonPropertyName("blkio_stats")]
    public ContainerBlkioStats BlkioStats { get => field ?? new(); init; }

    /// <summary>Zero on Linux.</summary>
    [JsonPropertyName("num_procs")]
    public uint NumProcs { get; init; }

    /// <summary>Windows only.</summary>
    [JsonPropertyName("storage_stats")]
    public EmptyObject StorageStats { get; init; }

    /// <summary>Cpu stats.</summary>
    [JsonPropertyName("cpu_stats")]
    public ContainerCpuStats CpuStats { get => field ?? new(); init; }

    /// <summary>CPU part of the sample before.</summary>
    [JsonPropertyName("precpu_stats")]
    public ContainerCpuStats PrecpuStats { get => field ?? new(); init; }

    /// <summary>Memory stats.</summary>
    [JsonPropertyName("memory_stats")]
    public ContainerMemoryStats MemoryStats { get => field ?? new(); init; }

    /// <summary>Per interface; absent without a network.</summary>
    [JsonPropertyName("networks")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, ContainerNetworkStats>? Networks { get; init; }
}

/// <summary>Processes in the cgroup.</summary>
public sealed record ContainerPidsStats
{
    /// <summary>Current.</summary>
    [JsonPropertyName("current")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Current { get; init; }

    /// <summary>Zero is unlimited.</summary>
    [JsonPropertyName("limit")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Limit { get; init; }
}

/// <summary>Block I/O counters; all but the first are null on cgroup v2.</summary>
public sealed record ContainerBlkioStats
{
    /// <summary>Bytes.</summary>
    [JsonPropertyName("io_service_bytes_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? IoServiceBytesRecursive { get; init; }

    /// <summary>Operations.</summary>
    [JsonPropertyName("io_serviced_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? IoServicedRecursive { get; init; }

    /// <summary>Io queue recursive.</summary>
    [JsonPropertyName("io_queue_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? IoQueueRecursive { get; init; }

    /// <summary>Io service time recursive.</summary>
    [JsonPropertyName("io_service_time_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? IoServiceTimeRecursive { get; init; }

    /// <summary>Io wait time recursive.</summary>
    [JsonPropertyName("io_wait_time_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? IoWaitTimeRecursive { get; init; }

    /// <summary>Io merged recursive.</summary>
    [JsonPropertyName("io_merged_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? IoMergedRecursive { get; init; }

    /// <summary>Io time recursive.</summary>
    [JsonPropertyName("io_time_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? IoTimeRecursive { get; init; }

    /// <summary>Sectors recursive.</summary>
    [JsonPropertyName("sectors_recursive")]
    public IReadOnlyList<ContainerBlkioStatEntry>? SectorsRecursive { get; init; }
}

/// <summary>A counter of one device and operation.</summary>
public sealed record ContainerBlkioStatEntry
{
    /// <summary>Major.</summary>
    [JsonPropertyName("major")]
    public ulong Major { get; init; }

    /// <summary>Minor.</summary>
    [JsonPropertyName("minor")]
    public ulong Minor { get; init; }

    /// <summary><c>read</c>, <c>write</c>, …</summary>
    [JsonPropertyName("op")]
    public string Op { get => field ?? ""; init; }

    /// <summary>Value.</summary>
    [JsonPropertyName("value")]
    public ulong Value { get; init; }
}

/// <summary>CPU use.</summary>
public sealed record ContainerCpuStats
{
    /// <summary>Cpu usage.</summary>
    [JsonPropertyName("cpu_usage")]
    public ContainerCpuUsage CpuUsage { get => field ?? new(); init; }

    /// <summary>Host CPU time in nanoseconds.</summary>
    [JsonPropertyName("system_cpu_usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong SystemCpuUsage { get; init; }

    /// <summary>Online cpus.</summary>
    [JsonPropertyName("online_cpus")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint OnlineCpus { get; init; }

    /// <summary>Throttling data.</summary>
    [JsonPropertyName("throttling_data")]
    public ContainerThrottlingData ThrottlingData { get => field ?? new(); init; }
}

/// <summary>CPU time in nanoseconds.</summary>
public sealed record ContainerCpuUsage
{
    /// <summary>Total usage.</summary>
    [JsonPropertyName("total_usage")]
    public ulong TotalUsage { get; init; }

    /// <summary>cgroup v1 only.</summary>
    [JsonPropertyName("percpu_usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ulong>? PercpuUsage { get; init; }

    /// <summary>Usage in kernelmode.</summary>
    [JsonPropertyName("usage_in_kernelmode")]
    public ulong UsageInKernelmode { get; init; }

    /// <summary>Usage in usermode.</summary>
    [JsonPropertyName("usage_in_usermode")]
    public ulong UsageInUsermode { get; init; }
}

/// <summary>CPU throttling.</summary>
public sealed record ContainerThrottlingData
{
    /// <summary>Periods.</summary>
    [JsonPropertyName("periods")]
    public ulong Periods { get; init; }

    /// <summary>Throttled periods.</summary>
    [JsonPropertyName("throttled_periods")]
    public ulong ThrottledPeriods { get; init; }

    /// <summary>Nanoseconds.</summary>
    [JsonPropertyName("throttled_time")]
    public ulong ThrottledTime { get; init; }
}

/// <summary>Memory use in bytes.</summary>
public sealed record ContainerMemoryStats
{
    /// <summary>Usage.</summary>
    [JsonPropertyName("usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Usage { get; init; }

    /// <summary>cgroup v1 only.</summary>
    [JsonPropertyName("max_usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong MaxUsage { get; init; }

    /// <summary>Values of memory.stat.</summary>
    [JsonPropertyName("stats")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, ulong>? Stats { get; init; }

    /// <summary>cgroup v1 only.</summary>
    [JsonPropertyName("failcnt")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Failcnt { get; init; }

    /// <summary>Memory limit, or the host's memory.</summary>
    [JsonPropertyName("limit")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Limit { get; init; }
}

/// <summary>Counters of one interface.</summary>
public sealed record ContainerNetworkStats
{
    /// <summary>Rx bytes.</summary>
    [JsonPropertyName("rx_bytes")]
    public ulong RxBytes { get; init; }

    /// <summary>Rx packets.</summary>
    [JsonPropertyName("rx_packets")]
    public ulong RxPackets { get; init; }

    /// <summary>Rx errors.</summary>
    [JsonPropertyName("rx_errors")]
    public ulong RxErrors { get; init; }

    /// <summary>Rx dropped.</summary>
    [JsonPropertyName("rx_dropped")]
    public ulong RxDropped { get; init; }

    /// <summary>Tx bytes.</summary>
    [JsonPropertyName("tx_bytes")]
    public ulong TxBytes { get; init; }

    /// <summary>Tx packets.</summary>
    [JsonPropertyName("tx_packets")]
    public ulong TxPackets { get; init; }

    /// <summary>Tx errors.</summary>
    [JsonPropertyName("tx_errors")]
    public ulong TxErrors { get; init; }

    /// <summary>Tx dropped.</summary>
    [JsonPropertyName("tx_dropped")]
    public ulong TxDropped { get; init; }
}
