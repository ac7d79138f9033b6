using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.DockerApi;
using Slipway.Engine.Networks.Addresses;
using Slipway.Engine.Networks.Drivers;
using Slipway.Engine.Networks.Firewall;
using Slipway.Engine.State;
using Slipway.Linux;

namespace Slipway.Engine.Networks;

/// <summary>
/// What networks have in the host: links and firewall rules. Nothing of it is made before somebody needs it; from then on what the rows say
/// is there, also when it was removed behind our back.
/// </summary>
internal sealed class HostNetworks : IDisposable
{
    private const string BridgeOption = "com.docker.network.bridge.";

    // Engines on one machine choose their subnets one after the other: each sees the routes of those before it.
    private const string TurnFile = "/run/slipway-networks.lock";

    private readonly EngineOptions _options;
    private readonly NetworkTable _table;
    private readonly StateStore _state;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private Task? _ready;

    internal HostNetworks(EngineOptions options, NetworkTable table, StateStore state, TimeProvider time, ILogger log)
    {
        (_options, _table, _state, _time, _log) = (options, table, state, time, log);
        Owner = OwnerOf(options.ExecRoot);
        Links = new HostLinks(Owner, options.IpForward);
        Firewall = new HostFirewall(Owner.Replace('-', '_'), options.Firewall, time, log) { IPv6 = options.FirewallV6 };
        Pools = new AddressPools(options.AddressPools is { Count: > 0 } pools ? pools : Addresses.AddressPool.Defaults);
    }

    /// <summary>Name of this engine among those on the machine: <c>slipway</c>, or with a number made from its exec root.</summary>
    internal string Owner { get; }

    /// <summary>Name of the default bridge's link.</summary>
    internal string DefaultLink => _options.Bridge.Length > 0 ? _options.Bridge : Owner == "slipway" ? "slipway0" : Owner;

    /// <summary>The engine's log.</summary>
    internal ILogger Log => _log;

    /// <summary>Links in the host's namespace.</summary>
    internal HostLinks Links { get; }

    /// <summary>Our firewall table.</summary>
    internal HostFirewall Firewall { get; }

    /// <summary>Where subnets come from.</summary>
    internal AddressPools Pools { get; }

    /// <summary>Ports of containers that run since before this daemon; set before <see cref="ReadyAsync"/> is first called.</summary>
    internal Func<IReadOnlyList<PortRule>> RunningPorts { get; set; } = () => [];

    /// <summary><c>--default-network-opt</c> for a driver; null when there are none.</summary>
    internal IReadOnlyDictionary<string, string>? DefaultOptions(string driver) => _options.NetworkOptions.GetValueOrDefault(driver);

    /// <summary>Completes when the default network exists and the firewall stands; what failed is tried anew by the next who asks.</summary>
    internal Task ReadyAsync()
    {
        lock (_lock)
        {
            return _ready is null or { IsFaulted: true } ? _ready = PrepareAsync() : _ready;
        }
    }

    /// <summary>The name under which an engine with this exec root keeps its links and table.</summary>
    internal static string OwnerOf(string execRoot) => execRoot == "/run/slipway" ? "slipway"
        : "slipway-" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(execRoot)))[..6];

    /// <summary>Makes a network's link and lets the firewall know it, unless both have been done.</summary>
    internal void Ensure(Network network)
    {
        // Several containers of a network may be the first ones at once.
        lock (network)
        {
            if (network.LinkIndex == 0)
            {
                Links.Ensure(network);
                if (network.Record.Driver == "bridge")
                {
                    Firewall.AddBridge(Rules(network));
                }
            }
        }
    }

    /// <summary>Takes away what a network has in the host.</summary>
    internal void Remove(Network network)
    {
        if (network.Record.Driver == "bridge")
        {
            Firewall.RemoveBridge(network.Record.Id);
        }

        try
        {
            Links.Remove(network.Record);
        }
        catch (LinuxException e)
        {
            _log.LogWarning("network {Name}: its link {Link} remains: {Reason}", network.Record.Name, network.Record.Link, e.Message);
        }
    }

    /// <summary>
    /// Takes everything away when no container is connected any more, also what an earlier daemon left that was killed: a daemon that ends
    /// leaves a clean machine.
    /// </summary>
    internal void RemoveAll()
    {
        try
        {
            foreach (var link in Links.Host.ListLinks().Where(Links.IsOwn))
            {
                Links.Host.Apply(new RouteBatch().DeleteLink(link.Index));
            }

            Firewall.Remove();
        }
        catch (LinuxException e)
        {
            _log.LogWarning("links or firewall rules remain: {Reason}", e.Message);
        }
    }

    /// <summary>Subnets that a new network must keep away from.</summary>
    internal IReadOnlyCollection<IPNetwork> UsedSubnets() => [.. Links.UsedSubnets(), .. _table.All.SelectMany(network => network.Subnets)];

    /// <inheritdoc/>
    public void Dispose()
    {
        Links.Dispose();
        Firewall.Dispose();
    }

    /// <summary>What the firewall has to know of a bridge.</summary>
    internal static BridgeRules Rules(Network network)
    {
        var record = network.Record;
        return new BridgeRules(
            record.Id, record.Link, [.. network.Subnets], record.Internal, record.Flag(BridgeOption + "enable_ip_masquerade", absent: true),
            Mode(record.Option(BridgeOption + "gateway_mode_ipv4")), Mode(record.Option(BridgeOption + "gateway_mode_ipv6")))
        {
            Icc = record.Flag(BridgeOption + "enable_icc", absent: true),
            Source4 = Source(record, "com.docker.network.host_ipv4"),
            Source6 = Source(record, "com.docker.network.host_ipv6"),
        };
    }

    /// <summary>A gateway mode as the option names it.</summary>
    internal static GatewayMode Mode(string? text) => text switch
    {
        "nat-unprotected" => GatewayMode.NatUnprotected,
        "routed" => GatewayMode.Routed,
        "isolated" => GatewayMode.Isolated,
        _ => GatewayMode.Nat,
    };

    private static IPAddress? Source(NetworkRecord record, string option) => IPAddress.TryParse(record.Option(option), out var address) ? address : null;

    private async Task PrepareAsync()
    {
        await Task.Yield();
        if (_options.Bridge != "none")
        {
            using var turn = await TakeTurnAsync().ConfigureAwait(false);
            var network = await DefaultAsync().ConfigureAwait(false);
            Links.Ensure(network);
        }

        var bridges = _table.All.Where(network => network.Record.Driver == "bridge" && (network.LinkIndex != 0 || Links.Host.FindLink(network.Record.Link) is not null)).ToList();
        foreach (var bridge in bridges)
        {
            Links.Ensure(bridge);
        }

        Firewall.Load(bridges.Select(Rules), RunningPorts());
    }

    // The row is kept from the first time on, so that the subnet stays, unless another one is asked for.
    private async Task<Network> DefaultAsync()
    {
        var known = _table.Find(BuiltInNetworks.Bridge);
        var record = DefaultRecord();
        if (known is not null && (record.Pools.Count == 0 || record.Pools[0].Subnet == known.Record.Pools[0].Subnet) && known.Record.Link == record.Link && IsFree(known))
        {
            return known;
        }

        record = record with { Pools = record.Pools.Count > 0 ? record.Pools : [ChoosePool(AddressFamily.InterNetwork)] };
        if (record.EnableIPv6 && record.Pools.All(pool => !pool.Subnet!.Contains(':', StringComparison.Ordinal)))
        {
            record = record with { Pools = [.. record.Pools, ChoosePool(AddressFamily.InterNetworkV6)] };
        }

        await _state.CommitAsync(new StateChange(StateRoom.Networks, record.Id, JsonSerializer.SerializeToUtf8Bytes(record, NetworkJson.Default.NetworkRecord))).ConfigureAwait(false);
        if (known is not null)
        {
            _table.Remove(known);
        }

        var network = new Network(record);
        _table.Add(network);
        return network;
    }

    // Another engine may have come to use the subnet while ours had no link with it.
    private bool IsFree(Network known)
    {
        var link = Links.Host.FindLink(known.Record.Link);
        return Links.Host.ListRoutes().Where(route => route.Link != (link?.Index ?? -1) && route.Destination.PrefixLength > 0).All(route => known.Subnets.All(subnet => !Cidr.Overlap(subnet, route.Destination)));
    }

    private IpamConfig ChoosePool(AddressFamily family)
    {
        var subnet = Pools.Choose(family, [.. Links.UsedSubnets(), .. _table.All.Where(n => !n.Record.IsDefaultBridge).SelectMany(n => n.Subnets)]);
        return new IpamConfig { Subnet = subnet.ToString(), Gateway = Cidr.Address(Cidr.Span(subnet).First + 1, family).ToString() };
    }

    private NetworkRecord DefaultRecord()
    {
        var link = DefaultLink;
        var pools = new List<IpamConfig>();
        if (_options.Bip.Length > 0 && Cidr.TryParse(_options.Bip, out var gateway, out var subnet))
        {
            pools.Add(new IpamConfig { Subnet = subnet.ToString(), Gateway = gateway.ToString(), IPRange = _options.FixedCidr.Length > 0 ? _options.FixedCidr : null });
        }
        else if (_options.Bridge.Length > 0 && Links.Host.FindLink(link) is { } own && Links.Host.ListAddresses().FirstOrDefault(a => a.Link == own.Index && a.Address.AddressFamily == AddressFamily.InterNetwork) is { } address)
        {
            pools.Add(new IpamConfig { Subnet = Cidr.Around(address.Address, address.PrefixLength).ToString(), Gateway = address.Address.ToString(), IPRange = _options.FixedCidr.Length > 0 ? _options.FixedCidr : null });
        }

        if (Cidr.TryParse(_options.Bip6, out var gateway6, out var own6))
        {
            pools.Add(new IpamConfig { Subnet = own6.ToString(), Gateway = gateway6.ToString(), IPRange = _options.FixedCidrV6.Length > 0 ? _options.FixedCidrV6 : null });
        }
        else if (_options.FixedCidrV6.Length > 0 && Cidr.TryParse(_options.FixedCidrV6, out _, out var subnet6))
        {
            pools.Add(new IpamConfig { Subnet = subnet6.ToString(), Gateway = Cidr.Address(Cidr.Span(subnet6).First + 1, AddressFamily.InterNetworkV6).ToString() });
        }

        pools = [.. pools.Select(WithRouter)];
        return new NetworkRecord
        {
            Id = BuiltInNetworks.IdOf(BuiltInNetworks.Bridge),
            Name = BuiltInNetworks.Bridge,
            Created = _time.GetUtcNow(),
            Driver = "bridge",
            EnableIPv4 = true,
            EnableIPv6 = _options.EnableIPv6,
            Pools = pools,
            Link = link,
            OwnsLink = _options.Bridge.Length == 0,
            Options = new Dictionary<string, string>
            {
                [BridgeOption + "default_bridge"] = "true",
                [BridgeOption + "enable_icc"] = _options.Icc ? "true" : "false",
                [BridgeOption + "enable_ip_masquerade"] = _options.IpMasquerade ? "true" : "false",
                [BridgeOption + "host_binding_ipv4"] = _options.PublishAddress,
                [BridgeOption + "name"] = link,
                [DriverOptions.Mtu] = (_options.Mtu > 0 ? _options.Mtu : 1500).ToString(System.Globalization.CultureInfo.InvariantCulture),
            },
        };
    }

    private IpamConfig WithRouter(IpamConfig pool)
    {
        var (name, router) = pool.Subnet!.Contains(':', StringComparison.Ordinal) ? (AddressBlock.RouterIPv6, _options.DefaultGatewayV6) : (AddressBlock.RouterIPv4, _options.DefaultGateway);
        return router.Length == 0 ? pool
            : IPNetwork.Parse(pool.Subnet).Contains(IPAddress.Parse(router)) ? pool with { AuxiliaryAddresses = new Dictionary<string, string> { [name] = router } }
            : throw EngineException.Invalid($"default gateway {router} is not in the default network's subnet {pool.Subnet}");
    }

    private async Task<FileStream> TakeTurnAsync()
    {
        while (true)
        {
            try
            {
                return new FileStream(TurnFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), _time).ConfigureAwait(false);
            }
        }
    }
}
