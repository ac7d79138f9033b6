using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Networks;

/// <summary><c>docker network prune</c>: removes networks that no container is made for.</summary>
public sealed class PruneNetworks
{
    private static readonly string[] s_accepted = ["label", "label!", "until"];

    private readonly NetworkTable _table;
    private readonly ContainerTable _containers;
    private readonly RemoveNetwork _remove;
    private readonly NetworkEvents _events;
    private readonly TimeProvider _time;

    internal PruneNetworks(NetworkTable table, ContainerTable containers, RemoveNetwork remove, NetworkEvents events, TimeProvider time) =>
        (_table, _containers, _remove, _events, _time) = (table, containers, remove, events, time);

    /// <summary>Removes them and names them.</summary>
    /// <exception cref="EngineException">An unknown filter.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(Filters filters)
    {
        if (filters.Except(s_accepted).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }

        var until = filters["until"] is [var text, ..] ? Images.ImageFilter.Time(text, _time) : (DateTimeOffset?)null;
        var used = _containers.All.SelectMany(c => c.Record.Endpoints).Select(e => e.NetworkId).ToHashSet();
        var removed = new List<string>();
        foreach (var network in _table.All.Where(n => !n.Record.IsBuiltIn && !used.Contains(n.Record.Id) && (until is null || n.Record.Created < until) && NetworkFilter.HasLabels(n.Record, filters)))
        {
            try
            {
                await _remove.RunAsync(network.Record.Id).ConfigureAwait(false);
                removed.Add(network.Record.Name);
            }
            catch (EngineException e) when (e.Kind is ErrorKind.Forbidden or ErrorKind.NotFound)
            {
                // Somebody connected to it, or removed it, in this moment.
            }
        }

        _events.PublishPrune();
        return removed;
    }
}
