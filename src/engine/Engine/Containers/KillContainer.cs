using Microsoft.Extensions.Logging;
using Slipway.Linux;

namespace Slipway.Engine.Containers;

/// <summary><c>docker kill</c>: sends a signal to a container's init.</summary>
public sealed class KillContainer(ContainerEvents events, ILogger log)
{
    private const int Sigkill = 9;

    /// <summary>Sends the signal; for SIGKILL waits until the container has ended.</summary>
    /// <param name="container">The container.</param>
    /// <param name="signal">Name or number; SIGKILL when null or empty.</param>
    /// <param name="cancel">Stops the waiting, not the signal.</param>
    /// <exception cref="EngineException">The signal is unknown, or the container does not run.</exception>
    public async Task RunAsync(Container container, string? signal, CancellationToken cancel)
    {
        var number = string.IsNullOrEmpty(signal) ? Sigkill : ParseSignal(signal);
        var exit = container.NextExit;
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            if (container.Record.State.Status == ContainerStatus.Restarting && number == Sigkill)
            {
                throw EngineException.Conflict($"cannot kill container: {container.Id}: container {container.Id} is restarting, wait until the container is running");
            }

            if (!container.IsRunning || container.Task is null)
            {
                throw EngineException.Conflict($"cannot kill container: {container.Id}: container {container.Id} is not running");
            }

            if (number == Sigkill || number == StopSignal(container))
            {
                await NoteManualStopAsync(container).ConfigureAwait(false);
            }

            Send(container, number);
        }
        finally
        {
            container.Gate.Release();
        }

        if (number == Sigkill)
        {
            await ((Task)exit).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends a signal to a running container's init and publishes <c>kill</c>; a paused container is thawed so that it can act on it.</summary>
    internal void Send(Container container, int signal)
    {
        if (container.Task is not { } task)
        {
            return;
        }

        if (task.Process.Signal(signal))
        {
            events.Publish(container, "kill", ("signal", signal.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        if (container.Record.State.Status == ContainerStatus.Paused)
        {
            TryThaw(task);
        }
    }

    private static void TryThaw(TaskHandle task)
    {
        try
        {
            Cgroups.Thaw(task.CgroupPath);
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            // It has ended, and its control group with it.
        }
    }

    /// <summary>Notes that a user stopped the container, so that its restart policy rests. A disk that cannot take the note keeps nobody from stopping it.</summary>
    internal async Task NoteManualStopAsync(Container container)
    {
        try
        {
            await container.RecordFactAsync(r => r with { HasBeenManuallyStopped = true }).ConfigureAwait(false);
        }
        catch (EngineException e)
        {
            log.LogError("container {Id}: that it was stopped by a user is not recorded on disk: {Reason}", container.Id, e.Message);
        }
    }

    /// <summary>The number of the signal that stops a container.</summary>
    internal static int StopSignal(Container container) =>
        container.Record.Config.StopSignal is { Length: > 0 } name ? ParseSignal(name) : 15;

    /// <summary>The number of a signal.</summary>
    /// <exception cref="EngineException">There is none of that name or number.</exception>
    internal static int ParseSignal(string signal) =>
        Signals.Parse(signal) is { } number ? number : throw EngineException.Invalid($"Invalid signal: {signal}");
}
