using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Limits on what a container may use (cgroups, ulimits, devices); zero means no limit unless said otherwise.</summary>
public record Resources
{
    /// <summary>Relative CPU weight; 1024 is normal.</summary>
    public long CpuShares { get; init; }

    /// <summary>Bytes of memory.</summary>
    public long Memory { get; init; }

    /// <summary>CPU quota in billionths of a CPU.</summary>
    public long NanoCpus { get; init; }

    /// <summary>Cgroup under which the container's is made.</summary>
    public string CgroupParent { get => field ?? ""; init; }

    /// <summary>Relative block I/O weight, 10 to 1000.</summary>
    public ushort BlkioWeight { get; init; }

    /// <summary>Block I/O weight per device.</summary>
    public IReadOnlyList<WeightDevice>? BlkioWeightDevice { get; init; }

    /// <summary>Read limit per device, bytes per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceReadBps { get; init; }

    /// <summary>Write limit per device, bytes per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceWriteBps { get; init; }

    /// <summary>Read limit per device, operations per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceReadIOps { get; init; }

    /// <summary>Write limit per device, operations per second.</summary>
    public IReadOnlyList<ThrottleDevice>? BlkioDeviceWriteIOps { get; init; }

    /// <summary>CFS period in microseconds.</summary>
    public long CpuPeriod { get; init; }

    /// <summary>CFS quota per period in microseconds.</summary>
    public long CpuQuota { get; init; }

    /// <summary>Real-time period in microseconds.</summary>
    public long CpuRealtimePeriod { get; init; }

    /// <summary>Real-time runtime per period in microseconds.</summary>
    public long CpuRealtimeRuntime { get; init; }

    /// <summary>CPUs as a list such as <c>0-2,4</c>.</summary>
    public string CpusetCpus { get => field ?? ""; init; }

    /// <summary>NUMA nodes as a list such as <c>0-1</c>.</summary>
    public string CpusetMems { get => field ?? ""; init; }

    /// <summary>Host devices made available.</summary>
    public IReadOnlyList<DeviceMapping>? Devices { get; init; }

    /// <summary>Rules such as <c>c 13:* rwm</c>.</summary>
    public IReadOnlyList<string>? DeviceCgroupRules { get; init; }

    /// <summary>Devices requested from drivers (GPUs, CDI).</summary>
    public IReadOnlyList<DeviceRequest>? DeviceRequests { get; init; }

    /// <summary>Bytes of kernel memory; removed in API 1.42, still readable.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long KernelMemory { get; init; }

    /// <summary>Bytes of TCP buffers; cgroup v1 only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long KernelMemoryTCP { get; init; }

    /// <summary>Soft memory limit in bytes.</summary>
    public long MemoryReservation { get; init; }

    /// <summary>Memory plus swap in bytes; -1 for unlimited swap.</summary>
    public long MemorySwap { get; init; }

    /// <summary>0 to 100; null takes the kernel's.</summary>
    public long? MemorySwappiness { get; init; }

    /// <summary>Whether the OOM killer leaves this container alone.</summary>
    public bool? OomKillDisable { get; init; }

    /// <summary>Largest number of processes; 0 or -1 unlimited, null unchanged.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Resource limits of the processes.</summary>
    public IReadOnlyList<Ulimit>? Ulimits { get; init; }

    /// <summary>Windows only.</summary>
    public long CpuCount { get; init; }

    /// <summary>Windows only.</summary>
    public long CpuPercent { get; init; }

    /// <summary>Windows only.</summary>
    public ulong IOMaximumIOps { get; init; }

    /// <summary>Windows only.</summary>
    public ulong IOMaximumBandwidth { get; init; }
}

/// <summary>Body of <c>POST /containers/{id}/update</c>: limits to change; zero or null leaves one as it is.</summary>
public sealed record ContainerUpdateRequest : Resources
{
    /// <summary>New restart policy; null or an empty name leaves it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RestartPolicy? RestartPolicy { get; init; }
}

/// <summary>Answer of <c>POST /containers/{id}/update</c>.</summary>
public sealed record ContainerUpdateResponse
{
    /// <summary>What could not be applied as asked.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}
