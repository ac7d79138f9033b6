using Slipway.Engine.Containers;
using Slipway.Engine.Volumes;
using Slipway.Linux;

namespace Slipway.Engine.Steps;

/// <summary>Makes the sources of a step's own mounts below its bundle: stacks of layers, paths inside them, files in memory.</summary>
internal static class StepMounts
{
    private const string MemoryDirectory = "memory";

    /// <summary>Prepares them. <see cref="StepDirectories.Unmount"/> takes everything back.</summary>
    internal static IReadOnlyList<ContainerMount> Prepare(string bundle, IReadOnlyList<StepMount> mounts)
    {
        var made = new List<ContainerMount>();
        for (var i = 0; i < mounts.Count; i++)
        {
            made.Add(mounts[i].ToContainerMount(Source(bundle, mounts[i], i)));
        }

        return made;
    }

    /// <summary>Whether the mount shows a directory.</summary>
    internal static bool IsDirectory(StepMount mount)
    {
        if (mount.File is not null || mount.IsFile)
        {
            return false;
        }

        return mount.Source is null || mount.Subpath.Length > 0 || FileStat.OfPath(mount.Source) is not { IsDirectory: false };
    }

    private static string Source(string bundle, StepMount mount, int index)
    {
        if (mount.File is { } file)
        {
            return WriteFile(bundle, file, index);
        }

        var directory = Path.Combine(bundle, $"mount{index}");
        if (mount.Layers is { } layers)
        {
            var whole = MountLayers(directory, layers, mount.Writable);
            return mount.Subpath.Trim('/').Length == 0 ? whole : HeldSubpath.Bind(whole, mount.Subpath, Path.Combine(directory, "zsubpath"));
        }

        return mount.Source is { } source && mount.Subpath.Trim('/').Length > 0
            ? HeldSubpath.Bind(source, mount.Subpath, Path.Combine(directory, "zsubpath"))
            : mount.Source ?? "";
    }

    private static string MountLayers(string directory, IReadOnlyList<string> layers, bool writable)
    {
        var whole = Directory.CreateDirectory(Path.Combine(directory, "view")).FullName;
        var empty = Directory.CreateDirectory(Path.Combine(directory, "empty")).FullName;
        var bottom = Directory.CreateDirectory(Path.Combine(directory, "lowest")).FullName;
        var (upper, work) = writable
            ? (Directory.CreateDirectory(Path.Combine(directory, "upper")).FullName, Directory.CreateDirectory(Path.Combine(directory, "work")).FullName)
            : (null, null);
        IReadOnlyList<string> lower = layers.Count switch { 0 => [empty, bottom], 1 => [.. layers, empty], _ => layers };
        Mounts.MountOverlay(whole, lower, upper, work, readOnly: !writable);
        return whole;
    }

    private static string WriteFile(string bundle, StepFile content, int index)
    {
        var directory = Path.Combine(bundle, MemoryDirectory);
        if (!Directory.Exists(directory))
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Mounts.Mount("tmpfs", directory, "tmpfs", MountFlags.NoSuid | MountFlags.NoDev, "mode=0700,size=16m");
        }

        using var root = SafePath.Open(directory);
        var name = $"{index}";
        using (var file = root.CreateFile(name, UnixFileMode.UserRead | UnixFileMode.UserWrite))
        {
            RandomAccess.Write(file, content.Content.Span, 0);
        }

        root.SetOwner(name, content.Uid, content.Gid);
        root.SetMode(name, content.Mode);
        return Path.Combine(directory, name);
    }
}
