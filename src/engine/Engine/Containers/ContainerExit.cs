using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers.Tasks;
using Slipway.Linux;

namespace Slipway.Engine.Containers;

/// <summary>The way back: a container's process has ended. Makes the exit status durable, frees what the run held, then lets the restart policy decide.</summary>
internal sealed class ContainerExit(TaskLauncher tasks, ProcessWatch watch, ContainerLife life, ContainerEvents events, OomEvents ooms, TimeProvider time, ILogger log, CancellationToken shutdown)
{
    // After a reboot many policies apply at once; the machine is to stay usable meanwhile.
    private readonly SemaphoreSlim _restarts = new(ContainerRecovery.ParallelStarts);

    /// <summary>Starts a container again; set by <see cref="StartContainer"/>.</summary>
    internal Func<Container, CancellationToken, Task> Restart { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Removes a container that asked for it; set by <see cref="RemoveContainer"/>.</summary>
    internal Func<Container, Task> AutoRemove { get; set; } = _ => Task.CompletedTask;

    /// <summary>Handles the end of this task, whenever it comes.</summary>
    internal void Watch(Container container, TaskHandle task)
    {
        _ = WatchAsync(container, task);
        ooms.Watch(container, task);
    }

    /// <summary>Removes a container without making the caller wait.</summary>
    internal void RemoveInBackground(Container container) => _ = GuardAsync(container, () => AutoRemove(container));

    /// <summary>Records an end that happened while the daemon was not looking, or just now.</summary>
    /// <param name="container">The container; its gate is not held.</param>
    /// <param name="task">The ended task; null when no process was found at start.</param>
    /// <param name="restart">Whether the policy's restart is scheduled here; otherwise the caller sees to it.</param>
    internal async Task EndAsync(Container container, TaskHandle? task, bool restart = true)
    {
        life.TellEnded(container);
        await container.Gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(container.Task, task))
            {
                return;
            }

            await RecordEndAsync(container, task).ConfigureAwait(false);
        }
        finally
        {
            container.Gate.Release();
        }

        if (container.Record.HostConfig.AutoRemove)
        {
            await AutoRemove(container).ConfigureAwait(false);
        }
        else if (restart && container.Record.State.Status == ContainerStatus.Restarting)
        {
            ScheduleRestart(container);
        }
    }

    /// <summary>Starts a container after the delay of its policy.</summary>
    internal void ScheduleRestart(Container container)
    {
        var pending = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
        container.PendingRestart = pending;
        var state = container.Record.State;
        container.RestartDelay = RestartPolicies.NextDelay(container.RestartDelay, (state.FinishedAt - state.StartedAt) ?? TimeSpan.Zero);
        _ = GuardAsync(container, async () =>
        {
            await Task.Delay(container.RestartDelay, time, pending.Token).ConfigureAwait(false);
            await _restarts.WaitAsync(pending.Token).ConfigureAwait(false);
            try
            {
                await Restart(container, pending.Token).ConfigureAwait(false);
            }
            finally
            {
                _restarts.Release();
            }
        });
    }

    private Task WatchAsync(Container container, TaskHandle task) => GuardAsync(container, async () =>
    {
        // conmon ends after it has drained the container's output and written the exit file, so its end is the end of everything.
        await watch.WaitForExit(task.Monitor ?? task.Process).ConfigureAwait(false);
        if (!shutdown.IsCancellationRequested)
        {
            await EndAsync(container, task).ConfigureAwait(false);
        }
    });

    private async Task RecordEndAsync(Container container, TaskHandle? task)
    {
        var end = await tasks.CollectAsync(container, task).ConfigureAwait(false);
        container.Task = null;
        var exit = new ExitStatus(end.Code);
        ContainerRecord Ended(ContainerRecord record)
        {
            var ended = record with
            {
                Endpoints = [.. record.Endpoints.Select(endpoint => endpoint.Disconnected())],
                Ports = [],
                State = record.State with
                {
                    Status = ContainerStatus.Exited,
                    Pid = 0,
                    MonitorPid = 0,
                    StartTicks = 0,
                    ExitCode = end.Code,
                    Error = end.Error,
                    OomKilled = end.OomKilled,
                    FinishedAt = end.FinishedAt,
                },
            };
            return RestartPolicies.AppliesAfterExit(ended) && !ended.HostConfig.AutoRemove
                ? ended with { State = ended.State with { Status = ContainerStatus.Restarting } }
                : ended;
        }

        try
        {
            await container.RecordFactAsync(Ended).ConfigureAwait(false);
            tasks.ForgetExit(container.Id);
        }
        catch (EngineException e)
        {
            log.LogError("container {Id}: its end (exit code {Code}) is not recorded on disk: {Reason}", container.Id, end.Code, e.Message);
        }

        if (end.OomKilled)
        {
            ooms.TellEnd(container, task);
        }

        events.PublishEnd(container);
        container.CompleteExit(exit);
    }

    private async Task GuardAsync(Container container, Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The daemon is going, or the user stopped a container that waited to be restarted.
        }
        catch (Exception e)
        {
            log.LogError(e, "container {Id}", container.Id);
        }
    }
}
