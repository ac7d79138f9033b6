using Slipway.DockerApi;

namespace Slipway.Engine.Containers;

/// <summary><c>docker container prune</c>: removes every container that does not run.</summary>
public sealed class PruneContainers(ContainerTable table, RemoveContainer remove, ListContainers list, Events.EventLog events)
{
    /// <summary>Removes ended and never started containers that match.</summary>
    /// <param name="matches">The caller's filters.</param>
    /// <param name="cancel">Stops between two containers.</param>
    public async Task<ContainersPruneReport> RunAsync(Func<ContainerRecord, bool> matches, CancellationToken cancel)
    {
        var deleted = new List<string>();
        var reclaimed = 0UL;
        foreach (var container in table.All.Where(c => IsStopped(c) && matches(c.Record)))
        {
            cancel.ThrowIfCancellationRequested();
            var size = list.WritableSize(container);
            try
            {
                await remove.RunAsync(container, force: false, removeVolumes: false, cancel).ConfigureAwait(false);
                deleted.Add(container.Id);
                reclaimed += (ulong)size;
            }
            catch (EngineException e) when (e.Kind is ErrorKind.Conflict)
            {
                // It was started in the meantime.
            }
        }

        events.Publish("container", "prune", "", new Dictionary<string, string> { ["reclaimed"] = reclaimed.ToString(System.Globalization.CultureInfo.InvariantCulture) });
        return new ContainersPruneReport { ContainersDeleted = deleted, SpaceReclaimed = reclaimed };
    }

    private static bool IsStopped(Container container) =>
        container.Record.State.Status is ContainerStatus.Created or ContainerStatus.Exited or ContainerStatus.Dead;
}
