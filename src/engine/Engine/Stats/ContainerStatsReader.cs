using System.Runtime.CompilerServices;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;
using Slipway.Linux;

namespace Slipway.Engine.Stats;

/// <summary><c>docker stats</c>: what containers' control groups and interfaces use, in the Engine API's shape.</summary>
public sealed class ContainerStatsReader(ContainerTable containers, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>One sample.</summary>
    /// <param name="container">The container; one that does not run gives zeros.</param>
    /// <param name="oneShot">Do without the sample of a second ago, which CPU shares are computed from.</param>
    /// <param name="cancel">The client went away.</param>
    public async Task<ContainerStats> ReadAsync(Container container, bool oneShot, CancellationToken cancel)
    {
        var first = Sample(container, null);
        if (oneShot || container.Task is null)
        {
            return first;
        }

        await Task.Delay(Interval, time, cancel).ConfigureAwait(false);
        return Sample(container, first);
    }

    /// <summary>A sample each second until the container is removed.</summary>
    public async IAsyncEnumerable<ContainerStats> StreamAsync(Container container, [EnumeratorCancellation] CancellationToken cancel)
    {
        ContainerStats? before = null;
        while (!container.Removed.IsCompleted)
        {
            before = Sample(container, before);
            yield return before;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(Task.Delay(Interval, time, stop.Token), container.Removed).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private ContainerStats Sample(Container container, ContainerStats? before)
    {
        if (container.Task is not { } task || Cgroups.ReadStats(task.CgroupPath) is not { } use)
        {
            return new ContainerStats { Id = container.Id, Name = "/" + container.Name, Read = GoTime.Zero, Preread = GoTime.Zero };
        }

        var host = HostUse.Read();
        return new ContainerStats
        {
            Id = container.Id,
            Name = "/" + container.Name,
            Read = GoTime.Format(time.GetUtcNow()),
            Preread = before?.Read ?? GoTime.Zero,
            CpuStats = StatsShape.Cpu(use.Cpu, host),
            PrecpuStats = before?.CpuStats ?? new ContainerCpuStats(),
            MemoryStats = StatsShape.Memory(use.Memory, host),
            BlkioStats = StatsShape.Blkio(use.Blkio, Cgroups.Mode),
            PidsStats = StatsShape.Pids(use.Pids),
            Networks = NetworkUse.Read(task.Pid, Interfaces(container.Record)),
        };
    }

    // Who joined another's network sees that one's endpoints.
    private string[] Interfaces(ContainerRecord record) =>
        NamespaceModes.ContainerOf(record.HostConfig.NetworkMode) is { } joined
            ? containers.Find(joined) is { } owner ? Interfaces(owner.Record) : []
            : [.. record.Endpoints.Select(endpoint => endpoint.Interface).Where(name => name.Length > 0)];
}
