using Microsoft.Extensions.Logging;
using Slipway.Engine.Content;
using Slipway.Linux;

namespace Slipway.Engine.Cleanup;

/// <summary>
/// Frees at start what an unclean end left behind and no object refers to: unfinished starts and work in staging, directories of
/// containers without a row, mounts of containers that do not run, cgroups without a container.
/// </summary>
public sealed class StartupSweep(EnginePaths paths, BackgroundRemoval removal, ILogger log)
{
    /// <summary>Sweeps. Run it after the rows are loaded and the running containers are known, before the API answers.</summary>
    /// <param name="known">Ids of all containers.</param>
    /// <param name="running">Ids of those with a live process.</param>
    /// <param name="mountedVolumes">Mount points of volumes whose device running containers use.</param>
    /// <param name="cgroupParent">The cgroup below which containers are made.</param>
    /// <param name="unrecorded">Ids of those that ended unseen, or whose rows can't be read: their processes, cgroups and exit codes are still to be looked at.</param>
    public void Run(IReadOnlySet<string> known, IReadOnlySet<string> running, IReadOnlySet<string> mountedVolumes, string cgroupParent, IReadOnlySet<string> unrecorded)
    {
        EndStarts(running, unrecorded, cgroupParent);
        UnmountStrays(running, mountedVolumes);
        foreach (var leftover in Directory.EnumerateFileSystemEntries(paths.Staging).Where(path => !ContentStore.IsPartial(path)))
        {
            Remove(leftover);
        }

        // Other daemons may have containers below the same parent: only cgroups of ids that left something in these roots are ours.
        var ours = known.Concat(Names(paths.Containers)).Concat(Names(paths.Bundles)).Concat(Names(paths.RuntimeState)).Where(IsContainerId);
        RemoveCgroups(cgroupParent, ours.Except(running).Except(unrecorded).ToList());
        RemoveUnknown(paths.Containers, known);
        RemoveOthers(paths.Bundles, running);
        RemoveOthers(paths.RuntimeState, running);
        RemoveOthers(paths.Exits, running.Concat(unrecorded).ToHashSet());
    }

    // What an earlier daemon had begun to start was acknowledged to nobody, and what it was running for a build is of no use to anybody.
    private void EndStarts(IReadOnlySet<string> running, IReadOnlySet<string> unrecorded, string parent)
    {
        var unfinished = Names(paths.Bundles).Concat(Names(paths.RuntimeState)).Where(IsContainerId).Except(running).Except(unrecorded).ToHashSet();
        Try("/proc", () => StrayMonitors.End(paths.RuntimeState, unfinished));
        foreach (var id in unfinished)
        {
            Cgroups.KillAll($"/{parent.Trim('/')}/{id}");
        }
    }

    // Innermost first, so that nothing is busy.
    private void UnmountStrays(IReadOnlySet<string> running, IReadOnlySet<string> mountedVolumes)
    {
        foreach (var mount in Mounts.ReadMountInfo().Reverse().Where(mount => IsStray(mount.Target, running, mountedVolumes)))
        {
            log.LogInformation("unmounting {Path}, left by a container that does not run", mount.Target);
            Try(mount.Target, () => Mounts.Unmount(mount.Target));
        }
    }

    private bool IsStray(string target, IReadOnlySet<string> running, IReadOnlySet<string> mountedVolumes)
    {
        if (target.StartsWith(paths.Volumes + "/", StringComparison.Ordinal))
        {
            return !mountedVolumes.Any(used => used.Length > 0 && (target == used || target.StartsWith(used + "/", StringComparison.Ordinal)));
        }

        return (OwnerOf(target, paths.Containers) ?? OwnerOf(target, paths.Bundles)) is { } id
            ? !running.Contains(id)
            : target.StartsWith(paths.Staging + "/", StringComparison.Ordinal) || target.StartsWith(paths.Trash + "/", StringComparison.Ordinal);
    }

    private static string? OwnerOf(string target, string parent) =>
        target.StartsWith(parent + "/", StringComparison.Ordinal) ? target[(parent.Length + 1)..].Split('/')[0] : null;

    private void RemoveUnknown(string parent, IReadOnlySet<string> known)
    {
        foreach (var directory in Directory.EnumerateFileSystemEntries(parent).Where(path => !known.Contains(Path.GetFileName(path))))
        {
            log.LogInformation("removing {Path}: no container has it", directory);
            Remove(directory);
        }
    }

    // They lie on another file system, so that they can't be renamed into the trash; they are small. While a monitor writes an exit code,
    // its file has the container's name with a suffix.
    private void RemoveOthers(string parent, IReadOnlySet<string> kept)
    {
        if (!Directory.Exists(parent))
        {
            return;
        }

        using var directory = SafePath.Open(parent);
        foreach (var entry in directory.ReadDirectory(".").Where(entry => !kept.Contains(entry.Name.Split('.')[0])).ToList())
        {
            Try(Path.Combine(parent, entry.Name), () => directory.RemoveTree(entry.Name));
        }
    }

    private void RemoveCgroups(string parent, IReadOnlyList<string> ids)
    {
        foreach (var hierarchy in Mounts.ReadMountInfo().Where(mount => mount.FsType is "cgroup" or "cgroup2").Select(mount => mount.Target))
        {
            foreach (var cgroup in ids.Select(id => $"{hierarchy}/{parent.Trim('/')}/{id}").Where(Directory.Exists))
            {
                Try(cgroup, () => RemoveCgroup(cgroup));
            }
        }
    }

    // Files of a cgroup go with it; only directories are removed, children first. EBUSY says that a process is still in it.
    private static void RemoveCgroup(string cgroup)
    {
        foreach (var child in Directory.GetDirectories(cgroup))
        {
            RemoveCgroup(child);
        }

        Directory.Delete(cgroup);
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFileSystemEntries(directory).Select(path => Path.GetFileName(path)) : [];

    private static bool IsContainerId(string name) => name.Length == 64 && name.All(char.IsAsciiHexDigitLower);

    private void Remove(string path) => Try(path, () => removal.Remove(path));

    private void Try(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("{Path} cannot be cleaned up: {Reason}", path, e.Message);
        }
    }
}
