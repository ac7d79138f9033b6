using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Events;
using Slipway.Engine.State;
using Slipway.Engine.Volumes;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Files;

/// <summary>The rooms that keep files, on a temporary data root; at the end nothing may still be mounted there.</summary>
public sealed class EngineRoot : IAsyncDisposable
{
    public EngineRoot(string? directory = null)
    {
        Root = directory ?? Directory.CreateTempSubdirectory("slipway-files-").FullName;
        Paths = new EnginePaths(Path.Combine(Root, "data"), Path.Combine(Root, "run"));
        Paths.Create();
        State = StateStore.Open(Paths.StateDatabase, TimeProvider.System, NullLogger.Instance);
        Reserve = new ReserveFile(Paths, NullLogger.Instance);
        State.MakeRoom = Reserve.Release;
        Removal = new BackgroundRemoval(Paths, Reserve, NullLogger.Instance);
        Events = new EventLog(TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Mounts = new VolumeMounts(Table, Paths, Events, NullLogger.Instance);
        Create = new CreateVolume(Table, State, Paths, Events, TimeProvider.System, Removal);
        Remove = new RemoveVolume(Table, Mounts, State, Events, Removal);
        Prune = new PruneVolumes(Table, Remove, Events);
        List = new ListVolumes(Table);
        CopyUp = new CopyUp(Table, Mounts, Paths);
    }

    public string Root { get; }

    public EnginePaths Paths { get; }

    public StateStore State { get; }

    public ReserveFile Reserve { get; }

    public BackgroundRemoval Removal { get; }

    public EventLog Events { get; }

    public VolumeTable Table { get; } = new();

    public VolumeMounts Mounts { get; }

    public CreateVolume Create { get; }

    public RemoveVolume Remove { get; }

    public PruneVolumes Prune { get; }

    public ListVolumes List { get; }

    public CopyUp CopyUp { get; }

    public Task LoadAsync() => new LoadVolumes(Table, State, Paths, NullLogger.Instance).RunAsync();

    public string Make(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;

    /// <summary>Stops as a killed daemon would leave things, keeping the files.</summary>
    public async Task<EngineRoot> RestartAsync()
    {
        Removal.Dispose();
        await State.DisposeAsync();
        var again = new EngineRoot(Root);
        await again.LoadAsync();
        return again;
    }

    public async ValueTask DisposeAsync()
    {
        Removal.Dispose();
        await State.DisposeAsync();
        var left = Linux.Mounts.ReadMountInfo().Where(mount => mount.Target.StartsWith(Root + "/", StringComparison.Ordinal)).Select(mount => mount.Target).ToList();
        left.Reverse();
        left.ForEach(target => Linux.Mounts.Unmount(target));
        using (var parent = SafePath.Open(Path.GetDirectoryName(Root)!))
        {
            parent.RemoveTree(Path.GetFileName(Root));
        }

        Assert.Empty(left);
    }
}
