using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers.Tasks;

namespace Slipway.Engine.Containers;

/// <summary>
/// Start-up with containers of an earlier daemon: those that run are taken over as they are, those that ended meanwhile get their true
/// exit status, and restart policies are applied to the rest, a few at a time.
/// </summary>
internal sealed class ContainerRecovery(ContainerTable table, TaskLauncher tasks, ContainerExit exits, ContainerLife life, ContainerEvents events, Func<Container, CancellationToken, Task> start, Func<Container, Task> remove, ILogger log)
{
    /// <summary>How many containers are started at one time by restart policies.</summary>
    internal const int ParallelStarts = 4;

    private const int ParallelEnds = 16;

    private readonly HashSet<Container> _endedUnseen = [];

    /// <summary>Takes over what runs. Returns the containers whose end or restart is still to be handled.</summary>
    internal IReadOnlyList<Container> Adopt()
    {
        var ended = new List<Container>();
        foreach (var container in table.All)
        {
            var state = container.Record.State;
            if (state.Status is ContainerStatus.Running or ContainerStatus.Paused && tasks.Adopt(container.Record) is { } task)
            {
                container.Task = task;
                // Nobody waits yet, so this only lets clients connect from now on.
                _ = container.Attaches.OpenAsync(task.BundlePath).AsTask();
                life.TellStarted(container);
            }
            else
            {
                ended.Add(container);
            }
        }

        return ended;
    }

    /// <summary>Begins to wait for the ends of what <see cref="Adopt"/> took over. What an end gives back has to be noted as taken before.</summary>
    internal void Watch()
    {
        foreach (var container in table.All)
        {
            if (container.Task is { } task)
            {
                exits.Watch(container, task);
            }
        }
    }

    /// <summary>
    /// Records the ends that nobody saw, and tells those that were recorded and no longer told. It comes before the first answer, which
    /// must show nothing as running that does not.
    /// </summary>
    internal Task RecordEndsAsync(IReadOnlyList<Container> ended, CancellationToken cancel)
    {
        var unended = events.Unended();
        foreach (var container in ended.Where(c => c.Record.State.Status is ContainerStatus.Exited or ContainerStatus.Restarting && unended.Contains(c.Id)))
        {
            events.PublishEnd(container);
        }

        _endedUnseen.UnionWith(ended.Where(c => c.Record.State.Status is ContainerStatus.Running or ContainerStatus.Paused));
        return Parallel.ForEachAsync(_endedUnseen, new ParallelOptions { MaxDegreeOfParallelism = ParallelEnds, CancellationToken = cancel }, async (container, token) =>
            await GuardAsync(container, (ended, _) => exits.EndAsync(ended, null, restart: false), token).ConfigureAwait(false));
    }

    /// <summary>Handles the containers that <see cref="Adopt"/> left.</summary>
    internal async Task FinishAsync(IReadOnlyList<Container> ended, CancellationToken cancel)
    {
        using var slots = new SemaphoreSlim(ParallelStarts);
        var finished = new Dictionary<Container, Task>();
        foreach (var container in StartOrder.Sort(ended, table))
        {
            finished[container] = FinishAfterAsync(container, StartOrder.Needs(container, table).Select(needed => finished.GetValueOrDefault(needed, Task.CompletedTask)).ToList(), slots, cancel);
        }

        await Task.WhenAll(finished.Values).ConfigureAwait(false);
    }

    private async Task FinishAfterAsync(Container container, IReadOnlyList<Task> needed, SemaphoreSlim slots, CancellationToken cancel)
    {
        await Task.WhenAll(needed).ConfigureAwait(false);
        await slots.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await GuardAsync(container, FinishAsync, cancel).ConfigureAwait(false);
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task GuardAsync(Container container, Func<Container, CancellationToken, Task> action, CancellationToken cancel)
    {
        try
        {
            await action(container, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogWarning("container {Id}: {Reason}", container.Id, e.Message);
        }
    }

    private async Task FinishAsync(Container container, CancellationToken cancel)
    {
        if (_endedUnseen.Contains(container))
        {
            if (container.Record.State.Status == ContainerStatus.Restarting)
            {
                await exits.Restart(container, cancel).ConfigureAwait(false);
            }
            else if (container.Record.State.Status == ContainerStatus.Exited && RestartPolicies.AppliesAtStart(container.Record, wasRunning: true))
            {
                await start(container, cancel).ConfigureAwait(false);
            }

            return;
        }

        switch (container.Record.State.Status)
        {
            case ContainerStatus.Restarting:
                exits.ScheduleRestart(container);
                break;
            case ContainerStatus.Removing or ContainerStatus.Dead:
                await remove(container).ConfigureAwait(false);
                break;
            case ContainerStatus.Exited when container.Record.HostConfig.AutoRemove:
                await remove(container).ConfigureAwait(false);
                break;
            case ContainerStatus.Exited when RestartPolicies.AppliesAtStart(container.Record, wasRunning: false):
                await start(container, cancel).ConfigureAwait(false);
                break;
        }
    }
}
