using Slipway.Engine.Snapshots;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>A container's root filesystem: an overlay of its image's layers and its own writable layer, mounted while its task exists.</summary>
internal sealed class RootFileSystem(EnginePaths paths, Snapshotter snapshots)
{
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Open = Closed | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Makes the directories of a new container. Those that a power cut took away are made again by <see cref="Mount"/>.</summary>
    internal void Prepare(string id)
    {
        Directory.CreateDirectory(paths.Container(id), Closed | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(paths.Upper(id), Open);
        Directory.CreateDirectory(paths.Work(id), Closed);
        Directory.CreateDirectory(paths.RootFs(id), Closed);
    }

    /// <summary>Mounts the root filesystem; nothing to do when it is mounted.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.Damaged"/> when a layer is missing; <see cref="ErrorKind.Internal"/> when the kernel refuses.</exception>
    internal void Mount(ContainerRecord record)
    {
        Prepare(record.Id);
        var target = paths.RootFs(record.Id);
        if (Mounts.IsMountPoint(target))
        {
            return;
        }

        try
        {
            Mounts.MountOverlay(target, LowerDirs(record), paths.Upper(record.Id), paths.Work(record.Id));
        }
        catch (LinuxException e)
        {
            throw new EngineException(e.IsNoSpace ? ErrorKind.Unavailable : ErrorKind.Internal, $"cannot mount the root filesystem of container {record.Id}: {e.Message}", e);
        }
    }

    /// <summary>Unmounts the root filesystem, if it is mounted.</summary>
    internal void Unmount(string id)
    {
        var target = paths.RootFs(id);
        if (Directory.Exists(target))
        {
            Mounts.UnmountAll(target);
        }
    }

    /// <summary>The read-only directories below a container's own, top first. An image without layers has one that is empty.</summary>
    internal IReadOnlyList<string> LowerDirs(ContainerRecord record)
    {
        if (record.ChainId is { } chain)
        {
            return snapshots.LowerDirs(chain);
        }

        var empty = Path.Combine(paths.Container(record.Id), "empty");
        Directory.CreateDirectory(empty, Open);
        return [empty];
    }
}
