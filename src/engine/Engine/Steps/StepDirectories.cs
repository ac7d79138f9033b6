using Slipway.Linux;

namespace Slipway.Engine.Steps;

/// <summary>
/// The directories of one step, laid out as a container's so that an unclean end is swept the same way. Below the image's layers lies one
/// that holds the files and directories that the engine mounts over: they are there without appearing in what the step changed.
/// </summary>
internal sealed class StepDirectories(EnginePaths paths, string id)
{
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Searchable = Closed | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Open = Searchable | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly string[] Directories = ["dev", "dev/pts", "dev/shm", "dev/mqueue", "proc", "sys", "etc"];
    private static readonly string[] Files = ["etc/hosts", "etc/hostname", "etc/resolv.conf"];

    /// <summary>Where the file system is mounted.</summary>
    internal string RootFs { get; } = paths.RootFs(id);

    /// <summary>What the step changes.</summary>
    internal string Upper { get; } = paths.Upper(id);

    /// <summary>The step's bundle on the exec root.</summary>
    internal string Bundle { get; } = paths.Bundle(id);

    private string Points => Path.Combine(paths.Container(id), "points");

    /// <summary>Makes them and mounts the file system.</summary>
    internal void Mount(IReadOnlyList<string> lowerDirs, IReadOnlyList<(string Path, bool Directory)> mountPoints)
    {
        Directory.CreateDirectory(paths.Container(id), Searchable);
        Directory.CreateDirectory(Upper, Open);
        Directory.CreateDirectory(paths.Work(id), Closed);
        Directory.CreateDirectory(RootFs, Closed);
        Directory.CreateDirectory(Bundle, Closed);
        MakePoints(mountPoints);
        CopyRoot(lowerDirs);
        // Nothing here is flushed before the layer becomes a snapshot, and then the whole file system is.
        Mounts.MountOverlay(RootFs, [.. lowerDirs, Points], Upper, paths.Work(id), extraOptions: "volatile");
    }

    /// <summary>Unmounts everything. What the step changed stays in <see cref="Upper"/>.</summary>
    internal void Unmount()
    {
        foreach (var directory in Directory.Exists(Bundle) ? Directory.GetDirectories(Bundle) : [])
        {
            foreach (var target in Directory.GetFileSystemEntries(directory).OrderByDescending(path => path, StringComparer.Ordinal).Append(directory))
            {
                Mounts.UnmountAll(target);
            }
        }

        if (Directory.Exists(RootFs))
        {
            Mounts.UnmountAll(RootFs);
        }
    }

    private void MakePoints(IReadOnlyList<(string Path, bool Directory)> mountPoints)
    {
        Directory.CreateDirectory(Points, Open);
        foreach (var directory in Directories)
        {
            Directory.CreateDirectory(Path.Combine(Points, directory), Open);
        }

        foreach (var file in Files)
        {
            File.OpenHandle(Path.Combine(Points, file), FileMode.Create, FileAccess.Write).Dispose();
        }

        if (mountPoints.Count == 0)
        {
            return;
        }

        using var root = SafePath.Open(Points);
        foreach (var (path, isDirectory) in mountPoints)
        {
            root.EnsureDirectories(isDirectory ? path : Path.GetDirectoryName(path) ?? "/", Open);
            if (!isDirectory && root.Stat(path) is null)
            {
                root.CreateFile(path, Readable).Dispose();
            }
        }
    }

    // The root directory shows the attributes of the topmost layer, which is the new one.
    private void CopyRoot(IReadOnlyList<string> lowerDirs)
    {
        if (lowerDirs.Count == 0)
        {
            return;
        }

        var stat = FileStat.OfPath(lowerDirs[0]);
        using var upper = SafePath.Open(Upper);
        upper.SetOwner(".", stat?.Uid ?? 0, stat?.Gid ?? 0);
        upper.SetMode(".", stat?.Permissions ?? Open);
    }
}
