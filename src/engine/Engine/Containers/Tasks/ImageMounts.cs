using Slipway.Engine.Snapshots;
using Slipway.Engine.Volumes;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>
/// Images mounted into containers (<c>--mount type=image</c>): a read-only overlay of an image's layers below the container's bundle while
/// its task exists, from which the runtime binds.
/// </summary>
internal sealed class ImageMounts(EnginePaths paths, Snapshotter snapshots)
{
    /// <summary>Mounts a container's images.</summary>
    /// <returns>The same mounts; those of images now have a source.</returns>
    /// <exception cref="EngineException">A layer is missing, or the subpath leads nowhere. <see cref="Unmount"/> takes back what was done.</exception>
    internal IReadOnlyList<ContainerMount> Mount(string id, IReadOnlyList<ContainerMount> mounts) =>
        [.. mounts.Select((mount, index) => mount.Type == "image" ? mount with { Source = Mount(id, mount, index) } : mount)];

    /// <summary>Unmounts all of them, if they are mounted.</summary>
    internal void Unmount(string id)
    {
        if (!Directory.Exists(Root(id)))
        {
            return;
        }

        foreach (var directory in Directory.GetDirectories(Root(id)))
        {
            // What is bound from a mount goes before it.
            foreach (var target in Directory.GetFileSystemEntries(directory).OrderByDescending(path => path, StringComparer.Ordinal))
            {
                Mounts.UnmountAll(target);
            }
        }
    }

    private string Mount(string id, ContainerMount mount, int index)
    {
        var directory = Path.Combine(Root(id), $"{index}");
        var whole = Directory.CreateDirectory(Path.Combine(directory, "image")).FullName;
        var empty = Directory.CreateDirectory(Path.Combine(directory, "empty")).FullName;
        try
        {
            // Two directories at least: an overlay without a writable layer takes no fewer.
            IReadOnlyList<string> layers = mount.ChainId is { } chain ? snapshots.LowerDirs(chain) : [Directory.CreateDirectory(Path.Combine(directory, "bottom")).FullName];
            Mounts.MountOverlay(whole, layers.Count > 1 ? layers : [.. layers, empty], upper: null, work: null, readOnly: true);
        }
        catch (LinuxException e)
        {
            throw new EngineException(ErrorKind.Internal, $"cannot mount image {mount.Name} for container {id}: {e.Message}", e);
        }

        return mount.Subpath.Length == 0 ? whole : HeldSubpath.Bind(whole, mount.Subpath, Path.Combine(directory, "subpath"));
    }

    private string Root(string id) => Path.Combine(paths.Bundle(id), "images");
}
