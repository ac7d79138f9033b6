using Slipway.DockerApi;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Cgroup limits in the runtime's form. They must have passed <see cref="ResourceRules"/>.</summary>
public static class ResourceLimits
{
    private const ulong PeriodMicroseconds = 100_000;

    /// <summary>The limits of a container, devices left out. Also what an update of a running one is made from.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when a block device does not exist.</exception>
    public static ResourcesSpec Create(Resources r) => new()
    {
        Memory = Memory(r),
        Cpu = Cpu(r),
        // 0 and -1 both mean no limit; the runtime knows -1 only.
        Pids = r.PidsLimit is { } pids ? new PidsSpec { Limit = pids > 0 ? pids : -1 } : null,
        BlockIO = BlockIo(r),
    };

    private static MemorySpec? Memory(Resources r)
    {
        var memory = new MemorySpec
        {
            Limit = r.Memory > 0 ? r.Memory : null,
            Reservation = r.MemoryReservation > 0 ? r.MemoryReservation : null,
            Swap = r.MemorySwap > 0 || (r.MemorySwap == -1 && r.Memory > 0) ? r.MemorySwap : null,
            Swappiness = r.MemorySwappiness is { } swappiness ? (ulong)swappiness : null,
            DisableOOMKiller = r.OomKillDisable == true ? true : null,
        };
        return memory == new MemorySpec() ? null : memory;
    }

    private static CpuSpec? Cpu(Resources r)
    {
        var cpu = new CpuSpec
        {
            Shares = r.CpuShares > 0 ? (ulong)r.CpuShares : null,
            Period = r.CpuPeriod != 0 ? (ulong)r.CpuPeriod : r.NanoCpus > 0 ? PeriodMicroseconds : null,
            Quota = r.CpuQuota != 0 ? r.CpuQuota : r.NanoCpus > 0 ? Math.Max(1000, (long)(r.NanoCpus * (Int128)PeriodMicroseconds / 1_000_000_000)) : null,
            RealtimePeriod = r.CpuRealtimePeriod != 0 ? (ulong)r.CpuRealtimePeriod : null,
            RealtimeRuntime = r.CpuRealtimeRuntime != 0 ? r.CpuRealtimeRuntime : null,
            Cpus = r.CpusetCpus.Length > 0 ? r.CpusetCpus : null,
            Mems = r.CpusetMems.Length > 0 ? r.CpusetMems : null,
        };
        return cpu == new CpuSpec() ? null : cpu;
    }

    private static BlockIoSpec? BlockIo(Resources r)
    {
        var io = new BlockIoSpec
        {
            // crun does not know what the weight is called on the v1 hierarchy, so it is set there by Cgroups.SetBlockWeight.
            Weight = r.BlkioWeight > 0 && Cgroups.Mode == CgroupMode.V2 ? r.BlkioWeight : null,
            WeightDevice = r.BlkioWeightDevice is { Count: > 0 } weights
                ? [.. weights.Select(device => { var node = Node(device.Path); return new BlockIoWeight { Major = node.Major, Minor = node.Minor, Weight = device.Weight }; })]
                : null,
            ThrottleReadBpsDevice = Throttles(r.BlkioDeviceReadBps),
            ThrottleWriteBpsDevice = Throttles(r.BlkioDeviceWriteBps),
            ThrottleReadIOPSDevice = Throttles(r.BlkioDeviceReadIOps),
            ThrottleWriteIOPSDevice = Throttles(r.BlkioDeviceWriteIOps),
        };
        return io == new BlockIoSpec() ? null : io;
    }

    private static IReadOnlyList<BlockIoThrottle>? Throttles(IReadOnlyList<ThrottleDevice>? devices) => devices is { Count: > 0 }
        ? [.. devices.Select(device => { var node = Node(device.Path); return new BlockIoThrottle { Major = node.Major, Minor = node.Minor, Rate = device.Rate }; })]
        : null;

    private static DeviceNumber Node(string path) => FileStat.OfPath(path) switch
    {
        { IsBlockDevice: true } stat => stat.Rdev,
        { } => throw EngineException.Invalid($"{path} is not a block device"),
        null => throw EngineException.Invalid($"stat {path}: no such file or directory"),
    };
}
