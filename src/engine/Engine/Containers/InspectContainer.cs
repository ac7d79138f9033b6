using Slipway.DockerApi;
using Slipway.Engine.Execs;

namespace Slipway.Engine.Containers;

/// <summary><c>docker inspect</c> of a container.</summary>
public sealed class InspectContainer
{
    private readonly ExecTable _execs;
    private readonly ContainerImages _images;
    private readonly EnginePaths _paths;

    internal InspectContainer(ExecTable execs, ContainerImages images, EnginePaths paths) => (_execs, _images, _paths) = (execs, images, paths);

    /// <summary>Describes a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="size">Also how much disk it takes; reads its whole writable layer.</param>
    public ContainerInspect Run(Container container, bool size)
    {
        var record = container.Record;
        var directory = _paths.Container(record.Id);
        var writable = size ? DiskUsage.Of(_paths.Upper(record.Id)) : 0;
        var active = _execs.ActiveIn(container);
        return new ContainerInspect
        {
            Id = record.Id,
            Created = GoTime.Format(record.Created),
            Path = record.Path,
            Args = record.Args,
            State = State(record),
            Image = record.ImageId,
            ResolvConfPath = Path.Combine(directory, "resolv.conf"),
            HostnamePath = Path.Combine(directory, "hostname"),
            HostsPath = Path.Combine(directory, "hosts"),
            LogPath = record.HostConfig.LogConfig.Type == "none" ? "" : _paths.Log(record.Id),
            Name = "/" + record.Name,
            RestartCount = record.RestartCount,
            Driver = "overlay2",
            Platform = record.Platform,
            ImageManifestDescriptor = _images.ManifestDescriptor(record),
            ExecIDs = active.Count == 0 ? null : active,
            HostConfig = record.HostConfig,
            GraphDriver = Overlay(record),
            SizeRw = size ? writable : null,
            SizeRootFs = size ? writable + _images.UnpackedSize(record.ChainId) : null,
            Mounts = [.. record.Mounts.Select(MountPoint)],
            Config = record.Config,
            NetworkSettings = ContainerNetworks.Settings(record),
        };
    }

    /// <summary>A mount as the API shows it.</summary>
    internal static MountPoint MountPoint(ContainerMount mount) => new()
    {
        Type = mount.Type,
        Name = mount.Name.Length > 0 ? mount.Name : null,
        Source = mount.Source,
        Destination = mount.Destination,
        Driver = mount.Driver.Length > 0 ? mount.Driver : null,
        Mode = mount.Mode,
        RW = mount.ReadWrite,
        Propagation = mount.Propagation,
    };

    private static ContainerState State(ContainerRecord record)
    {
        var state = record.State;
        return new ContainerState
        {
            Status = ContainerText.Word(state.Status),
            Running = state.Status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting,
            Paused = state.Status == ContainerStatus.Paused,
            Restarting = state.Status == ContainerStatus.Restarting,
            OOMKilled = state.OomKilled,
            Dead = state.Status == ContainerStatus.Dead,
            Pid = state.Pid,
            ExitCode = state.ExitCode,
            Error = state.Error,
            StartedAt = GoTime.Format(state.StartedAt),
            FinishedAt = GoTime.Format(state.FinishedAt),
            Health = record.Health,
        };
    }

    private DriverData Overlay(ContainerRecord record) => new()
    {
        Name = "overlay2",
        Data = new Dictionary<string, string>
        {
            ["LowerDir"] = string.Join(':', _images.LowerDirs(record.ChainId)),
            // While it runs, only its own namespace has it mounted.
            ["MergedDir"] = record.State.Pid > 0 ? $"/proc/{record.State.Pid}/root" : _paths.RootFs(record.Id),
            ["UpperDir"] = _paths.Upper(record.Id),
            ["WorkDir"] = _paths.Work(record.Id),
        },
    };
}
