using Slipway.Engine.Containers;
using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Volumes;

/// <summary>
/// Fills an empty volume with what the image has at its destination. A marker beside the data says that copying is unfinished: after a crash
/// the next container goes on with it, adding what is missing; nothing that is there is touched.
/// </summary>
public sealed class CopyUp(VolumeTable table, VolumeMounts volumeMounts, EnginePaths paths)
{
    /// <summary>Fills the empty volumes among a new container's mounts.</summary>
    /// <param name="containerId">The container; its directory exists.</param>
    /// <param name="mounts">Its mounts.</param>
    /// <param name="lowerDirs">Its image's layers, topmost first.</param>
    /// <param name="cancel">The creation was given up.</param>
    /// <exception cref="EngineException">A volume's device cannot be mounted, or the disk is full.</exception>
    public async Task RunAsync(string containerId, IReadOnlyList<ContainerMount> mounts, IReadOnlyList<string> lowerDirs, CancellationToken cancel)
    {
        var wanted = mounts
            .Where(mount => mount is { Type: "volume", NoCopy: false, Subpath: "" })
            .Select(mount => (mount.Destination, Volume: table.Get(mount.Name)))
            .Where(pair => pair.Volume.HasDevice || IsUnfilled(pair.Volume))
            .ToList();
        if (wanted.Count == 0 || lowerDirs.Count == 0)
        {
            return;
        }

        using var image = MountedRoot.Open(new OverlayLayers(lowerDirs), Directory.CreateDirectory(paths.RootFs(containerId)).FullName);
        foreach (var (destination, volume) in wanted)
        {
            if (image.Root.Stat(destination, followLast: true) is { IsDirectory: true })
            {
                await FillAsync(image.Root, destination, volume, containerId, cancel).ConfigureAwait(false);
            }
        }
    }

    private async Task FillAsync(SafePath image, string source, Volume volume, string containerId, CancellationToken cancel)
    {
        await volume.Copying.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await volumeMounts.WithMountedAsync(volume, containerId + "/copy", () => Fill(image, source, volume, cancel)).ConfigureAwait(false);
        }
        catch (LinuxException e)
        {
            throw new EngineException(ErrorKind.Unavailable, $"failed to populate volume {volume.Name}: {e.Message}", e);
        }
        finally
        {
            volume.Copying.Release();
        }
    }

    private static void Fill(SafePath image, string source, Volume volume, CancellationToken cancel)
    {
        if (!IsUnfilled(volume))
        {
            return;
        }

        using var from = image.OpenSubroot(source);
        using var to = SafePath.Open(volume.Mountpoint);
        var marker = Marker(volume);
        DurableFile.WriteAllBytes(marker, []);
        if (new TreeCopy(cancel).Run(from, to))
        {
            DurableFile.SyncFileSystem(volume.Mountpoint);
        }

        File.Delete(marker);
    }

    private static bool IsUnfilled(Volume volume) =>
        File.Exists(Marker(volume)) || !Directory.EnumerateFileSystemEntries(volume.Mountpoint).Any(path => Path.GetFileName(path) != "lost+found" || !volume.HasDevice);

    private static string Marker(Volume volume) => Path.Combine(volume.Directory, "copying");
}
