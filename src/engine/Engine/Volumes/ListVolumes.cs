using Slipway.DockerApi;

namespace Slipway.Engine.Volumes;

/// <summary>Lists and shows volumes.</summary>
public sealed class ListVolumes(VolumeTable table)
{
    /// <summary>The volumes that the filters let through; filters <c>dangling</c>, <c>driver</c>, <c>label</c>, <c>name</c>.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for an unknown filter or value.</exception>
    public VolumeListResponse Run(Filters filters)
    {
        VolumeFilter.Check(filters, "dangling", "driver", "label", "name");
        var dangling = VolumeFilter.Flag(filters, "dangling");
        var found = table.All.Where(volume =>
            (dangling is null || dangling == (table.References(volume.Name).Count == 0))
            && (!filters.Contains("driver") || filters["driver"].Contains(volume.Record.Driver))
            && VolumeFilter.LabelsMatch(volume, filters)
            && VolumeFilter.NameMatches(volume, filters));
        return new VolumeListResponse { Volumes = [.. found.Select(volume => Show(volume))] };
    }

    /// <summary>One volume.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public DockerApi.Volume Inspect(string name) => Show(table.Get(name));

    /// <summary>Every volume with its size on disk and the number of containers that have it, for <c>system df</c>.</summary>
    public async Task<IReadOnlyList<DockerApi.Volume>> WithUsageAsync(CancellationToken cancel)
    {
        var volumes = table.All;
        return await Task.Factory.StartNew(
            () => volumes.Select(volume => Show(volume) with
            {
                UsageData = new VolumeUsageData { Size = VolumeSize.Of(volume, cancel), RefCount = table.References(volume.Name).Count },
            }).ToList(),
            cancel,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>The volume as the API shows it.</summary>
    public static DockerApi.Volume Show(Volume volume) => new()
    {
        Name = volume.Name,
        Driver = volume.Record.Driver,
        Mountpoint = volume.Mountpoint,
        CreatedAt = volume.Record.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        Labels = volume.Record.Labels,
        Options = volume.Record.Options,
        Scope = "local",
    };
}
