using System.Globalization;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Spec;

/// <summary>
/// What this machine can serve, read once: what is missing here becomes a warning or an error when a container is created, not a
/// failure of the runtime later. Values may be replaced (<c>with</c>) by tests.
/// </summary>
public sealed record HostFacts
{
    /// <summary>Processors that are online.</summary>
    public required int Processors { get; init; }

    /// <summary>Whether every controller lives in the unified (v2) hierarchy.</summary>
    public required bool UnifiedCgroups { get; init; }

    /// <summary>Usable cgroup controllers, by their v1 names (<c>memory</c>, <c>cpu</c>, <c>cpuset</c>, <c>pids</c>, <c>blkio</c>).</summary>
    public required IReadOnlySet<string> Controllers { get; init; }

    /// <summary>Whether memory and swap can be limited together.</summary>
    public required bool SwapLimit { get; init; }

    /// <summary>Whether the OOM killer can be turned off for a cgroup (v1 only).</summary>
    public required bool OomKillDisable { get; init; }

    /// <summary>Whether a block I/O weight can be set: the files of CFQ/BFQ (v1) or <c>io.weight</c> (v2).</summary>
    public required bool BlkioWeight { get; init; }

    /// <summary>Whether CPU real-time runtime can be set (v1 with CONFIG_RT_GROUP_SCHED).</summary>
    public required bool CpuRealtime { get; init; }

    /// <summary>CPUs a cpuset may name, in list format (<c>0-3,5</c>).</summary>
    public required string Cpus { get; init; }

    /// <summary>Memory nodes a cpuset may name, in list format.</summary>
    public required string Mems { get; init; }

    /// <summary>Whether AppArmor confines processes here.</summary>
    public required bool AppArmor { get; init; }

    /// <summary>Capabilities of our own bounding and permitted sets, in kernel order: the most that a container can be given.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Kernel major and minor version.</summary>
    public required (int Major, int Minor) Kernel { get; init; }

    /// <summary>Whether the kernel runs 32-bit x86 programs on x86-64.</summary>
    public required bool RunsX86 { get; init; }

    /// <summary>Our own hard limits: name (<c>nofile</c>) → value, <see cref="ulong.MaxValue"/> for unlimited.</summary>
    public required IReadOnlyDictionary<string, ulong> HardLimits { get; init; }

    /// <summary>Our own <c>oom_score_adj</c>: the least that a child can get without <c>CAP_SYS_RESOURCE</c>.</summary>
    public required int OomScoreAdj { get; init; }

    /// <summary>Paths that exist on this machine only and are masked beside the fixed ones (thermal throttle counters of each CPU).</summary>
    public required IReadOnlyList<string> ThermalPaths { get; init; }

    /// <summary>Whether we may raise resource limits and lower OOM scores.</summary>
    public bool MayRaiseLimits => Capabilities.Contains("CAP_SYS_RESOURCE");

    /// <summary>Reads the facts of this machine.</summary>
    public static HostFacts Read()
    {
        var unified = Cgroups.Mode == CgroupMode.V2;
        // v2 calls the block controller "io".
        var controllers = Cgroups.Controllers.Select(name => name == "io" ? "blkio" : name).ToHashSet();
        return new HostFacts
        {
            Processors = Environment.ProcessorCount,
            UnifiedCgroups = unified,
            Controllers = controllers,
            SwapLimit = unified ? File.Exists("/proc/swaps") : Has("memory", "memory.memsw.limit_in_bytes"),
            OomKillDisable = !unified && Has("memory", "memory.oom_control"),
            BlkioWeight = unified ? controllers.Contains("blkio") : Has("blkio", "blkio.weight") || Has("blkio", "blkio.bfq.weight"),
            CpuRealtime = !unified && Has("cpu", "cpu.rt_runtime_us"),
            Cpus = FirstLine("/sys/devices/system/cpu/online", "0"),
            Mems = FirstLine("/sys/devices/system/node/online", "0"),
            AppArmor = SystemInfo.HasAppArmor && Directory.Exists("/sys/kernel/security/apparmor"),
            Capabilities = OwnCapabilities(),
            Kernel = (Environment.OSVersion.Version.Major, Environment.OSVersion.Version.Minor),
            RunsX86 = File.Exists("/proc/sys/abi/vsyscall32"),
            HardLimits = Rlimits.All.ToDictionary(name => name, name => Rlimits.Read(name)!.Value.Hard),
            OomScoreAdj = int.Parse(FirstLine("/proc/self/oom_score_adj", "0"), CultureInfo.InvariantCulture),
            ThermalPaths = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(cpu => string.Create(CultureInfo.InvariantCulture, $"/sys/devices/system/cpu/cpu{cpu}/thermal_throttle")).Where(Directory.Exists)],
        };
    }

    // A limit's file exists in cgroups below the root, and there is always one: we look where containers will be, or anywhere.
    private static bool Has(string controller, string file) =>
        Cgroups.ControllerPath(controller, "/slipway") is { } path
        && Directory.EnumerateDirectories(Path.GetDirectoryName(path)!).Append(Path.GetDirectoryName(path)!).Any(group => File.Exists(Path.Combine(group, file)));

    private static string[] OwnCapabilities()
    {
        var (effective, bounding) = (Linux.Capabilities.Effective, Linux.Capabilities.Bounding);
        return [.. Linux.Capabilities.All.Where(name => effective.Contains(name) && bounding.Contains(name))];
    }

    private static string FirstLine(string path, string otherwise)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault() ?? otherwise;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return otherwise;
        }
    }
}
