namespace Slipway.Engine.Containers;

/// <summary><c>docker stop</c>: asks a container's init to end, and kills it when it does not in time.</summary>
public sealed class StopContainer(KillContainer kill, ContainerEvents events, TimeProvider time)
{
    private const int DefaultTimeout = 10;
    private const int Sigkill = 9;

    /// <summary>Stops the container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="timeout">Seconds to wait before SIGKILL; negative waits without end; null takes the container's own, else 10.</param>
    /// <param name="signal">The signal to ask with; null or empty takes the container's own, else SIGTERM.</param>
    /// <param name="cancel">The caller went away: stops the waiting.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotModified"/> when it does not run.</exception>
    public async Task RunAsync(Container container, int? timeout, string? signal, CancellationToken cancel)
    {
        var number = SignalFor(container, signal);
        var exit = container.NextExit;
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            var status = container.Record.State.Status;
            if (status is not (ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting))
            {
                throw new EngineException(ErrorKind.NotModified, $"Container already stopped: {container.Name}");
            }

            await kill.NoteManualStopAsync(container).ConfigureAwait(false);
            if (status == ContainerStatus.Restarting)
            {
                await CancelRestartAsync(container).ConfigureAwait(false);
                return;
            }

            kill.Send(container, number);
        }
        finally
        {
            container.Gate.Release();
        }

        await WaitOrKillAsync(container, exit, timeout ?? container.Record.Config.StopTimeout ?? DefaultTimeout, cancel).ConfigureAwait(false);
        events.Publish(container, "stop");
    }

    private async Task WaitOrKillAsync(Container container, Task<ExitStatus> exit, int seconds, CancellationToken cancel)
    {
        if (await EndsWithinAsync(exit, seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds), cancel).ConfigureAwait(false))
        {
            return;
        }

        kill.Send(container, Sigkill);
        if (!await EndsWithinAsync(exit, TimeSpan.FromSeconds(10), cancel).ConfigureAwait(false))
        {
            throw new EngineException(ErrorKind.Internal, $"cannot stop container: {container.Id}: tried to kill container, but did not receive an exit event");
        }
    }

    private async Task<bool> EndsWithinAsync(Task<ExitStatus> exit, TimeSpan timeout, CancellationToken cancel)
    {
        await ((Task)exit).WaitAsync(timeout, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        return exit.IsCompleted;
    }

    private static async Task CancelRestartAsync(Container container)
    {
        if (container.PendingRestart is { } pending)
        {
            await pending.CancelAsync().ConfigureAwait(false);
        }

        await container.RecordFactAsync(r => r with { State = r.State with { Status = ContainerStatus.Exited } }).ConfigureAwait(false);
        container.CompleteExit(new ExitStatus(container.Record.State.ExitCode));
    }

    private static int SignalFor(Container container, string? signal) =>
        string.IsNullOrEmpty(signal) ? KillContainer.StopSignal(container) : KillContainer.ParseSignal(signal);
}
