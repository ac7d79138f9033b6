using Slipway.Build.Cache;
using Slipway.Engine;
using Slipway.Engine.Steps;

namespace Slipway.Build.Solve;

/// <summary>One step that may change files: where it stands, and how it is done when it is not found done.</summary>
internal sealed record StepOrder
{
    /// <summary>The step's key.</summary>
    internal required string Key { get; init; }

    /// <summary>What it works on.</summary>
    internal required Solved Input { get; init; }

    /// <summary>Other results that it reads.</summary>
    internal IReadOnlyList<Solved> Others { get; init; } = [];

    /// <summary>What it does, for the cache's listing.</summary>
    internal required string Description { get; init; }

    /// <summary>Kind of its cache row.</summary>
    internal string Type { get; init; } = "regular";

    /// <summary>Whether it is to be done even if it is found done.</summary>
    internal bool NoCache { get; init; }

    /// <summary>Does it: gives the directory of what changed, or null for nothing. Its output goes to the flight.</summary>
    internal required Func<Flight, CancellationToken, Task<string?>> Work { get; init; }

    /// <summary>Called when it is about to be done, rather than found.</summary>
    internal Action Started { get; init; } = () => { };

    /// <summary>Receives its output.</summary>
    internal Action<OutputPiece> Output { get; init; } = _ => { };
}

/// <summary>Does steps: once for all builds that want the same, and not at all when the cache has the result.</summary>
internal sealed class StepWork(Builder builder)
{
    /// <summary>The step's result.</summary>
    /// <exception cref="EngineException">It failed.</exception>
    internal async Task<Solved> RunAsync(StepOrder order, CancellationToken cancel)
    {
        for (; ; )
        {
            cancel.ThrowIfCancellationRequested();
            if (!order.NoCache && !builder.Flights.Contains(order.Key) && await FindAsync(order).ConfigureAwait(false) is { } found)
            {
                return found;
            }

            var flight = builder.Flights.Enter(order.Key, order.NoCache);
            var done = !order.NoCache && flight.Succeeded;
            if (!done)
            {
                order.Started();
            }

            var solved = await flight.WaitAsync((own, stop) => WorkAsync(order, own, stop), order.Output, cancel).ConfigureAwait(false);
            if (await FitsAsync(order, solved).ConfigureAwait(false))
            {
                return solved with { Cached = done };
            }

            // Equal work on an input that was done anew meanwhile: its layers lie on other ones.
            builder.Flights.Remove(order.Key, flight);
            order = order with { NoCache = true };
        }
    }

    /// <summary>The result as the cache's rows have it, or null.</summary>
    internal async Task<Solved?> FindAsync(StepOrder order)
    {
        if (builder.Engine.BuildCache.Find(order.Key) is not { } row)
        {
            return null;
        }

        var below = order.Input.Top is null ? null : await order.Input.Top.Content.ConfigureAwait(false);
        if (row.Layer is not { } layer)
        {
            return row.ChainId == below?.ChainId ? Hit(row, order.Input.Top, null) : null;
        }

        var chain = below is null ? layer : Oci.Layers.Next(below.ChainId, layer);
        return row.ChainId == chain && builder.Engine.StepLayers.Known(order.Input.Top, chain, layer, null) is { } top ? Hit(row, top, top) : null;
    }

    private Solved Hit(BuildCacheRow row, StepLayer? top, StepLayer? own)
    {
        builder.Commits.Used(row);
        return new Solved(row.Key, top, own, row.Created, Cached: true);
    }

    private async Task<Solved> WorkAsync(StepOrder order, Flight flight, CancellationToken stop)
    {
        try
        {
            var upper = await order.Work(flight, stop).ConfigureAwait(false);
            var layer = upper is null ? null : builder.Engine.StepLayers.Add(order.Input.Top, upper, CancellationToken.None);
            var now = builder.Engine.Time.GetUtcNow();
            var row = new BuildCacheRow
            {
                Key = order.Key, Type = order.Type, Description = order.Description, Created = now, LastUsed = now, UsageCount = 1,
                Parents = [.. order.Others.Prepend(order.Input).Select(input => input.Key)],
            };
            var top = layer ?? order.Input.Top;
            builder.Commits.Add(new PendingRow(layer, top, row, () => builder.Flights.Remove(order.Key, flight)));
            return new Solved(order.Key, top, layer, now, Cached: false);
        }
        catch
        {
            builder.Flights.Remove(order.Key, flight);
            throw;
        }
    }

    // Seldom anything but true: the same objects, or layers whose content is the same.
    private static async Task<bool> FitsAsync(StepOrder order, Solved solved)
    {
        var below = solved.Own is null ? solved.Top : solved.Own.Below;
        if (ReferenceEquals(below, order.Input.Top))
        {
            return true;
        }

        return below is not null && order.Input.Top is not null
            && (await below.Content.ConfigureAwait(false)).ChainId == (await order.Input.Top.Content.ConfigureAwait(false)).ChainId;
    }
}
