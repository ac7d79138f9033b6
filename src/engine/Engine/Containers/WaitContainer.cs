namespace Slipway.Engine.Containers;

/// <summary>What <c>docker wait</c> waits for.</summary>
public enum WaitCondition
{
    /// <summary>That the container does not run; at once when it does not.</summary>
    NotRunning,

    /// <summary>That a run ends, the present one or the next.</summary>
    NextExit,

    /// <summary>That the container is gone.</summary>
    Removed,
}

/// <summary><c>docker wait</c>.</summary>
public sealed class WaitContainer
{
    /// <summary>Begins waiting. The wait is registered when this method returns, so that no end can be missed afterwards.</summary>
    /// <returns>A task that gives the exit status.</returns>
    public Task<ExitStatus> Begin(Container container, WaitCondition condition, CancellationToken cancel)
    {
        var exit = container.NextExit;
        var record = container.Record;
        return condition switch
        {
            WaitCondition.NotRunning when record.State.Status is not (ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting) =>
                Task.FromResult(new ExitStatus(record.State.ExitCode)),
            WaitCondition.Removed => RemovedAsync(container, cancel),
            _ => exit.WaitAsync(cancel),
        };
    }

    private static async Task<ExitStatus> RemovedAsync(Container container, CancellationToken cancel)
    {
        await container.Removed.WaitAsync(cancel).ConfigureAwait(false);
        return new ExitStatus(container.Record.State.ExitCode);
    }
}
