using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux;

public static partial class Cgroups
{
    private const int LooksForWhatMoves = 20;
    private const int BetweenLooksMilliseconds = 10;

    // The unified hierarchy never shows these (cgroups(7)).
    private static readonly HashSet<string> OnlyVersion1 = ["net_cls", "net_prio", "perf_event", "devices", "freezer", "cpuacct", "debug"];

    /// <summary>
    /// On a hybrid layout, takes the controllers that nobody mounted (they belong to the unified hierarchy then) to v1 hierarchies, as crun
    /// demands. These are mounted nowhere: they live while one of the returned descriptors, or another process's, is open, and the
    /// controllers fall back to the unified hierarchy afterwards.
    /// </summary>
    /// <param name="scratch">A directory; what is mounted on it for a moment is seen by nobody else.</param>
    /// <exception cref="LinuxException">EBUSY when somebody uses a controller in the unified hierarchy.</exception>
    public static IReadOnlyList<SafeFileHandle> TakeUnifiedControllers(string scratch)
    {
        if (Mode != CgroupMode.Hybrid || Found.Value.Roots.GetValueOrDefault("") is not { } unified)
        {
            return [];
        }

        var taken = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal);
        MountNamespace? apart = null;
        try
        {
            // A controller may go from one place to the other between two looks, when another process takes or releases it: only a look that
            // finds nothing more is the last.
            while (Unmounted(unified).Except(taken.Keys).ToList() is { Count: > 0 } found)
            {
                apart ??= new MountNamespace();
                foreach (var controller in found)
                {
                    taken[controller] = apart.Run(() =>
                    {
                        Mounts.Mount("cgroup", scratch, "cgroup", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec, controller);
                        return Descriptors.OpenPath(scratch);
                    });
                }
            }
        }
        finally
        {
            apart?.Dispose();
        }

        return [.. taken.Values];
    }

    // While the kernel takes a controller from one place to the other, after its last holder has ended, it is in neither.
    private static HashSet<string> Unmounted(string unified)
    {
        for (var look = 1; ; look++)
        {
            var found = Listed(unified).ToHashSet();
            var moving = CgroupFiles.Lines("/proc/cgroups").Where(line => !line.StartsWith('#')).Select(line => line.Split('\t'))
                .Any(part => part is [var name, .., "1"] && !found.Contains(name) && !Found.Value.Roots.ContainsKey(name) && !OnlyVersion1.Contains(name));
            if (!moving || look == LooksForWhatMoves)
            {
                return found;
            }

            Thread.Sleep(BetweenLooksMilliseconds);
        }
    }

    // Those of the unified hierarchy, and those that another process took so: they are listed, but mounted nowhere.
    private static IEnumerable<string> Listed(string unified)
    {
        var free = CgroupFiles.Text(unified + "/cgroup.controllers")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return free.Concat(CgroupFiles.Lines("/proc/self/cgroup").Select(line => line.Split(':', 3)).Where(part => part.Length == 3)
            .SelectMany(part => part[1].Split(',')).Where(name => IsController(name) && !Found.Value.Roots.ContainsKey(name)));
    }
}
