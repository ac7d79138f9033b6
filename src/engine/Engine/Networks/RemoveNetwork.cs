using Slipway.Engine.Containers;
using Slipway.Engine.State;

namespace Slipway.Engine.Networks;

/// <summary><c>docker network rm</c>. Order: nobody gets in any more, row, then link and rules.</summary>
public sealed class RemoveNetwork
{
    private readonly NetworkTable _table;
    private readonly ContainerTable _containers;
    private readonly HostNetworks _host;
    private readonly ContainerNetworking _networking;
    private readonly StateStore _state;
    private readonly NetworkEvents _events;

    internal RemoveNetwork(NetworkTable table, ContainerTable containers, HostNetworks host, ContainerNetworking networking, StateStore state, NetworkEvents events) =>
        (_table, _containers, _host, _networking, _state, _events) = (table, containers, host, networking, state, events);

    /// <summary>Removes a network.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.Forbidden"/> for a built-in network and one with connected containers.</exception>
    public async Task RunAsync(string reference)
    {
        await _host.ReadyAsync().ConfigureAwait(false);
        var network = _table.Get(reference);
        var record = network.Record;
        if (record.IsBuiltIn)
        {
            throw new EngineException(ErrorKind.Forbidden, $"{record.Name} is a pre-defined network and cannot be removed");
        }

        await _networking.ReleasedAsync().ConfigureAwait(false);
        if (!network.TryClose())
        {
            var users = _containers.All.SelectMany(c => c.Record.Endpoints.Where(e => e.NetworkId == record.Id && e.IsConnected).Select(e => $"name:\"{c.Name}\" id:\"{e.EndpointId[..12]}\""));
            throw new EngineException(ErrorKind.Forbidden, $"error while removing network: network {record.Name} has active endpoints ({string.Join(", ", users)})");
        }

        await _state.CommitAsync(new StateChange(StateRoom.Networks, record.Id, null)).ConfigureAwait(false);
        _table.Remove(network);
        _host.Remove(network);
        _events.Publish(record, "destroy");
    }
}
