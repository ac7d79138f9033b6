using Microsoft.Extensions.Logging;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Containers.Tasks;
using Slipway.Engine.Execs;
using Slipway.Engine.Volumes;

namespace Slipway.Engine.Containers;

/// <summary><c>docker rm</c>. Order: mark, stop, row, then files, which are renamed away and deleted in the background.</summary>
public sealed class RemoveContainer
{
    private readonly ContainerTable _table;
    private readonly KillContainer _kill;
    private readonly TaskLauncher _tasks;
    private readonly VolumeTable _volumes;
    private readonly RemoveVolume _removeVolume;
    private readonly ExecTable _execs;
    private readonly BackgroundRemoval _removal;
    private readonly EnginePaths _paths;
    private readonly ContainerEvents _events;
    private readonly ILogger _log;

    internal RemoveContainer(ContainerTable table, KillContainer kill, TaskLauncher tasks, ContainerExit exits, VolumeTable volumes, RemoveVolume removeVolume, ExecTable execs, BackgroundRemoval removal, EnginePaths paths, ContainerEvents events, ILogger log)
    {
        (_table, _kill, _tasks, _volumes, _removeVolume) = (table, kill, tasks, volumes, removeVolume);
        (_execs, _removal, _paths, _events, _log) = (execs, removal, paths, events, log);
        exits.AutoRemove = container => RunAsync(container, force: true, removeVolumes: true, CancellationToken.None);
    }

    /// <summary>Removes a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="force">Kill it first if it runs.</param>
    /// <param name="removeVolumes">Remove its anonymous volumes too.</param>
    /// <param name="cancel">Stops waiting for a killed container to end.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.Conflict"/> when it runs and <paramref name="force"/> is not given, or is being removed.</exception>
    public async Task RunAsync(Container container, bool force, bool removeVolumes, CancellationToken cancel)
    {
        while (!await TryRunAsync(container, force, removeVolumes, cancel).ConfigureAwait(false))
        {
            // Somebody has started it between its end and its removal.
        }
    }

    private async Task<bool> TryRunAsync(Container container, bool force, bool removeVolumes, CancellationToken cancel)
    {
        await StopAsync(container, force, cancel).ConfigureAwait(false);
        await container.Gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (container.Removed.IsCompleted)
            {
                return true;
            }

            if (container.IsRunning)
            {
                return false;
            }

            await DeleteAsync(container, removeVolumes).ConfigureAwait(false);
            return true;
        }
        finally
        {
            container.Gate.Release();
        }
    }

    private async Task StopAsync(Container container, bool force, CancellationToken cancel)
    {
        var status = container.Record.State.Status;
        if (status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting && !force)
        {
            var state = status == ContainerStatus.Paused ? "paused" : status == ContainerStatus.Restarting ? "restarting" : "running";
            var hint = status == ContainerStatus.Paused ? " and must be unpaused first" : ": stop the container before removing or force remove";
            throw EngineException.Conflict($"cannot remove container \"/{container.Name}\": container is {state}{hint}");
        }

        container.PendingRestart?.Cancel();
        if (status is ContainerStatus.Running or ContainerStatus.Paused)
        {
            var exit = container.NextExit;
            await container.RecordFactAsync(r => r with { HasBeenManuallyStopped = true }).ConfigureAwait(false);
            _kill.Send(container, 9);
            await ((Task)exit).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DeleteAsync(Container container, bool removeVolumes)
    {
        await container.DeleteAsync().ConfigureAwait(false);
        _table.Remove(container);
        _events.Publish(container, "destroy");
        if (container.Cleanup.IsCompleted && container.Record.HasBeenStarted is false)
        {
            await _tasks.DiscardAsync(container, null).ConfigureAwait(false);
        }

        await DeleteVolumesAsync(container, removeVolumes).ConfigureAwait(false);
        _removal.Remove(_paths.Container(container.Id));
        _execs.Forget(container);
        container.Attaches.Close();
        // A monitor that outlived a killed daemon may have written after its container was taken apart.
        _ = _tasks.ForgetAsync(container);
        container.CompleteRemoval();
    }

    private async Task DeleteVolumesAsync(Container container, bool removeVolumes)
    {
        _volumes.Release(container.Id);
        foreach (var mount in container.Record.Mounts.Where(m => removeVolumes && m.Anonymous && m.Name.Length > 0))
        {
            try
            {
                await _removeVolume.RunAsync(mount.Name).ConfigureAwait(false);
            }
            catch (EngineException e)
            {
                // Another container may use it by now (--volumes-from): then it stays.
                _log.LogDebug("volume {Name} stays: {Reason}", mount.Name, e.Message);
            }
        }
    }
}
