using Slipway.Linux;

namespace Slipway.Engine.Containers;

/// <summary><c>docker pause</c> and <c>unpause</c>: freezes and thaws a container's cgroup.</summary>
public sealed class PauseContainer(ContainerEvents events)
{
    /// <summary>Freezes every process of the container.</summary>
    /// <exception cref="EngineException">It does not run, or is paused already.</exception>
    public async Task PauseAsync(Container container, CancellationToken cancel)
    {
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            var status = container.Record.State.Status;
            if (status == ContainerStatus.Paused)
            {
                throw EngineException.Conflict($"Container {container.Id} is already paused");
            }

            if (status == ContainerStatus.Restarting)
            {
                throw EngineException.Conflict($"Container {container.Id} is restarting, wait until the container is running");
            }

            if (status != ContainerStatus.Running || container.Task is not { } task)
            {
                throw EngineException.Conflict($"Container {container.Id} is not running");
            }

            Cgroups.Freeze(task.CgroupPath);
            await container.RecordFactAsync(r => r with { State = r.State with { Status = ContainerStatus.Paused } }).ConfigureAwait(false);
            events.Publish(container, "pause");
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            // It has ended, and its control group with it.
            throw EngineException.Conflict($"Container {container.Id} is not running");
        }
        finally
        {
            container.Gate.Release();
        }
    }

    /// <summary>Thaws the container.</summary>
    /// <exception cref="EngineException">It is not paused.</exception>
    public async Task UnpauseAsync(Container container, CancellationToken cancel)
    {
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            if (container.Record.State.Status != ContainerStatus.Paused || container.Task is not { } task)
            {
                throw EngineException.Conflict($"Container {container.Id} is not paused");
            }

            Cgroups.Thaw(task.CgroupPath);
            await container.RecordFactAsync(r => r with { State = r.State with { Status = ContainerStatus.Running } }).ConfigureAwait(false);
            events.Publish(container, "unpause");
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            throw EngineException.Conflict($"Container {container.Id} is not paused");
        }
        finally
        {
            container.Gate.Release();
        }
    }
}
