using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers.Tasks;
using Slipway.Engine.Networks;

namespace Slipway.Engine.Containers;

/// <summary><c>docker start</c>: the run flow.</summary>
public sealed class StartContainer
{
    private readonly TaskLauncher _tasks;
    private readonly ContainerExit _exits;
    private readonly ContainerLife _life;
    private readonly ContainerEvents _events;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    internal StartContainer(TaskLauncher tasks, ContainerExit exits, ContainerLife life, ContainerEvents events, TimeProvider time, ILogger log)
    {
        _tasks = tasks;
        _exits = exits;
        _life = life;
        _events = events;
        _time = time;
        _log = log;
        exits.Restart = RestartAsync;
    }

    /// <summary>Starts a created or ended container.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotModified"/> when it runs already; what the runtime says when it refuses.</exception>
    public async Task RunAsync(Container container, CancellationToken cancel)
    {
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            CheckStartable(container);
            container.PendingRestart?.Cancel();
            container.RestartDelay = TimeSpan.Zero;
            await RunLockedAsync(container, r => r with { HasBeenManuallyStopped = false, RestartCount = 0 }).ConfigureAwait(false);
        }
        finally
        {
            container.Gate.Release();
        }
    }

    // A start is not cut short when the client goes away: half a start would have to be undone.
    private async Task RunLockedAsync(Container container, Func<ContainerRecord, ContainerRecord> change)
    {
        Linux.Cgroups.ExpectMigration();
        await container.Cleanup.ConfigureAwait(false);
        try
        {
            var task = await _tasks.CreateAsync(container).ConfigureAwait(false);
            container.Task = task;
            await container.Attaches.OpenAsync(task.BundlePath).ConfigureAwait(false);
            await _tasks.ReleaseAsync(container, task).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var failure = e as EngineException ?? new EngineException(ErrorKind.Unavailable, $"cannot start container {container.Id}: {e.Message}", e);
            await FailAsync(container, failure).ConfigureAwait(false);
            throw failure;
        }

        var started = container.RecordFactAsync(r => Running(change(r), container.Task, container.Attachment), mayUseReserve: false);
        _tasks.LeaveHost(container.Id, container.Task);
        _events.Publish(container, "start");

        // The process may have ended by now: its end must not be told before its beginning.
        _life.TellStarted(container);
        _exits.Watch(container, container.Task);
        ReleaseSandbox(container, container.Task);
        await started.ConfigureAwait(false);
    }

    private async Task RestartAsync(Container container, CancellationToken cancel)
    {
        await container.Gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (!cancel.IsCancellationRequested && !container.Removed.IsCompleted && container.Record.State.Status is ContainerStatus.Restarting or ContainerStatus.Exited)
            {
                await RunLockedAsync(container, r => r with { RestartCount = r.RestartCount + 1 }).ConfigureAwait(false);
            }
        }
        catch (EngineException e)
        {
            _log.LogWarning("container {Id}: restart failed: {Reason}", container.Id, e.Message);
        }
        finally
        {
            container.Gate.Release();
        }
    }

    // The process is in the namespace and keeps it; closing it may wait for the kernel.
    private static void ReleaseSandbox(Container container, TaskHandle task)
    {
        if (container.Attachment is { } attachment)
        {
            container.Attachment = null;
            task.NetworkNamespace = attachment.Sandbox.Namespace;
            _ = Task.Run(attachment.Sandbox.Links.Dispose);
        }
    }

    private ContainerRecord Running(ContainerRecord record, TaskHandle task, NetworkAttachment? attachment) => record with
    {
        HasBeenStarted = true,
        Endpoints = attachment?.Endpoints ?? record.Endpoints,
        Ports = attachment?.Ports ?? [],
        State = new TaskState
        {
            Status = ContainerStatus.Running,
            Pid = task.Pid,
            StartTicks = task.StartTicks,
            MonitorPid = task.MonitorPid,
            StartedAt = _time.GetUtcNow(),
            FinishedAt = record.State.FinishedAt,
        },
    };

    private async Task FailAsync(Container container, EngineException failure)
    {
        var task = container.Task;
        container.Task = null;
        await _tasks.DiscardAsync(container, task).ConfigureAwait(false);
        var code = RuntimeErrors.ExitCodeFor(failure.Message);
        try
        {
            await container.RecordFactAsync(r => r with
            {
                State = r.State with { Status = r.HasBeenStarted ? ContainerStatus.Exited : ContainerStatus.Created, Pid = 0, MonitorPid = 0, ExitCode = code, Error = failure.Message },
            }).ConfigureAwait(false);
        }
        catch (EngineException e)
        {
            _log.LogError("container {Id}: its failed start is not recorded on disk: {Reason}", container.Id, e.Message);
        }

        if (container.Record.HostConfig.AutoRemove)
        {
            _exits.RemoveInBackground(container);
        }
    }

    private static void CheckStartable(Container container)
    {
        switch (container.Record.State.Status)
        {
            case ContainerStatus.Running:
                throw new EngineException(ErrorKind.NotModified, $"container {container.Id} is already running");
            case ContainerStatus.Paused:
                throw EngineException.Conflict("cannot start a paused container, try unpause instead");
            case ContainerStatus.Removing:
            case ContainerStatus.Dead:
                throw EngineException.Conflict("container is marked for removal and cannot be started");
        }
    }
}
