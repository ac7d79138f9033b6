using Microsoft.Extensions.Logging;
using Slipway.Engine.Attach;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Containers.Tasks;
using Slipway.Engine.Content;
using Slipway.Engine.Events;
using Slipway.Engine.Execs;
using Slipway.Engine.Files;
using Slipway.Engine.Health;
using Slipway.Engine.Images;
using Slipway.Engine.Info;
using Slipway.Engine.Logs;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Ports;
using Slipway.Engine.Repositories;
using Slipway.Engine.Snapshots;
using Slipway.Engine.State;
using Slipway.Engine.Steps;
using Slipway.Engine.Stats;
using Slipway.Engine.Volumes;
using Slipway.Linux;

namespace Slipway.Engine;

/// <summary>
/// The engine: every room, wired once. It opens the state, takes over what runs, and is then a set of verbs, one property each. Stopping
/// it leaves containers running.
/// </summary>
public sealed class SlipwayEngine : IAsyncDisposable
{
    // How long the beginning of a blob waits for its pull to be repeated.
    private static readonly TimeSpan s_partialLife = TimeSpan.FromDays(7);

    private readonly bool _stateIsNew;
    private readonly CancellationTokenSource _shutdown = new();
    private readonly ProcessWatch _watch = new();
    private readonly HostNetworks _hostNetworks;
    private readonly ContainerNetworking _networking;
    private readonly ILogger _log;
    private readonly IDisposable[] _owned;
    private Task _recovery = Task.CompletedTask;

    private SlipwayEngine(EngineOptions options, TimeProvider time, ILoggerFactory logs)
    {
        _log = logs.CreateLogger("engine");
        Time = time;
        Paths = new EnginePaths(options.DataRoot, options.ExecRoot);
        Paths.Create();
        _stateIsNew = !File.Exists(Paths.StateDatabase);

        // Both take their time.
        var opening = Task.Run(() => StateStore.Open(Paths.StateDatabase, time, _log));
        Options = options = OciRuntimes.Choose(options, Paths.RuntimeState, _log, out var controllers);
        State = opening.GetAwaiter().GetResult();
        var eventFile = EventFile.Open(Paths.Events, _log);
        Events = new EventLog(time, _log, eventFile);
        ContainerEvents = new ContainerEvents(Events);
        Containers = new ContainerTable();
        Life = new ContainerLife();
        Host = new Lazy<HostFacts>(HostFacts.Read);

        Reserve = new ReserveFile(Paths, _log);
        State.MakeRoom = Reserve.Release;
        Removal = new BackgroundRemoval(Paths, Reserve, _log);
        Content = new ContentStore(Paths);
        Snapshots = new Snapshotter(Paths, State, Content, Removal.Remove, time, _log);
        Images = new ImageTable(Content, Snapshots, State, time, _log);
        LoadImages = new LoadImages(Content, Snapshots, Images, Events, _log);
        SaveImages = new SaveImages(Images, Content, Events, _log);
        ImportImage = new ImportImage(Content, Snapshots, Images, Events, time);
        TagImage = new TagImage(Images, Events);
        ListImages = new ListImages(Images, Content, Snapshots, ImageUses, time);
        InspectImage = new InspectImage(Images, Content, Snapshots, ImageUses);
        ImageHistory = new ImageHistory(Images, Content);
        BuildCache = new BuildCacheTable(State, _log);
        Repositories = new RepositoryTable(State, Content, time, _log);
        Grants = new GrantTable(State, _log);
        CollectGarbage = new CollectGarbage(Content, Snapshots, Images, ImageUses, BuildCache, Repositories, _log);
        Uploads = new BlobUploads(Paths, Content, Repositories, time, _log);
        PutManifest = new PutManifest(Repositories, Content, State, time);
        RemoveManifest = new RemoveManifest(Repositories, State);
        TrimCopies = new TrimCopies(Repositories, RemoveManifest);
        CollectRepositories = new CollectRepositories(Repositories, Uploads, CollectGarbage);
        RemoveImage = new RemoveImage(Images, Content, CollectGarbage, Events, ImageUses);
        BackgroundUnpack = new BackgroundUnpack(Snapshots, Content, _log, _shutdown.Token);
        CheckSnapshots = new CheckSnapshots(Snapshots, Content, Images, ImageUses);
        PruneImages = new PruneImages(Images, RemoveImage, CollectGarbage, Content, ImageUses, time);

        Volumes = new VolumeTable();
        VolumeMounts = new VolumeMounts(Volumes, Paths, Events, _log);
        CreateVolume = new CreateVolume(Volumes, State, Paths, Events, time, Removal);
        RemoveVolume = new RemoveVolume(Volumes, VolumeMounts, State, Events, Removal);
        ListVolumes = new ListVolumes(Volumes);
        PruneVolumes = new PruneVolumes(Volumes, RemoveVolume, Events);

        var specs = new Lazy<SpecFactory>(() => new SpecFactory(options, Host.Value, new SeccompProfiles(Host.Value, options.SeccompProfile)));
        var monitor = new ConmonMonitor(Paths);
        var rootFileSystem = new RootFileSystem(Paths, Snapshots);
        var shm = new SharedMemory(Paths);
        var imageMounts = new ImageMounts(Paths, Snapshots);
        var etc = new EtcFiles(Paths, options, Containers);
        var bundles = new BundleWriter(Paths, options, Containers, VolumeMounts, imageMounts, etc, shm, specs);
        Networks = new NetworkTable();
        _hostNetworks = new HostNetworks(options, Networks, State, time, _log);
        var networkEvents = new NetworkEvents(Events);
        _networking = new ContainerNetworking(Networks, _hostNetworks, new HostPorts(PortRelay.For(options, Paths, _watch, time, _log)), networkEvents, options, time);
        CreateNetwork = new CreateNetwork(Networks, _hostNetworks, State, networkEvents, time);
        RemoveNetwork = new RemoveNetwork(Networks, Containers, _hostNetworks, _networking, State, networkEvents);
        ListNetworks = new ListNetworks(Networks, Containers, _hostNetworks);
        PruneNetworks = new PruneNetworks(Networks, Containers, RemoveNetwork, networkEvents, time);
        ConnectNetwork = new ConnectNetwork(Networks, _networking, _hostNetworks, etc, networkEvents);

        var tasks = new TaskLauncher(Paths, options, monitor, rootFileSystem, bundles, shm, VolumeMounts, imageMounts, _networking, _watch, time, _log);
        var ooms = new OomEvents(_watch, ContainerEvents);
        var exits = new ContainerExit(tasks, _watch, Life, ContainerEvents, ooms, time, _log, _shutdown.Token);
        var images = new ContainerImages(Images, Snapshots, Content);

        Execs = new ExecTable(ContainerEvents, Paths);
        StartExec = new StartExec(Execs, monitor, new Lazy<ExecSpecFactory>(() => new ExecSpecFactory(specs.Value, options)), options, ContainerEvents, time, _log);
        InspectExec = new InspectExec();

        var volumes = new ContainerVolumes(Containers, Images, Volumes, CreateVolume, RemoveVolume, new CopyUp(Volumes, VolumeMounts, Paths), rootFileSystem);
        CreateContainer = new CreateContainer(Containers, Images, Content, rootFileSystem, volumes, State, options, Paths, Removal, ContainerEvents, Host, Networks, _hostNetworks, time);
        StartContainer = new StartContainer(tasks, exits, Life, ContainerEvents, time, _log);
        KillContainer = new KillContainer(ContainerEvents, _log);
        StopContainer = new StopContainer(KillContainer, ContainerEvents, time);
        RestartContainer = new RestartContainer(StopContainer, StartContainer, ContainerEvents);
        PauseContainer = new PauseContainer(ContainerEvents);
        RenameContainer = new RenameContainer(Containers, _networking, ContainerEvents);
        UpdateContainer = new UpdateContainer(options, Paths, Host, _watch, ContainerEvents, ooms);
        WaitContainer = new WaitContainer();
        ResizeContainer = new ResizeContainer();
        RemoveContainer = new RemoveContainer(Containers, KillContainer, tasks, exits, Volumes, RemoveVolume, Execs, Removal, Paths, ContainerEvents, _log);
        ListContainers = new ListContainers(Containers, images, Paths, time);
        InspectContainer = new InspectContainer(Execs, images, Paths);
        PruneContainers = new PruneContainers(Containers, RemoveContainer, ListContainers, Events);
        CommitContainer = new CommitContainer(Paths, Content, Snapshots, Images, ContainerEvents, PauseContainer, time);
        Files = new ContainerFiles(Paths, Volumes, images.LowerDirs);
        ArchiveContainer = new ArchiveContainer(Files, ContainerEvents);
        ExportContainer = new ExportContainer(Files, ContainerEvents);
        var signals = new DirectorySignals(_watch);
        Logs = new ContainerLogs(Paths, signals, time, _log);
        AttachContainer = new AttachContainer(Paths, Logs, ContainerEvents, _watch, time);
        AttachExec = new AttachExec(StartExec, Paths, _watch, time);
        var rotation = new RotateLogs(Paths, signals, time, _log);
        Life.Started += rotation.Start;
        Life.Ended += rotation.End;
        Stats = new ContainerStatsReader(Containers, time);
        TopContainer = new TopContainer(ContainerEvents, _watch);
        var health = new HealthMonitor(new ProbeContainer(Execs, StartExec, time).RunAsync, ContainerEvents, time, _log);
        Life.Started += health.Start;
        Life.Ended += health.End;
        RunStep = new RunStep(Paths, options, etc, specs, Host, new StepNetwork(_networking, _hostNetworks, Networks, State, Paths, time), Removal, _watch, time, _log);
        StepLayers = new StepLayers(Paths, Content, Snapshots, Images, Removal.Remove);
        _owned = [Uploads, rotation, health, signals, RunStep, Removal, _watch, monitor, _networking, _hostNetworks, eventFile, .. controllers];
        Recovery = new ContainerRecovery(Containers, tasks, exits, Life, ContainerEvents, StartContainer.RunAsync, c => RemoveContainer.RunAsync(c, force: true, removeVolumes: true, _shutdown.Token), _log);
    }

    /// <summary>What the engine was told at start, and since then by <see cref="Reload"/>.</summary>
    public EngineOptions Options { get; private set; }

    /// <summary>Where it keeps things.</summary>
    public EnginePaths Paths { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>What this machine can do; read when first needed.</summary>
    public Lazy<HostFacts> Host { get; }

    /// <summary>The transactional store.</summary>
    public StateStore State { get; }

    /// <summary>What happened.</summary>
    public EventLog Events { get; }

    /// <summary>Publishes events of containers.</summary>
    public ContainerEvents ContainerEvents { get; }

    /// <summary>Beginnings and ends of containers' processes.</summary>
    public ContainerLife Life { get; }

    /// <summary>Disk space that is given up so that deletes succeed on a full disk.</summary>
    public ReserveFile Reserve { get; }

    /// <summary>Deletes trees in the background.</summary>
    public BackgroundRemoval Removal { get; }

    /// <summary>Blobs.</summary>
    public ContentStore Content { get; }

    /// <summary>Unpacked layers.</summary>
    public Snapshotter Snapshots { get; }

    /// <summary>Images.</summary>
    public ImageTable Images { get; }

    /// <summary><c>docker load</c>.</summary>
    public LoadImages LoadImages { get; }

    /// <summary><c>docker save</c>.</summary>
    public SaveImages SaveImages { get; }

    /// <summary><c>docker import</c>.</summary>
    public ImportImage ImportImage { get; }

    /// <summary><c>docker tag</c>.</summary>
    public TagImage TagImage { get; }

    /// <summary><c>docker images</c>.</summary>
    public ListImages ListImages { get; }

    /// <summary><c>docker image inspect</c>.</summary>
    public InspectImage InspectImage { get; }

    /// <summary><c>docker history</c>.</summary>
    public ImageHistory ImageHistory { get; }

    /// <summary><c>docker rmi</c>.</summary>
    public RemoveImage RemoveImage { get; }

    /// <summary><c>docker image prune</c>.</summary>
    public PruneImages PruneImages { get; }

    /// <summary>Deletes content that nothing refers to.</summary>
    public CollectGarbage CollectGarbage { get; }

    /// <summary>Finds damaged images, blobs and snapshots.</summary>
    public CheckSnapshots CheckSnapshots { get; }

    /// <summary>Unpacks what pulls found here already.</summary>
    public BackgroundUnpack BackgroundUnpack { get; }

    /// <summary><c>docker commit</c>.</summary>
    public CommitContainer CommitContainer { get; }

    /// <summary>Volumes.</summary>
    public VolumeTable Volumes { get; }

    /// <summary>Volumes in use by running containers.</summary>
    public VolumeMounts VolumeMounts { get; }

    /// <summary><c>docker volume create</c>.</summary>
    public CreateVolume CreateVolume { get; }

    /// <summary><c>docker volume rm</c>.</summary>
    public RemoveVolume RemoveVolume { get; }

    /// <summary><c>docker volume ls</c> and <c>inspect</c>.</summary>
    public ListVolumes ListVolumes { get; }

    /// <summary><c>docker volume prune</c>.</summary>
    public PruneVolumes PruneVolumes { get; }

    /// <summary>Networks.</summary>
    public NetworkTable Networks { get; }

    /// <summary><c>docker network create</c>.</summary>
    public CreateNetwork CreateNetwork { get; }

    /// <summary><c>docker network rm</c>.</summary>
    public RemoveNetwork RemoveNetwork { get; }

    /// <summary><c>docker network ls</c> and <c>inspect</c>.</summary>
    public ListNetworks ListNetworks { get; }

    /// <summary><c>docker network prune</c>.</summary>
    public PruneNetworks PruneNetworks { get; }

    /// <summary><c>docker network connect</c> and <c>disconnect</c>.</summary>
    public ConnectNetwork ConnectNetwork { get; }

    /// <summary>Containers.</summary>
    public ContainerTable Containers { get; }

    /// <summary><c>docker create</c>.</summary>
    public CreateContainer CreateContainer { get; }

    /// <summary><c>docker start</c>.</summary>
    public StartContainer StartContainer { get; }

    /// <summary><c>docker stop</c>.</summary>
    public StopContainer StopContainer { get; }

    /// <summary><c>docker kill</c>.</summary>
    public KillContainer KillContainer { get; }

    /// <summary><c>docker restart</c>.</summary>
    public RestartContainer RestartContainer { get; }

    /// <summary><c>docker pause</c> and <c>unpause</c>.</summary>
    public PauseContainer PauseContainer { get; }

    /// <summary><c>docker rename</c>.</summary>
    public RenameContainer RenameContainer { get; }

    /// <summary><c>docker update</c>.</summary>
    public UpdateContainer UpdateContainer { get; }

    /// <summary><c>docker wait</c>.</summary>
    public WaitContainer WaitContainer { get; }

    /// <summary>Terminal sizes.</summary>
    public ResizeContainer ResizeContainer { get; }

    /// <summary><c>docker rm</c>.</summary>
    public RemoveContainer RemoveContainer { get; }

    /// <summary><c>docker ps</c>.</summary>
    public ListContainers ListContainers { get; }

    /// <summary><c>docker inspect</c>.</summary>
    public InspectContainer InspectContainer { get; }

    /// <summary><c>docker container prune</c>.</summary>
    public PruneContainers PruneContainers { get; }

    /// <summary><c>docker logs</c>.</summary>
    public ContainerLogs Logs { get; }

    /// <summary><c>docker stats</c>.</summary>
    public ContainerStatsReader Stats { get; }

    /// <summary><c>docker top</c>.</summary>
    public TopContainer TopContainer { get; }

    /// <summary><c>docker attach</c>.</summary>
    public AttachContainer AttachContainer { get; }

    /// <summary><c>docker exec</c> with streams.</summary>
    public AttachExec AttachExec { get; }

    /// <summary>Views of containers' filesystems, and <c>docker diff</c>.</summary>
    public ContainerFiles Files { get; }

    /// <summary><c>docker cp</c>.</summary>
    public ArchiveContainer ArchiveContainer { get; }

    /// <summary><c>docker export</c>.</summary>
    public ExportContainer ExportContainer { get; }

    /// <summary>Execs.</summary>
    public ExecTable Execs { get; }

    /// <summary><c>docker exec</c>.</summary>
    public StartExec StartExec { get; }

    /// <summary><c>GET /exec/{id}/json</c>.</summary>
    public InspectExec InspectExec { get; }

    /// <summary>Runs the commands of builds.</summary>
    public RunStep RunStep { get; }

    /// <summary>Layers that builds make.</summary>
    public StepLayers StepLayers { get; }

    /// <summary>Rows of the build cache.</summary>
    public BuildCacheTable BuildCache { get; }

    /// <summary>Repositories of our registry.</summary>
    public RepositoryTable Repositories { get; }

    /// <summary>What users of our registry may do.</summary>
    public GrantTable Grants { get; }

    /// <summary>Blobs on their way into our registry.</summary>
    public BlobUploads Uploads { get; }

    /// <summary>Stores manifests in our registry.</summary>
    public PutManifest PutManifest { get; }

    /// <summary>Removes manifests and tags from our registry.</summary>
    public RemoveManifest RemoveManifest { get; }

    /// <summary>Bounds copies of other registries.</summary>
    public TrimCopies TrimCopies { get; }

    /// <summary>Frees what our registry no longer needs.</summary>
    public CollectRepositories CollectRepositories { get; }

    private ContainerRecovery Recovery { get; }

    /// <summary>Opens the engine on its roots and takes over the containers that run. Ended containers and restart policies are handled in the background.</summary>
    /// <exception cref="EngineException">The state was written by a newer version, or a root cannot be used.</exception>
    public static async Task<SlipwayEngine> StartAsync(EngineOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancel)
    {
        var engine = new SlipwayEngine(options, time, logs);
        try
        {
            await engine.LoadAsync(cancel).ConfigureAwait(false);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes from new options what can change while containers run: labels, registries and how much is transferred at once. The rest needs a new start.</summary>
    public void Reload(EngineOptions fresh)
    {
        Options = Options with
        {
            Labels = fresh.Labels,
            InsecureRegistries = fresh.InsecureRegistries,
            RegistryMirrors = fresh.RegistryMirrors,
            MaxConcurrentDownloads = fresh.MaxConcurrentDownloads,
            MaxConcurrentUploads = fresh.MaxConcurrentUploads,
            MaxDownloadAttempts = fresh.MaxDownloadAttempts,
            ShutdownTimeout = fresh.ShutdownTimeout,
        };
        Events.Publish("daemon", "reload", EngineId.ReadOrCreate(Paths), new Dictionary<string, string> { ["name"] = Environment.MachineName, ["labels"] = string.Join(',', fresh.Labels) });
    }

    /// <summary>Stops supervising and closes the state; containers run on.</summary>
    public async Task StopAsync()
    {
        await _shutdown.CancelAsync().ConfigureAwait(false);
        await BackgroundUnpack.WhenIdle.WaitAsync(TimeSpan.FromSeconds(5), Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _recovery.WaitAsync(TimeSpan.FromSeconds(1), Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Containers.All.All(c => c.Task is null || c.Record.Endpoints.Count == 0))
        {
            _hostNetworks.RemoveAll();
        }

        await State.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }

        _shutdown.Dispose();
    }

    private async Task LoadAsync(CancellationToken cancel)
    {
        var loader = new ContainerLoader(Containers, State, Paths, Time, _log);
        var lost = _stateIsNew || State.DamagedCopy is not null || State.LostCommits || loader.RowsAreMissing();
        await Snapshots.LoadAsync(lost).ConfigureAwait(false);
        await Images.LoadAsync(lost).ConfigureAwait(false);
        BuildCache.Load();
        Repositories.Load();
        Grants.Load();
        await new LoadVolumes(Volumes, State, Paths, _log).RunAsync(lost).ConfigureAwait(false);
        Networks.Load(State, _log);
        var damaged = await loader.RunAsync(lost).ConfigureAwait(false);
        var named = Containers.All.SelectMany(c => c.Record.Mounts.Where(m => m.Type == "volume").Select(m => (c.Id, m.Name))).ToList();
        Volumes.Restore(named);
        var ended = Recovery.Adopt();
        var running = Containers.All.Where(c => c.Task is not null).Select(c => c.Id).ToHashSet();
        RestoreNetworks();
        var used = named.Where(use => running.Contains(use.Id)).ToList();
        VolumeMounts.Restore(used);
        Recovery.Watch();
        var unrecorded = ended.Where(c => c.Record.State.Status is ContainerStatus.Running or ContainerStatus.Paused).Select(c => c.Id).Concat(damaged).ToHashSet();
        new StartupSweep(Paths, Removal, _log).Run(
            Containers.All.Select(c => c.Id).Concat(damaged).ToHashSet(), running, used.Select(use => Volumes.Find(use.Name)?.Mountpoint ?? "").ToHashSet(), Options.CgroupParent, unrecorded);
        cancel.ThrowIfCancellationRequested();
        await Recovery.RecordEndsAsync(ended, cancel).ConfigureAwait(false);
        _recovery = Recovery.FinishAsync(ended, _shutdown.Token);
        _ = Task.Run(CollectGarbage.RunAsync, CancellationToken.None);
        _ = Task.Run(Uploads.Sweep, CancellationToken.None);
        _ = Task.Run(() => Content.DropPartials(Time.GetUtcNow() - s_partialLife), CancellationToken.None);
    }

    // Rules and links of containers that run are looked after at once, those of nobody when somebody needs them.
    private void RestoreNetworks()
    {
        var connected = Containers.All.Where(c => c.Task is not null && c.Record.Endpoints.Any(e => e.IsConnected)).ToList();
        _networking.Restore(connected);
        _hostNetworks.RunningPorts = () => [.. connected.Where(c => c.Task is not null).SelectMany(c => _networking.Rules(c.Record.Ports, c.Record.Endpoints))];
        var repair = new LinkRepair(Networks, _hostNetworks, _networking, _log);
        repair.RemoveStrays(connected);
        if (connected.Count > 0)
        {
            _ = Task.Run(() => ReconnectAsync(repair, connected));
        }
    }

    private async Task ReconnectAsync(LinkRepair repair, IReadOnlyCollection<Container> connected)
    {
        try
        {
            await _hostNetworks.ReadyAsync().ConfigureAwait(false);
            await repair.ReconnectAsync(connected).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EngineException or IOException)
        {
            _log.LogError("networks of containers that run cannot be looked after: {Reason}", e.Message);
        }
    }

    private IReadOnlyList<ImageUse> ImageUses() =>
        [.. Containers.All.Select(c => c.Record).SelectMany(ImageUses)];

    // A container holds the image it was made from and those that are mounted into it.
    private static IEnumerable<ImageUse> ImageUses(ContainerRecord r)
    {
        var running = r.State.Status is ContainerStatus.Running or ContainerStatus.Paused;
        return r.Mounts.Where(mount => mount is { Type: "image", ManifestDigest: not null })
            .Select(mount => new ImageUse(r.Id, mount.Name, mount.ManifestDigest!, mount.ChainId, running))
            .Prepend(new ImageUse(r.Id, r.ImageId, r.ManifestDigest, r.ChainId, running));
    }
}
