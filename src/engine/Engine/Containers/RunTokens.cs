using System.Collections.Concurrent;

namespace Slipway.Engine.Containers;

/// <summary>A cancellation for each present run of a container, for what accompanies it.</summary>
internal sealed class RunTokens
{
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _runs = new();

    /// <summary>A run begins.</summary>
    /// <returns>Cancelled when it ends; null when it is accompanied already.</returns>
    internal CancellationToken? Begin(Container container)
    {
        var source = new CancellationTokenSource();
        if (_runs.TryAdd(container.Id, source))
        {
            return source.Token;
        }

        source.Dispose();
        return null;
    }

    /// <summary>A run ended.</summary>
    internal void End(Container container)
    {
        if (_runs.TryRemove(container.Id, out var source))
        {
            source.Cancel();
            source.Dispose();
        }
    }

    /// <summary>The daemon stops: ends all.</summary>
    internal void EndAll()
    {
        foreach (var id in _runs.Keys)
        {
            if (_runs.TryRemove(id, out var source))
            {
                source.Cancel();
                source.Dispose();
            }
        }
    }
}
