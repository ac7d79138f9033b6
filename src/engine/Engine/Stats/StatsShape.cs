using Slipway.DockerApi;
using Slipway.Linux;

namespace Slipway.Engine.Stats;

/// <summary>Numbers of control groups in the Engine API's shape.</summary>
internal static class StatsShape
{
    internal static ContainerCpuStats Cpu(CpuStats cpu, HostUse host) => new()
    {
        CpuUsage = new ContainerCpuUsage
        {
            TotalUsage = cpu.TotalNs,
            UsageInKernelmode = cpu.KernelNs,
            UsageInUsermode = cpu.UserNs,
            PercpuUsage = cpu.PerCpuNs.Count > 0 ? cpu.PerCpuNs : null,
        },
        SystemCpuUsage = host.CpuNanoseconds,
        OnlineCpus = host.Cpus,
        ThrottlingData = new ContainerThrottlingData { Periods = cpu.Periods, ThrottledPeriods = cpu.ThrottledPeriods, ThrottledTime = cpu.ThrottledNs },
    };

    /// <summary>Without a limit, the machine is the limit.</summary>
    internal static ContainerMemoryStats Memory(MemoryStats? memory, HostUse host) => memory is null ? new() : new()
    {
        Usage = memory.Usage,
        MaxUsage = memory.Max ?? 0,
        Limit = Math.Min(memory.Limit, host.MemoryBytes),
        Failcnt = memory.FailCount ?? 0,
        Stats = memory.Stats,
    };

    internal static ContainerPidsStats Pids(PidsStats? pids) => pids is null ? new() : new()
    {
        Current = pids.Current,
        Limit = pids.Limit == ulong.MaxValue ? 0 : pids.Limit,
    };

    /// <summary>With cgroup v2 only the bytes are kept, and Docker leaves the rest null.</summary>
    internal static ContainerBlkioStats Blkio(BlkioStats blkio, CgroupMode mode)
    {
        if (mode == CgroupMode.V2)
        {
            return new ContainerBlkioStats { IoServiceBytesRecursive = Entries(blkio.ServiceBytes) };
        }

        return new ContainerBlkioStats
        {
            IoServiceBytesRecursive = Entries(blkio.ServiceBytes),
            IoServicedRecursive = Entries(blkio.Serviced),
            IoQueueRecursive = Entries(blkio.Queued),
            IoServiceTimeRecursive = Entries(blkio.ServiceTime),
            IoWaitTimeRecursive = Entries(blkio.WaitTime),
            IoMergedRecursive = Entries(blkio.Merged),
            IoTimeRecursive = Entries(blkio.Time),
            SectorsRecursive = Entries(blkio.Sectors),
        };
    }

    private static ContainerBlkioStatEntry[] Entries(IReadOnlyList<BlkioEntry> entries) =>
        [.. entries.Select(e => new ContainerBlkioStatEntry { Major = e.Major, Minor = e.Minor, Op = e.Op, Value = e.Value })];
}
