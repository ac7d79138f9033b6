using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Volumes;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>Opens the file systems of containers, whether they run or not.</summary>
/// <param name="paths">Where containers lie.</param>
/// <param name="volumes">The volumes.</param>
/// <param name="lowerDirs">The directories of an image's layers by ChainID, topmost first.</param>
public sealed class ContainerFiles(EnginePaths paths, VolumeTable volumes, Func<string, IReadOnlyList<string>> lowerDirs)
{
    /// <summary>
    /// Opens a container's file system. A running or paused one is reached through its init's root; one that does not run is mounted for
    /// the engine alone and cannot be started before the view is closed.
    /// </summary>
    public async Task<ContainerView> OpenAsync(Container container, CancellationToken cancel)
    {
        if (OpenView(container) is { } running)
        {
            return running;
        }

        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            if (OpenView(container) is { } started)
            {
                container.Gate.Release();
                return started;
            }

            await container.Cleanup.WaitAsync(cancel).ConfigureAwait(false);
            var mounted = Mount(container.Record);
            return new ContainerView(mounted.Root, container.Record, () =>
            {
                mounted.Dispose();
                container.Gate.Release();
            });
        }
        catch
        {
            container.Gate.Release();
            throw;
        }
    }

    /// <summary>The root file system without volumes: what <c>docker export</c> writes. Reading only.</summary>
    /// <exception cref="EngineException">NotFound: the container was removed meanwhile.</exception>
    public async Task<MountedRoot> OpenRootFsAsync(Container container, CancellationToken cancel)
    {
        if (OpenRunning(container, task => SafePath.FromFd(MountNamespace.OpenRootMount(task.Process))) is { } running)
        {
            return MountedRoot.Of(running);
        }

        // As a lower layer, so that nothing can be written and overlayfs needs no work directory.
        var record = container.Record;
        return await EnterAsync(container, () => MountedRoot.Open(new OverlayLayers([paths.Upper(record.Id), .. Lower(record)]), MountPoint(record.Id)), cancel).ConfigureAwait(false);
    }

    /// <summary>What the container changed in its image.</summary>
    /// <exception cref="EngineException">NotFound: the container was removed meanwhile.</exception>
    public async Task<IReadOnlyList<FilesystemChange>> ChangesAsync(Container container, CancellationToken cancel)
    {
        var record = container.Record;
        var lower = Lower(record);
        var (upper, image) = await EnterAsync(
            container, () => (SafePath.Open(paths.Upper(record.Id)), lower.Count == 0 ? null : MountedRoot.Open(new OverlayLayers(lower), MountPoint(record.Id))), cancel).ConfigureAwait(false);
        using (upper)
        using (image)
        {
            return await Task.Run(() => ContainerChanges.Of(upper, image?.Root, cancel), cancel).ConfigureAwait(false);
        }
    }

    // A container that is being removed has no directories any more, and none must be made for it.
    private static async Task<T> EnterAsync<T>(Container container, Func<T> open, CancellationToken cancel)
    {
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            return open();
        }
        finally
        {
            container.Gate.Release();
        }
    }

    private static ContainerView? OpenView(Container container) =>
        OpenRunning(container, task => SafePath.Open($"/proc/{task.Pid}/root")) is { } root ? new ContainerView(root, container.Record, () => { }) : null;

    // The process is asked after its root was opened: if it lives still, the number meant it all along.
    private static SafePath? OpenRunning(Container container, Func<TaskHandle, SafePath> open)
    {
        if (container.Task is not { } task)
        {
            return null;
        }

        try
        {
            var root = open(task);
            if (!task.Process.HasExited)
            {
                return root;
            }

            root.Dispose();
            return null;
        }
        catch (Exception ended) when (ended is LinuxException { IsNotFound: true } or LinuxException { IsNoProcess: true } or ObjectDisposedException)
        {
            return null;
        }
    }

    private MountedRoot Mount(ContainerRecord record) =>
        MountedRoot.Open(new OverlayLayers(Lower(record), paths.Upper(record.Id), paths.Work(record.Id)), MountPoint(record.Id), record.Mounts, volumes.Find);

    private IReadOnlyList<string> Lower(ContainerRecord record) => record.ChainId is null ? [] : lowerDirs(record.ChainId);

    private string MountPoint(string id) => Directory.CreateDirectory(paths.RootFs(id)).FullName;
}
