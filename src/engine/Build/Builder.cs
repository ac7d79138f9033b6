using Microsoft.Extensions.Logging;
using Slipway.Build.Cache;
using Slipway.Build.Context;
using Slipway.Build.Results;
using Slipway.Build.Solve;
using Slipway.Engine;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Build;

/// <summary>The builder: what all builds of an engine share. One per engine.</summary>
public sealed class Builder : IDisposable
{
    private const int LeastParallel = 8;

    /// <summary>Creates the builder of an engine.</summary>
    public Builder(SlipwayEngine engine, ILoggerFactory logs)
    {
        Engine = engine;
        Commits = new LayerCommits(engine, logs.CreateLogger("build"));
        Slots = new SemaphoreSlim(Math.Max(LeastParallel, Environment.ProcessorCount * 2));
        CacheMounts = new CacheMounts(engine);
        Mirrors = new ContextMirrors(engine);
        PruneCache = new PruneCache(engine, CacheMounts, Mirrors);
        ListCache = new ListCache(engine, CacheMounts, Mirrors);
        ImportCache = new ImportCache(this);
        CacheImage = new CacheImage(this);
        ImageSet = new ImageSet(this);
        CacheMounts.Sweep();
        AgentSocket.Sweep(engine);
    }

    /// <summary>The engine.</summary>
    public SlipwayEngine Engine { get; }

    /// <summary>Gets an image from its registry; null when there is no way to. Set once, before the first build.</summary>
    public Func<Reference, Platform?, CancellationToken, Task>? Pull { get; init; }

    /// <summary><c>docker builder prune</c>.</summary>
    public PruneCache PruneCache { get; }

    /// <summary>What the cache holds.</summary>
    public ListCache ListCache { get; }

    /// <summary>Takes results over from images built elsewhere.</summary>
    public ImportCache ImportCache { get; }

    /// <summary>Stores results of steps as an image that others take them from.</summary>
    public CacheImage CacheImage { get; }

    /// <summary>Stores results as images.</summary>
    public ImageSet ImageSet { get; }

    /// <summary>Copies of clients' directories.</summary>
    public ContextMirrors Mirrors { get; }

    internal LayerCommits Commits { get; }

    internal Flights Flights { get; } = new();

    internal CacheMounts CacheMounts { get; }

    // Waits for git.
    internal ProcessWatch Watch { get; } = new();

    // Commands that run at once, over all builds.
    internal SemaphoreSlim Slots { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Mirrors.Dispose();
        Watch.Dispose();
        Slots.Dispose();
    }
}
