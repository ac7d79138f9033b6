using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Snapshots;

/// <summary>
/// Unpacks images whose layers were all here when they were pulled, after the pull has been answered. Who needs such an image sooner waits,
/// or unpacks it himself; an error shows there too.
/// </summary>
public sealed class BackgroundUnpack(Snapshotter snapshots, ContentStore content, ILogger log, CancellationToken stop)
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    /// <summary>Completes when everything that was begun has ended.</summary>
    public Task WhenIdle => Task.WhenAll(_running.Keys);

    /// <summary>Begins to unpack an image that has its row.</summary>
    public void Begin(Manifest manifest, ImageConfig config)
    {
        var chain = Oci.Layers.ChainIds(config.RootFs.DiffIds);
        if (chain.All(snapshots.Contains))
        {
            return;
        }

        var lease = content.BeginLease();
        foreach (var id in chain)
        {
            lease.Hold(id.ToString());
        }

        var work = Task.Run(() => RunAsync(manifest, config, lease), CancellationToken.None);
        _running[work] = 0;
        _ = work.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task RunAsync(Manifest manifest, ImageConfig config, Lease lease)
    {
        using var held = lease;
        try
        {
            await snapshots.EnsureUnpackedAsync(manifest, config, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EngineException or IOException or OperationCanceledException)
        {
            log.LogWarning("image {Config} is not unpacked yet: {Reason}", manifest.Config.Digest, e.Message);
        }
    }
}
