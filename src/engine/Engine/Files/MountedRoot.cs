using Slipway.Engine.Containers;
using Slipway.Engine.Volumes;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>
/// A root file system that is mounted for the engine alone, in a mount namespace on a thread of its own: the host's mount table never shows
/// it, and a crash leaves nothing behind.
/// </summary>
public sealed class MountedRoot : IDisposable
{
    private readonly MountNamespace? _space;

    private MountedRoot(SafePath root, MountNamespace? space) => (Root, _space) = (root, space);

    /// <summary>The root directory.</summary>
    public SafePath Root { get; }

    /// <summary>One that others have mounted.</summary>
    internal static MountedRoot Of(SafePath root) => new(root, null);

    /// <summary>Mounts the layers.</summary>
    /// <param name="layers">What to mount. Without <see cref="OverlayLayers.Upper"/> the result is read-only.</param>
    /// <param name="mountPoint">An existing directory of the engine's to mount over.</param>
    public static MountedRoot Open(OverlayLayers layers, string mountPoint) => Open(layers, mountPoint, [], _ => null);

    /// <summary>Mounts the layers and, inside, a container's volumes and bind mounts.</summary>
    /// <param name="layers">What to mount.</param>
    /// <param name="mountPoint">An existing directory of the engine's to mount over.</param>
    /// <param name="mounts">Mounts, parents before children. What has no source (tmpfs) stays an empty directory.</param>
    /// <param name="volumes">Finds a volume by name.</param>
    internal static MountedRoot Open(OverlayLayers layers, string mountPoint, IReadOnlyList<ContainerMount> mounts, Func<string, Volume?> volumes)
    {
        if (layers is { Upper: null, Lower.Count: 1 } && mounts.Count == 0)
        {
            return new MountedRoot(SafePath.Open(layers.Lower[0]), null);
        }

        var space = new MountNamespace();
        try
        {
            return space.Run(() =>
            {
                MountLayers(layers, mountPoint);
                using (var root = SafePath.Open(mountPoint))
                {
                    foreach (var mount in mounts)
                    {
                        MountInside(root, mount, volumes);
                    }
                }

                return new MountedRoot(SafePath.Open(mountPoint), space);
            });
        }
        catch
        {
            space.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Root.Dispose();
        _space?.Dispose();
    }

    private static void MountLayers(OverlayLayers layers, string mountPoint)
    {
        if (layers.Lower.Count == 0 || (layers.Upper is null && layers.Lower.Count == 1))
        {
            Mounts.Bind(layers.Upper ?? layers.Lower[0], mountPoint, recursive: false, readOnly: layers.Upper is null);
        }
        else
        {
            Mounts.MountOverlay(mountPoint, layers.Lower, layers.Upper, layers.Work, readOnly: layers.Upper is null);
        }
    }

    private static void MountInside(SafePath root, ContainerMount mount, Func<string, Volume?> volumes)
    {
        using var source = OpenSource(mount, volumes);
        if (source is null)
        {
            return;
        }

        MakeDestination(root, mount.Destination, FileStat.Of(source).IsDirectory);
        using var target = root.OpenPath(mount.Destination);
        Mounts.Bind(Descriptors.PathOf(source), Descriptors.PathOf(target), recursive: true, readOnly: false);
        if (!mount.ReadWrite)
        {
            using var bound = root.OpenPath(mount.Destination);
            Mounts.Mount(null, Descriptors.PathOf(bound), null, MountFlags.Bind | MountFlags.Remount | MountFlags.ReadOnly, null);
        }
    }

    // A source that vanished since the container was made is no reason to hide the rest of its files.
    private static Microsoft.Win32.SafeHandles.SafeFileHandle? OpenSource(ContainerMount mount, Func<string, Volume?> volumes)
    {
        try
        {
            return mount.Type switch
            {
                "volume" when volumes(mount.Name) is { } volume => OpenVolume(volume, mount.Subpath),
                "bind" => Descriptors.OpenPath(mount.Source),
                _ => null,
            };
        }
        catch (LinuxException gone) when (gone.IsNotFound)
        {
            return null;
        }
    }

    private static Microsoft.Win32.SafeHandles.SafeFileHandle OpenVolume(Volume volume, string subpath)
    {
        if (volume.HasDevice)
        {
            DeviceMount.Mount(volume);
        }

        using var data = SafePath.Open(volume.Mountpoint);
        return data.OpenPath(subpath.Length == 0 ? "." : subpath);
    }

    // As the runtime does at the first start.
    private static void MakeDestination(SafePath root, string destination, bool directory)
    {
        const UnixFileMode readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode searchable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (root.Stat(destination, followLast: true) is not null)
        {
            return;
        }

        var path = root.Resolve(destination);
        if (directory)
        {
            root.EnsureDirectories(path, readable | searchable);
            return;
        }

        root.EnsureDirectories(Path.GetDirectoryName(path) ?? "/", readable | searchable);
        root.CreateFile(path, readable).Dispose();
    }
}
