using Slipway.Linux;

namespace Slipway.Engine.Containers;

/// <summary>Publishes <c>oom</c> as soon as the kernel kills inside a container, whether the container ends by it or not. Only a limit can be exceeded: containers without one are not watched.</summary>
internal sealed class OomEvents(ProcessWatch watch, ContainerEvents events)
{
    /// <summary>Watches a task whose container has a memory limit, if it is not watched yet.</summary>
    internal void Watch(Container container, TaskHandle task)
    {
        if (container.Record.HostConfig.Memory > 0 && task.OomWatch is null)
        {
            task.OomWatch = OomWatch.Begin(watch, task.CgroupPath, () =>
            {
                task.OomTold = true;
                events.Publish(container, "oom");
            });
        }
    }

    /// <summary>Publishes the kill by which a task ended, unless that was done when it happened.</summary>
    internal void TellEnd(Container container, TaskHandle? task)
    {
        if (task is not { OomTold: true })
        {
            events.Publish(container, "oom");
        }
    }
}
