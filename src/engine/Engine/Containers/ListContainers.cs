using Slipway.DockerApi;

namespace Slipway.Engine.Containers;

/// <summary><c>docker ps</c>.</summary>
public sealed class ListContainers
{
    private readonly ContainerTable _table;
    private readonly ContainerImages _images;
    private readonly EnginePaths _paths;
    private readonly TimeProvider _time;

    internal ListContainers(ContainerTable table, ContainerImages images, EnginePaths paths, TimeProvider time) =>
        (_table, _images, _paths, _time) = (table, images, paths, time);

    /// <summary>Lists containers, newest first.</summary>
    /// <param name="all">Also those that do not run.</param>
    /// <param name="limit">At most so many, running or not; 0 for no limit.</param>
    /// <param name="size">Also how much disk each takes; reads its whole writable layer.</param>
    /// <param name="filters">The client's filters.</param>
    public IReadOnlyList<ContainerSummary> Run(bool all, int limit, bool size, Filters filters)
    {
        var filter = Filter(filters);
        var now = _time.GetUtcNow();
        var found = _table.All
            .Where(c => (all || limit > 0 || filter.ImpliesAll || c.Record.State.Status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting) && filter.Matches(c.Record))
            .OrderByDescending(c => c.Record.Created)
            .Take(limit > 0 ? limit : int.MaxValue);
        return [.. found.Select(c => Summary(c, size, now))];
    }

    /// <summary>Checks filters and makes them ready to use.</summary>
    /// <exception cref="EngineException">An unknown filter or a value it does not take.</exception>
    public ContainerFilter Filter(Filters filters) => new(filters, _table, _images.IdsDerivedFrom);

    /// <summary>Bytes in the container's writable layer.</summary>
    internal long WritableSize(Container container) => DiskUsage.Of(_paths.Upper(container.Id));

    private ContainerSummary Summary(Container container, bool size, DateTimeOffset now)
    {
        var record = container.Record;
        var writable = size ? WritableSize(container) : 0;
        return new ContainerSummary
        {
            Id = record.Id,
            Names = ["/" + record.Name],
            Image = _images.DisplayName(record),
            ImageID = record.ImageId,
            Command = string.Join(' ', record.Args.Prepend(record.Path)),
            Created = record.Created.ToUnixTimeSeconds(),
            Ports = ContainerNetworks.Ports(record),
            SizeRw = writable,
            SizeRootFs = size ? writable + _images.UnpackedSize(record.ChainId) : 0,
            Labels = record.Config.Labels ?? new Dictionary<string, string>(),
            State = ContainerText.Word(record.State.Status),
            Status = ContainerText.Sentence(record, now),
            HostConfig = new ContainerSummaryHostConfig { NetworkMode = ContainerNetworks.Mode(record), Annotations = record.HostConfig.Annotations },
            NetworkSettings = new ContainerSummaryNetworks { Networks = ContainerNetworks.Endpoints(record) },
            Mounts = [.. record.Mounts.Select(InspectContainer.MountPoint)],
        };
    }
}
