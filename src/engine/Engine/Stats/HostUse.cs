using System.Globalization;
using Slipway.Linux;

namespace Slipway.Engine.Stats;

/// <summary>What the whole machine has and has used.</summary>
/// <param name="CpuNanoseconds">Time of all processors since boot, idle time included.</param>
/// <param name="Cpus">Processors that are online.</param>
/// <param name="MemoryBytes">Main memory.</param>
internal readonly record struct HostUse(ulong CpuNanoseconds, uint Cpus, ulong MemoryBytes)
{
    // USER_HZ is 100 on every architecture that Linux containers run on (proc_stat(5)).
    private const ulong NanosecondsPerTick = 1_000_000_000 / 100;

    // user, nice, system, idle, iowait, irq, softirq; steal and guest are in them or not ours.
    private const int CountedFields = 7;

    /// <summary>Reads /proc/stat and /proc/meminfo.</summary>
    internal static HostUse Read()
    {
        var ticks = 0UL;
        var cpus = 0U;
        foreach (var line in File.ReadLines("/proc/stat").TakeWhile(l => l.StartsWith("cpu", StringComparison.Ordinal)))
        {
            if (line[3] == ' ')
            {
                foreach (var field in line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(CountedFields))
                {
                    ticks += ulong.Parse(field, CultureInfo.InvariantCulture);
                }
            }
            else
            {
                cpus++;
            }
        }

        return new HostUse(ticks * NanosecondsPerTick, cpus, (ulong)SystemInfo.MemoryTotal);
    }
}
