namespace Slipway.Engine.Containers;

/// <summary><c>docker restart</c>: stop, if it runs, and start.</summary>
public sealed class RestartContainer(StopContainer stop, StartContainer start, ContainerEvents events)
{
    /// <summary>Restarts the container; parameters as for <see cref="StopContainer.RunAsync"/>.</summary>
    public async Task RunAsync(Container container, int? timeout, string? signal, CancellationToken cancel)
    {
        if (container.Record.State.Status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting)
        {
            await stop.RunAsync(container, timeout, signal, cancel).ConfigureAwait(false);
        }

        await start.RunAsync(container, cancel).ConfigureAwait(false);
        events.Publish(container, "restart");
    }
}
