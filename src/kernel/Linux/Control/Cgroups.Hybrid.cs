using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux;

public static partial class Cgroups
{
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

        // Those that another process took so are listed, but mounted nowhere.
        var elsewhere = CgroupFiles.Lines("/proc/self/cgroup").Select(line => line.Split(':', 3)).Where(part => part.Length == 3).SelectMany(part => part[1].Split(','));
        var unused = CgroupFiles.Text(unified + "/cgroup.controllers")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        string[] controllers = [.. unused.Concat(elsewhere.Where(name => IsController(name) && !Found.Value.Roots.ContainsKey(name)))];
        if (controllers.Length == 0)
        {
            return [];
        }

        using var apart = new MountNamespace();
        return apart.Run(() => controllers.Select(controller =>
        {
            Mounts.Mount("cgroup", scratch, "cgroup", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec, controller);
            return Descriptors.OpenPath(scratch);
        }).ToList());
    }
}
