using Microsoft.Extensions.Logging;
using Slipway.Engine;
using Slipway.Engine.Steps;

namespace Slipway.Build.Cache;

/// <summary>A step's result on its way into the cache.</summary>
/// <param name="Layer">The layer it made; null when it changed nothing.</param>
/// <param name="Top">The stack after it.</param>
/// <param name="Row">The row, but for what is known only when the layer's archive is written.</param>
/// <param name="Done">Called when the row is there, or will never be.</param>
internal sealed record PendingRow(StepLayer? Layer, StepLayer? Top, BuildCacheRow Row, Action Done);

/// <summary>
/// Makes results of steps durable: a little later and many at once, so that no step waits for a flush. An image is committed together with
/// everything that waits.
/// </summary>
internal sealed class LayerCommits(SlipwayEngine engine, ILogger log)
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Lock _lock = new();
    private readonly List<PendingRow> _pending = [];
    private List<PendingRow> _committing = [];
    private readonly List<StepLayer> _used = [];
    private readonly Dictionary<string, BuildCacheRow> _hits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BuildCacheRow> _aliases = new(StringComparer.Ordinal);
    private int _builds;
    private bool _scheduled;

    /// <summary>A build begins: until it ends no layer that it may use is removed.</summary>
    internal void Enter() => Interlocked.Increment(ref _builds);

    /// <summary>A build ends. The last one removes layers that turned out to be there already, or whose archive could not be written.</summary>
    internal void Leave()
    {
        if (Interlocked.Decrement(ref _builds) > 0)
        {
            return;
        }

        List<StepLayer> unused;
        lock (_lock)
        {
            unused = [.. _used.Where(layer => !layer.IsCommitted && _pending.Concat(_committing).All(row => row.Layer != layer))];
            _used.RemoveAll(layer => layer.IsCommitted || unused.Contains(layer));
        }

        unused.ForEach(engine.StepLayers.Discard);
    }

    /// <summary>Notes that a row was of use; written with the next commit.</summary>
    internal void Used(BuildCacheRow row)
    {
        lock (_lock)
        {
            _hits[row.Key] = row with { LastUsed = engine.Time.GetUtcNow(), UsageCount = row.UsageCount + 1 };
            Schedule();
        }
    }

    /// <summary>Notes a key that leads to another; written with the next commit.</summary>
    internal void Alias(string key, string other)
    {
        lock (_lock)
        {
            _aliases[key] = new BuildCacheRow { Key = key, Alias = other, Created = engine.Time.GetUtcNow() };
            Schedule();
        }
    }

    /// <summary>Takes a result. It is committed within about a second.</summary>
    internal void Add(PendingRow row)
    {
        lock (_lock)
        {
            _pending.Add(row);
            if (row.Layer is not null)
            {
                _used.Add(row.Layer);
            }

            Schedule();
        }
    }

    /// <summary>Commits everything that waits, with an image.</summary>
    /// <exception cref="EngineException">A layer's archive cannot be written, or the state cannot.</exception>
    internal async Task CommitAsync(BuiltImage? image)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            await CommitGatedAsync(image).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task CommitGatedAsync(BuiltImage? image)
    {
        List<PendingRow> batch;
        List<BuildCacheRow> hits, aliases;
        lock (_lock)
        {
            // An image's layers have their archives; others may still be writing theirs, and nobody waits for them.
            batch = [.. _pending.Where(row => row.Top is null || row.Top.Content.IsCompleted)];
            _pending.RemoveAll(batch.Contains);
            _committing = batch;
            hits = [.. _hits.Values];
            _hits.Clear();
            aliases = [.. _aliases.Values];
            _aliases.Clear();
        }

        try
        {
            var good = batch.Where(row => row.Top is null || row.Top.Content.IsCompletedSuccessfully).ToList();
            var rows = good.Select(Complete).ToList();
            await engine.StepLayers.CommitAsync([.. good.Select(row => row.Layer).OfType<StepLayer>()], engine.BuildCache.Put([.. hits.Where(row => engine.BuildCache.Find(row.Key) is not null), .. rows, .. aliases]), image).ConfigureAwait(false);
        }
        catch
        {
            await engine.BuildCache.RemoveAsync([.. batch.Select(row => row.Row.Key)]).ConfigureAwait(false);
            throw;
        }
        finally
        {
            lock (_lock)
            {
                _committing = [];
            }

            batch.ForEach(row => row.Done());
        }
    }

    private async Task CommitLaterAsync()
    {
        await Task.Delay(Delay, engine.Time).ConfigureAwait(false);
        try
        {
            await CommitAsync(null).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EngineException or IOException)
        {
            log.LogWarning("results of build steps are not kept: {Reason}", e.Message);
        }

        lock (_lock)
        {
            _scheduled = false;
            if (_pending.Count > 0)
            {
                Schedule();
            }
        }
    }

    private void Schedule()
    {
        if (!_scheduled)
        {
            _scheduled = true;
            _ = CommitLaterAsync();
        }
    }

    private static BuildCacheRow Complete(PendingRow pending) => pending.Row with
    {
        ChainId = pending.Top?.Content.Result.ChainId,
        Layer = pending.Layer?.Content.Result.DiffId,
        Size = pending.Layer?.Content.Result.Size ?? 0,
    };
}
