using Slipway.Distribution.Copies;
using Slipway.Distribution.Fetching;
using Slipway.Engine;

namespace Slipway.Distribution;

/// <summary>The registry client: its verbs, wired once. Making it costs nothing; connections are opened when they are needed.</summary>
public sealed class Registries : IDisposable
{
    private readonly RegistryDoor _door;

    private Registries(SlipwayEngine engine, Func<DistributionOptions> options, CopiedRepositories? copies)
    {
        _door = new RegistryDoor(options, engine.Time);
        PullImage = new PullImage(engine, _door, options);
        PushImage = new PushImage(engine, _door, options);
        InspectDistribution = new InspectDistribution(_door, options, engine.Time);
        RepairContent = new RepairContent(engine, PullImage, new SeekContent(engine, _door, options, copies));
        SearchImages = new SearchImages(_door);
        CheckAuth = new CheckAuth(_door);
    }

    /// <summary><c>docker pull</c>.</summary>
    public PullImage PullImage { get; }

    /// <summary><c>docker push</c>.</summary>
    public PushImage PushImage { get; }

    /// <summary><c>GET /distribution/{name}/json</c>.</summary>
    public InspectDistribution InspectDistribution { get; }

    /// <summary><c>system check</c>.</summary>
    public RepairContent RepairContent { get; }

    /// <summary><c>docker search</c>.</summary>
    public SearchImages SearchImages { get; }

    /// <summary><c>docker login</c>.</summary>
    public CheckAuth CheckAuth { get; }

    /// <summary>The client of an engine.</summary>
    /// <param name="engine">Where images are stored and taken from.</param>
    /// <param name="options">Null for what the engine's options say.</param>
    public static Registries For(SlipwayEngine engine, DistributionOptions? options = null) => new(engine, options is null ? () => Options(engine, null) : () => options, null);

    /// <summary>The client of an engine that has a registry of its own.</summary>
    /// <param name="engine">Where images are stored and taken from.</param>
    /// <param name="own">The registry, or null.</param>
    /// <param name="copies">Its repositories that are copies of others', or null.</param>
    public static Registries For(SlipwayEngine engine, OwnRegistry? own, CopiedRepositories? copies = null) => new(engine, () => Options(engine, own), copies);

    // Asked anew by every operation: the engine's options change when its configuration is reloaded.
    internal static DistributionOptions Options(SlipwayEngine engine, OwnRegistry? own) => new()
    {
        Own = own,
        Mirrors = engine.Options.RegistryMirrors,
        InsecureRegistries = engine.Options.InsecureRegistries,
        MaxDownloads = engine.Options.MaxConcurrentDownloads,
        MaxUploads = engine.Options.MaxConcurrentUploads,
        MaxAttempts = engine.Options.MaxDownloadAttempts,
    };

    /// <inheritdoc/>
    public void Dispose() => _door.Dispose();
}
