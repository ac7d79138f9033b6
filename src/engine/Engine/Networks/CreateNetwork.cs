using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Engine.Networks.Addresses;
using Slipway.Engine.State;

namespace Slipway.Engine.Networks;

/// <summary><c>docker network create</c>.</summary>
public sealed class CreateNetwork
{
    private readonly NetworkTable _table;
    private readonly HostNetworks _host;
    private readonly StateStore _state;
    private readonly NetworkEvents _events;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);

    internal CreateNetwork(NetworkTable table, HostNetworks host, StateStore state, NetworkEvents events, TimeProvider time) =>
        (_table, _host, _state, _events, _time) = (table, host, state, events, time);

    /// <summary>Creates a network with its link.</summary>
    /// <exception cref="EngineException">A name in use, a subnet that overlaps another network's, or a configuration that is wrong.</exception>
    public async Task<NetworkRecord> RunAsync(NetworkCreateRequest request)
    {
        request = WithDefaults(request);
        NetworkRules.Validate(request);
        await _host.ReadyAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_table.All.Any(network => network.Record.Name == request.Name))
            {
                throw EngineException.Conflict($"network with name {request.Name} already exists");
            }

            var network = new Network(Record(request));
            _host.Ensure(network);
            try
            {
                await _state.CommitAsync(new StateChange(StateRoom.Networks, network.Record.Id, JsonSerializer.SerializeToUtf8Bytes(network.Record, NetworkJson.Default.NetworkRecord))).ConfigureAwait(false);
            }
            catch
            {
                _host.Remove(network);
                throw;
            }

            _table.Add(network);
            _events.Publish(network.Record, "create");
            return network.Record;
        }
        finally
        {
            _turn.Release();
        }
    }

    private NetworkCreateRequest WithDefaults(NetworkCreateRequest request)
    {
        if (_host.DefaultOptions(request.Driver is { Length: > 0 } driver ? driver : "bridge") is not { Count: > 0 } defaults)
        {
            return request;
        }

        var options = new Dictionary<string, string>(defaults);
        foreach (var (name, value) in request.Options ?? new Dictionary<string, string>())
        {
            options[name] = value;
        }

        return request with { Options = options };
    }

    private NetworkRecord Record(NetworkCreateRequest request)
    {
        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var driver = request.Driver is { Length: > 0 } named ? named : "bridge";
        var options = request.Options ?? new Dictionary<string, string>();
        var (link, owned) = driver == "bridge" ? (options.GetValueOrDefault("com.docker.network.bridge.name") is { Length: > 0 } own ? own : "br-" + id[..12], true) : Parent(options, id);
        NetworkRules.ValidateLinkName(link);
        return new NetworkRecord
        {
            Id = id,
            Name = request.Name,
            Created = _time.GetUtcNow(),
            Driver = driver,
            EnableIPv4 = request.EnableIPv4 ?? true,
            EnableIPv6 = request.EnableIPv6 ?? false,
            Internal = request.Internal,
            Attachable = request.Attachable,
            Options = options,
            Labels = request.Labels ?? new Dictionary<string, string>(),
            IpamOptions = request.IPAM?.Options,
            Pools = Pools(request, driver, options),
            Link = link,
            OwnsLink = owned,
        };
    }

    // Without a parent the network leads nowhere; a parent with a dot is a VLAN of the link before it and is made when it is missing.
    private (string Link, bool Owned) Parent(IReadOnlyDictionary<string, string> options, string id)
    {
        if (options.GetValueOrDefault("parent") is not { Length: > 0 } parent)
        {
            return ("dm-" + id[..12], true);
        }

        NetworkRules.ValidateLinkName(parent);
        var exists = _host.Links.Host.FindLink(parent) is not null;
        return exists || parent.Contains('.', StringComparison.Ordinal)
            ? (parent, !exists)
            : throw EngineException.Invalid($"invalid subinterface vlan name {parent}, example formatting is eth0.10");
    }

    private List<IpamConfig> Pools(NetworkCreateRequest request, string driver, IReadOnlyDictionary<string, string> options)
    {
        var routerless = driver == "ipvlan" && options.GetValueOrDefault("ipvlan_mode") is "l3" or "l3s";
        var pools = (request.IPAM?.Config ?? []).Where(pool => !string.IsNullOrEmpty(pool.Subnet)).Select(pool => Complete(pool, routerless)).ToList();
        var taken = _table.All.SelectMany(network => network.Subnets).ToList();
        foreach (var subnet in pools.Select(pool => IPNetwork.Parse(pool.Subnet!)))
        {
            if (taken.Exists(other => Cidr.Overlap(subnet, other)))
            {
                throw new EngineException(ErrorKind.Forbidden, "invalid pool request: Pool overlaps with other one on this address space");
            }

            taken.Add(subnet);
        }

        AddMissing(pools, AddressFamily.InterNetwork, request.EnableIPv4 ?? true, routerless);
        AddMissing(pools, AddressFamily.InterNetworkV6, request.EnableIPv6 ?? false, routerless);
        return pools;
    }

    private void AddMissing(List<IpamConfig> pools, AddressFamily family, bool wanted, bool routerless)
    {
        if (wanted && pools.TrueForAll(pool => IPNetwork.Parse(pool.Subnet!).BaseAddress.AddressFamily != family))
        {
            pools.Add(Complete(new IpamConfig { Subnet = _host.Pools.Choose(family, _host.UsedSubnets()).ToString() }, routerless));
        }
    }

    private static IpamConfig Complete(IpamConfig pool, bool routerless)
    {
        var subnet = IPNetwork.Parse(pool.Subnet!);
        var from = string.IsNullOrEmpty(pool.IPRange) ? subnet : IPNetwork.Parse(pool.IPRange);
        var auxiliary = (pool.AuxiliaryAddresses?.Values ?? []).Select(IPAddress.Parse).ToHashSet();
        var gateway = pool.Gateway;
        if (string.IsNullOrEmpty(gateway) && !routerless)
        {
            var (first, last) = Cidr.Span(from);
            var family = subnet.BaseAddress.AddressFamily;
            var candidate = first == Cidr.Number(subnet.BaseAddress) && last > first ? first + 1 : first;
            while (candidate < last && auxiliary.Contains(Cidr.Address(candidate, family)))
            {
                candidate++;
            }

            gateway = Cidr.Address(candidate, family).ToString();
        }

        return new IpamConfig { Subnet = subnet.ToString(), IPRange = string.IsNullOrEmpty(pool.IPRange) ? null : from.ToString(), Gateway = string.IsNullOrEmpty(gateway) ? null : gateway, AuxiliaryAddresses = pool.AuxiliaryAddresses };
    }
}
