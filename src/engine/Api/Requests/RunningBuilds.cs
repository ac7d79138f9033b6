using System.Collections.Concurrent;

namespace Slipway.Api.Requests;

/// <summary>Builds that were started with an id, so that another request can cancel them.</summary>
internal sealed class RunningBuilds
{
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _byId = new(StringComparer.Ordinal);

    /// <summary>Notes a build until the answer is disposed.</summary>
    /// <param name="id">Its id; null when it has none.</param>
    /// <param name="gone">Cancelled when its client leaves.</param>
    public RunningBuild Begin(string? id, CancellationToken gone)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(gone);
        if (id is not null)
        {
            _byId[id] = source;
        }

        return new RunningBuild(source, () => _ = id is not null && _byId.TryRemove(KeyValuePair.Create(id, source)));
    }

    /// <summary>Cancels a build; nothing happens when there is none with this id, as with Docker.</summary>
    public void Cancel(string id)
    {
        if (_byId.TryGetValue(id, out var source))
        {
            source.Cancel();
        }
    }
}

/// <summary>One build under way.</summary>
internal sealed class RunningBuild(CancellationTokenSource source, Action end) : IDisposable
{
    /// <summary>Cancelled when the client leaves or somebody cancels the build.</summary>
    public CancellationToken Token => source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        end();
        source.Dispose();
    }
}
