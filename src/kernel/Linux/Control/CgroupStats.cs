namespace Slipway.Linux;

/// <summary>What a control group uses.</summary>
/// <param name="Cpu">Processor time.</param>
/// <param name="Memory">Memory; null without that controller.</param>
/// <param name="Blkio">Block devices.</param>
/// <param name="Pids">Processes; null without that controller.</param>
public sealed record CgroupStats(CpuStats Cpu, MemoryStats? Memory, BlkioStats Blkio, PidsStats? Pids);

/// <summary>Processor time in nanoseconds.</summary>
/// <param name="TotalNs">All.</param>
/// <param name="UserNs">In user mode.</param>
/// <param name="KernelNs">In kernel mode.</param>
/// <param name="PerCpuNs">By processor; empty with cgroup v2.</param>
/// <param name="Periods">Periods of the bandwidth limit that have passed.</param>
/// <param name="ThrottledPeriods">Periods in which the limit was hit.</param>
/// <param name="ThrottledNs">Time spent throttled.</param>
public sealed record CpuStats(
    ulong TotalNs, ulong UserNs, ulong KernelNs, IReadOnlyList<ulong> PerCpuNs, ulong Periods, ulong ThrottledPeriods, ulong ThrottledNs);

/// <summary>Memory in bytes.</summary>
/// <param name="Usage">Now, page cache included.</param>
/// <param name="Max">The most ever; null when the kernel does not say.</param>
/// <param name="Limit"><see cref="ulong.MaxValue"/> (or nearly, with v1) without a limit.</param>
/// <param name="FailCount">How often the limit was hit; null with cgroup v2.</param>
/// <param name="Stats">memory.stat as it is.</param>
public sealed record MemoryStats(ulong Usage, ulong? Max, ulong Limit, ulong? FailCount, IReadOnlyDictionary<string, ulong> Stats);

/// <summary>A counter of one block device.</summary>
/// <param name="Major">The device's major number.</param>
/// <param name="Minor">The device's minor number.</param>
/// <param name="Op">"Read", "Write", "Sync", "Async", "Discard", "Total" with v1; "read", "write" with v2 (as docker has them); empty where there is none.</param>
/// <param name="Value">The count.</param>
public readonly record struct BlkioEntry(ulong Major, ulong Minor, string Op, ulong Value);

/// <summary>Use of block devices; lists that the kernel does not keep are empty.</summary>
public sealed record BlkioStats(
    IReadOnlyList<BlkioEntry> ServiceBytes,
    IReadOnlyList<BlkioEntry> Serviced,
    IReadOnlyList<BlkioEntry> Queued,
    IReadOnlyList<BlkioEntry> ServiceTime,
    IReadOnlyList<BlkioEntry> WaitTime,
    IReadOnlyList<BlkioEntry> Merged,
    IReadOnlyList<BlkioEntry> Time,
    IReadOnlyList<BlkioEntry> Sectors);

/// <summary>Processes and threads.</summary>
/// <param name="Current">Now.</param>
/// <param name="Limit"><see cref="ulong.MaxValue"/> without a limit.</param>
public sealed record PidsStats(ulong Current, ulong Limit);
