using System.Globalization;

namespace Slipway.Linux;

public static partial class Cgroups
{
    private const ulong NsPerMicrosecond = 1000;

    /// <summary>Reads everything that docker's stats tell; null when the group does not exist.</summary>
    public static CgroupStats? ReadStats(string cgroupPath) =>
        !Exists(cgroupPath) ? null : Mode == CgroupMode.V2 ? Unified(ControllerPath("", cgroupPath)!) : Separate(cgroupPath);

    private static CgroupStats Unified(string path)
    {
        var cpu = CgroupFiles.Map(path + "/cpu.stat");
        var memory = CgroupFiles.Number(path + "/memory.current") is { } usage
            ? new MemoryStats(
                usage,
                CgroupFiles.Number(path + "/memory.peak"),
                CgroupFiles.Number(path + "/memory.max") ?? ulong.MaxValue,
                null,
                CgroupFiles.Map(path + "/memory.stat"))
            : null;
        return new CgroupStats(
            new CpuStats(
                cpu.GetValueOrDefault("usage_usec") * NsPerMicrosecond,
                cpu.GetValueOrDefault("user_usec") * NsPerMicrosecond,
                cpu.GetValueOrDefault("system_usec") * NsPerMicrosecond,
                [],
                cpu.GetValueOrDefault("nr_periods"),
                cpu.GetValueOrDefault("nr_throttled"),
                cpu.GetValueOrDefault("throttled_usec") * NsPerMicrosecond),
            memory,
            new BlkioStats(
                InputOutput(path, ("rbytes", "read"), ("wbytes", "write")),
                InputOutput(path, ("rios", "read"), ("wios", "write")),
                [], [], [], [], [], []),
            Pids(path));
    }

    private static CgroupStats Separate(string cgroupPath)
    {
        var blkio = ControllerPath("blkio", cgroupPath);
        return new CgroupStats(
            SeparateCpu(ControllerPath("cpuacct", cgroupPath), ControllerPath("cpu", cgroupPath)),
            SeparateMemory(ControllerPath("memory", cgroupPath)),
            new BlkioStats(
                Throttle(blkio, "io_service_bytes"),
                Throttle(blkio, "io_serviced"),
                Counters(blkio + "/blkio.io_queued_recursive"),
                Counters(blkio + "/blkio.io_service_time_recursive"),
                Counters(blkio + "/blkio.io_wait_time_recursive"),
                Counters(blkio + "/blkio.io_merged_recursive"),
                Counters(blkio + "/blkio.time_recursive"),
                Counters(blkio + "/blkio.sectors_recursive")),
            ControllerPath("pids", cgroupPath) is { } pids ? Pids(pids) : null);
    }

    private static CpuStats SeparateCpu(string? accounting, string? cpu)
    {
        var ticks = CgroupFiles.Map(accounting + "/cpuacct.stat");
        var nsPerTick = 1_000_000_000UL / (ulong)SystemInfo.ClockTicks;
        var throttling = CgroupFiles.Map(cpu + "/cpu.stat");
        var each = CgroupFiles.Text(accounting + "/cpuacct.usage_percpu") ?? "";
        return new CpuStats(
            CgroupFiles.Number(accounting + "/cpuacct.usage") ?? 0,
            ticks.GetValueOrDefault("user") * nsPerTick,
            ticks.GetValueOrDefault("system") * nsPerTick,
            each.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => ulong.Parse(n, CultureInfo.InvariantCulture)).ToList(),
            throttling.GetValueOrDefault("nr_periods"),
            throttling.GetValueOrDefault("nr_throttled"),
            throttling.GetValueOrDefault("throttled_time"));
    }

    private static MemoryStats? SeparateMemory(string? path) =>
        CgroupFiles.Number(path + "/memory.usage_in_bytes") is not { } usage
            ? null
            : new MemoryStats(
                usage,
                CgroupFiles.Number(path + "/memory.max_usage_in_bytes"),
                CgroupFiles.Number(path + "/memory.limit_in_bytes") ?? ulong.MaxValue,
                CgroupFiles.Number(path + "/memory.failcnt"),
                CgroupFiles.Map(path + "/memory.stat"));

    private static PidsStats? Pids(string path) =>
        CgroupFiles.Number(path + "/pids.current") is { } current
            ? new PidsStats(current, CgroupFiles.Number(path + "/pids.max") ?? ulong.MaxValue)
            : null;

    // Schedulers other than bfq keep their own counters empty; the throttling layer counts always.
    private static List<BlkioEntry> Throttle(string? path, string name)
    {
        var own = Counters($"{path}/blkio.bfq.{name}_recursive");
        return own.Count > 0 ? own : Counters($"{path}/blkio.throttle.{name}_recursive");
    }

    // "8:0 Read 4096" or "8:0 4096", and a last line "Total 4096" without a device.
    private static List<BlkioEntry> Counters(string path)
    {
        var entries = new List<BlkioEntry>();
        foreach (var line in CgroupFiles.Lines(path))
        {
            var fields = line.Split(' ');
            if (Device(fields[0]) is { } device && fields.Length > 1 && CgroupFiles.ParseNumber(fields[^1]) is { } value)
            {
                entries.Add(new BlkioEntry(device.Major, device.Minor, fields.Length > 2 ? fields[1] : "", value));
            }
        }

        return entries;
    }

    // "8:0 rbytes=4096 wbytes=0 …"
    private static List<BlkioEntry> InputOutput(string path, params ReadOnlySpan<(string Key, string Op)> wanted)
    {
        var entries = new List<BlkioEntry>();
        foreach (var line in CgroupFiles.Lines(path + "/io.stat"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (Device(fields[0]) is not { } device)
            {
                continue;
            }

            foreach (var (key, op) in wanted)
            {
                var field = Array.Find(fields, f => f.StartsWith(key + "=", StringComparison.Ordinal));
                if (field is not null && CgroupFiles.ParseNumber(field[(key.Length + 1)..]) is { } value)
                {
                    entries.Add(new BlkioEntry(device.Major, device.Minor, op, value));
                }
            }
        }

        return entries;
    }

    private static (ulong Major, ulong Minor)? Device(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && CgroupFiles.ParseNumber(text[..colon]) is { } major && CgroupFiles.ParseNumber(text[(colon + 1)..]) is { } minor
            ? (major, minor)
            : null;
    }
}
