using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Networks;

/// <summary><c>docker network ls</c> and <c>inspect</c>.</summary>
public sealed class ListNetworks
{
    private readonly NetworkTable _table;
    private readonly ContainerTable _containers;
    private readonly HostNetworks _host;

    internal ListNetworks(NetworkTable table, ContainerTable containers, HostNetworks host) => (_table, _containers, _host) = (table, containers, host);

    /// <summary>Lists the networks that match. As with Docker a list does not tell their containers.</summary>
    /// <exception cref="EngineException">An unknown filter.</exception>
    public async Task<IReadOnlyList<DockerApi.Network>> RunAsync(Filters filters)
    {
        NetworkFilter.Check(filters);
        await _host.ReadyAsync().ConfigureAwait(false);
        var used = _containers.All.SelectMany(c => c.Record.Endpoints).Select(e => e.NetworkId).ToHashSet();
        return [.. _table.All.Where(n => NetworkFilter.Matches(n.Record, filters, used.Contains(n.Record.Id))).Select(n => Show(n.Record, []))];
    }

    /// <summary>Describes one network with its connected containers.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<DockerApi.Network> InspectAsync(string reference)
    {
        await _host.ReadyAsync().ConfigureAwait(false);
        var record = _table.Get(reference).Record;
        return Show(record, record.Name is BuiltInNetworks.Host or BuiltInNetworks.None
            ? _containers.All.Where(c => c.IsRunning && ContainerNetworks.Mode(c.Record) == record.Name).Select(c => (c, (EndpointRecord?)null))
            : _containers.All.Select(c => (c, c.Record.Endpoints.FirstOrDefault(e => e.NetworkId == record.Id && e.IsConnected))).Where(pair => pair.Item2 is not null));
    }

    private static DockerApi.Network Show(NetworkRecord record, IEnumerable<(Container Container, EndpointRecord? Endpoint)> containers) => new()
    {
        Name = record.Name,
        Id = record.Id,
        Created = GoTime.Format(record.Created),
        Scope = "local",
        Driver = record.Driver,
        EnableIPv4 = record.EnableIPv4,
        EnableIPv6 = record.EnableIPv6,
        IPAM = new Ipam { Driver = "default", Options = record.IpamOptions, Config = record.Pools },
        Internal = record.Internal,
        Attachable = record.Attachable,
        Containers = containers.ToDictionary(pair => pair.Container.Id, pair => new NetworkContainer
        {
            Name = pair.Container.Name,
            EndpointID = pair.Endpoint?.EndpointId ?? "",
            MacAddress = pair.Endpoint?.Mac ?? "",
            IPv4Address = pair.Endpoint is { IPv4.Length: > 0 } v4 ? $"{v4.IPv4}/{v4.PrefixLength4}" : "",
            IPv6Address = pair.Endpoint is { IPv6.Length: > 0 } v6 ? $"{v6.IPv6}/{v6.PrefixLength6}" : "",
        }),
        Options = record.Options,
        Labels = record.Labels,
    };
}
