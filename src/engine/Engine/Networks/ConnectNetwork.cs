using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Tasks;

namespace Slipway.Engine.Networks;

/// <summary><c>docker network connect</c> and <c>disconnect</c>, of running containers and of others.</summary>
public sealed class ConnectNetwork
{
    private readonly NetworkTable _table;
    private readonly ContainerNetworking _networking;
    private readonly HostNetworks _host;
    private readonly EtcFiles _etc;
    private readonly NetworkEvents _events;

    internal ConnectNetwork(NetworkTable table, ContainerNetworking networking, HostNetworks host, EtcFiles etc, NetworkEvents events) =>
        (_table, _networking, _host, _etc, _events) = (table, networking, host, etc, events);

    /// <summary>Connects a container to a network.</summary>
    /// <exception cref="EngineException">It is connected already, shares another's network, or the network cannot give what is asked for.</exception>
    public async Task ConnectAsync(string reference, Container container, EndpointSettings? settings)
    {
        await _host.ReadyAsync().ConfigureAwait(false);
        var network = _table.Get(reference);
        await container.EnterAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            CheckChangeable(container, network.Record, "connected to");
            if (container.Record.Endpoints.Any(endpoint => endpoint.IsTo(network.Record)))
            {
                throw new EngineException(ErrorKind.Forbidden, $"endpoint with name {container.Name} already exists in network {network.Record.Name}");
            }

            var endpoint = EndpointRequests.Make(network, settings ?? new EndpointSettings());
            if (container.IsRunning)
            {
                endpoint = await _networking.ConnectAsync(container, endpoint).ConfigureAwait(false);
            }

            await ChangeAsync(container, endpoints => [.. endpoints, endpoint]).ConfigureAwait(false);
            _events.Publish(network.Record, "connect", container.Id);
        }
        finally
        {
            container.Gate.Release();
        }
    }

    /// <summary>Disconnects a container from a network.</summary>
    /// <exception cref="EngineException">It is not connected.</exception>
    public async Task DisconnectAsync(string reference, Container container)
    {
        await _host.ReadyAsync().ConfigureAwait(false);
        var network = _table.Get(reference);
        await container.EnterAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            CheckChangeable(container, network.Record, "disconnected from");
            var endpoint = container.Record.Endpoints.FirstOrDefault(e => e.IsTo(network.Record))
                ?? throw new EngineException(ErrorKind.Forbidden, $"container {container.Id} is not connected to network {network.Record.Name}");
            if (container.IsRunning && endpoint.IsConnected)
            {
                _networking.Disconnect(container, endpoint);
            }

            await ChangeAsync(container, endpoints => [.. endpoints.Where(e => !e.IsTo(network.Record))]).ConfigureAwait(false);
            _events.Publish(network.Record, "disconnect", container.Id);
        }
        finally
        {
            container.Gate.Release();
        }
    }

    private async Task ChangeAsync(Container container, Func<IReadOnlyList<EndpointRecord>, IReadOnlyList<EndpointRecord>> change)
    {
        var before = container.Record.Endpoints;
        await container.RecordFactAsync(record => record with { Endpoints = change(record.Endpoints) }).ConfigureAwait(false);
        if (container.IsRunning)
        {
            _networking.Republish(container.Record, before);
            _etc.Update(container.Record, before);
        }
    }

    private static void CheckChangeable(Container container, NetworkRecord network, string what)
    {
        var mode = ContainerNetworks.Mode(container.Record);
        if (container.Record.State.Status is ContainerStatus.Removing or ContainerStatus.Dead)
        {
            throw EngineException.Conflict($"container {container.Id} is marked for removal and cannot be {what} the network {network.Name}");
        }

        if (network.Name is BuiltInNetworks.Host || mode == BuiltInNetworks.Host)
        {
            throw new EngineException(ErrorKind.Forbidden, what == "connected to" ? "container cannot be connected to host network" : "container cannot be disconnected from host network or connected to hostonly network");
        }

        if (mode.StartsWith("container:", StringComparison.Ordinal))
        {
            throw new EngineException(ErrorKind.Forbidden, "container sharing network namespace with another container or host cannot be connected to any other network");
        }

        if (network.Name is BuiltInNetworks.None || (mode == BuiltInNetworks.None && what == "connected to"))
        {
            throw new EngineException(ErrorKind.Forbidden, "container cannot be connected to multiple networks with one of the networks in private (none) mode");
        }
    }
}
