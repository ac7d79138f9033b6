namespace Slipway.Linux;

/// <summary>How the control groups are mounted.</summary>
public enum CgroupMode
{
    /// <summary>Controllers on hierarchies of their own.</summary>
    V1,
    /// <summary>Like <see cref="V1"/>, with an empty unified hierarchy beside (runc treats limits as v1).</summary>
    Hybrid,
    /// <summary>The unified hierarchy alone.</summary>
    V2,
}

/// <summary>
/// Control groups (cgroups(7)). A cgroup path is the same below every hierarchy: "/slipway/ID". Operations apply wherever the group exists.
/// </summary>
public static partial class Cgroups
{
    private static readonly Lazy<Layout> Found = new(Detect);

    /// <summary>The layout of this machine.</summary>
    public static CgroupMode Mode => Found.Value.Mode;

    /// <summary>The controllers that can limit containers here.</summary>
    public static IReadOnlyList<string> Controllers => Found.Value.Controllers;

    /// <summary>The group's directory in a controller's hierarchy ("memory"; "" means the unified one); null when that controller is not mounted.</summary>
    public static string? ControllerPath(string controller, string cgroupPath) =>
        Found.Value.Roots.TryGetValue(Mode == CgroupMode.V2 ? "" : controller, out var root) ? root + Normalized(cgroupPath) : null;

    /// <summary>True when the group exists in any hierarchy.</summary>
    public static bool Exists(string cgroupPath) => Directories(cgroupPath).Any();

    /// <summary>Makes the group in every hierarchy. Limits and processes are for the caller (or runc) to add.</summary>
    public static void Create(string cgroupPath)
    {
        foreach (var root in Found.Value.Hierarchies)
        {
            Directory.CreateDirectory(root + Normalized(cgroupPath));
        }
    }

    /// <summary>The group's directories, one for each hierarchy that has it; the unified one first.</summary>
    internal static IEnumerable<string> Directories(string cgroupPath) =>
        Found.Value.Hierarchies.Select(root => root + Normalized(cgroupPath)).Where(Directory.Exists);

    private static string Normalized(string cgroupPath)
    {
        var parts = cgroupPath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 0 || parts.Any(p => p is "." or "..")
            ? throw new ArgumentException("a cgroup path names a group below the root", nameof(cgroupPath))
            : "/" + string.Join('/', parts);
    }

    private static Layout Detect()
    {
        var roots = new Dictionary<string, string>(StringComparer.Ordinal);
        var hierarchies = new List<string>();
        foreach (var mount in Mounts.ReadMountInfo())
        {
            if (mount.FsType is not ("cgroup" or "cgroup2") || hierarchies.Contains(mount.Target))
            {
                continue;
            }

            hierarchies.Insert(mount.FsType == "cgroup2" ? 0 : hierarchies.Count, mount.Target);
            foreach (var name in mount.FsType == "cgroup2" ? [""] : mount.SuperOptions.Split(','))
            {
                roots.TryAdd(name, mount.Target);
            }
        }

        var hasV1 = roots.Keys.Any(IsController);
        var unified = roots.GetValueOrDefault("");
        var mode = unified is null ? CgroupMode.V1 : hasV1 ? CgroupMode.Hybrid : CgroupMode.V2;
        var controllers = mode == CgroupMode.V2
            ? File.ReadAllText(unified + "/cgroup.controllers").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            : roots.Keys.Where(IsController).ToArray();
        return new Layout(mode, roots, hierarchies, controllers);
    }

    private static bool IsController(string name) =>
        name is "cpu" or "cpuacct" or "cpuset" or "memory" or "devices" or "freezer" or "net_cls" or "blkio" or "perf_event" or "net_prio"
            or "hugetlb" or "pids" or "rdma" or "misc";

    private sealed record Layout(CgroupMode Mode, Dictionary<string, string> Roots, List<string> Hierarchies, IReadOnlyList<string> Controllers);
}
