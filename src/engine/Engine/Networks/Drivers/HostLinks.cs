using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Drivers;

/// <summary>The engine's links in the host's network namespace: bridges, and the parents of macvlan and ipvlan networks.</summary>
internal sealed class HostLinks : IDisposable
{
    /// <summary>The kernel's free text with every link of ours starts with this; the rest tells engines on one machine apart.</summary>
    private const string AliasPrefix = "slipway ";

    private readonly Lazy<Rtnetlink> _host = new(Rtnetlink.Open);
    private readonly string _alias;
    private readonly bool _forward;

    /// <param name="owner">Tells this engine's links from those of others on the machine.</param>
    /// <param name="forward">Whether forwarding may be switched on (<c>--ip-forward</c>).</param>
    internal HostLinks(string owner, bool forward) => (_alias, _forward) = (AliasPrefix + owner, forward);

    /// <summary>Requests in the host's namespace.</summary>
    internal Rtnetlink Host => _host.Value;

    /// <summary>Subnets that the machine uses: those of its addresses and routes.</summary>
    internal IReadOnlyList<IPNetwork> UsedSubnets() => [.. Host.ListRoutes().Where(route => route.Destination.PrefixLength > 0).Select(route => route.Destination)];

    /// <summary>Makes a network's link unless it is there, and learns its number.</summary>
    /// <exception cref="EngineException">The kernel refuses, or the link is another thing than it should be.</exception>
    internal void Ensure(Network network)
    {
        try
        {
            var record = network.Record;
            network.LinkIndex = record.Driver == "bridge" ? EnsureBridge(record) : EnsureParent(record);
        }
        catch (LinuxException e)
        {
            throw new EngineException(ErrorKind.Unavailable, $"failed to set up network {network.Record.Name}: {e.Message}", e);
        }
    }

    /// <summary>Removes a network's link if the engine made it.</summary>
    internal void Remove(NetworkRecord record)
    {
        if (record.OwnsLink && record.Link.Length > 0 && Host.FindLink(record.Link) is { } link && link.Alias == _alias)
        {
            Host.Apply(new RouteBatch().DeleteLink(link.Index));
        }
    }

    /// <summary>Whether a link is one that this engine made.</summary>
    internal bool IsOwn(LinkInfo link) => link.Alias == _alias;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_host.IsValueCreated)
        {
            _host.Value.Dispose();
        }
    }

    private int EnsureBridge(NetworkRecord record)
    {
        var link = Host.FindLink(record.Link);
        if (link is null)
        {
            var mtu = int.TryParse(record.Option(DriverOptions.Mtu), out var asked) ? asked : 0;
            Host.Apply(new RouteBatch().AddBridge(new BridgeOptions(record.Link) { Mtu = mtu, Address = RandomMac() }).SetAlias(record.Link, _alias));
            link = Host.FindLink(record.Link)!;
        }
        else if (link.Kind != "bridge")
        {
            throw EngineException.Conflict($"{record.Link} exists and is not a bridge");
        }

        if (!record.OwnsLink)
        {
            return link.Index;
        }

        Configure(record, link);
        if (_forward)
        {
            Forward(record);
        }

        return link.Index;
    }

    private void Configure(NetworkRecord record, LinkInfo link)
    {
        var batch = new RouteBatch();
        var has = Host.ListAddresses(link.Index).Select(address => address.Address).ToHashSet();
        foreach (var pool in record.Pools.Where(pool => !string.IsNullOrEmpty(pool.Gateway)))
        {
            var gateway = IPAddress.Parse(pool.Gateway!);
            if (!has.Contains(gateway) && !(record.Flag("com.docker.network.bridge.inhibit_ipv4", absent: false) && gateway.AddressFamily == AddressFamily.InterNetwork))
            {
                var subnet = IPNetwork.Parse(pool.Subnet!);
                var broadcast = gateway.AddressFamily == AddressFamily.InterNetwork ? Addresses.Cidr.Address(Addresses.Cidr.Span(subnet).Last, gateway.AddressFamily) : null;
                batch.AddAddress(link.Index, gateway, subnet.PrefixLength, broadcast);
            }
        }

        if (record.EnableIPv6)
        {
            Sysctl($"net/ipv6/conf/{record.Link}/disable_ipv6", "0");
        }

        Host.Apply(batch.SetUp(link.Index));
    }

    private static void Forward(NetworkRecord record)
    {
        if (record.EnableIPv4)
        {
            Sysctl("net/ipv4/ip_forward", "1");
        }

        if (record.EnableIPv6)
        {
            Sysctl("net/ipv6/conf/all/forwarding", "1");
        }
    }

    private int EnsureParent(NetworkRecord record)
    {
        if (Host.FindLink(record.Link) is { } link)
        {
            return link.Index;
        }

        if (!record.OwnsLink)
        {
            throw EngineException.Invalid($"invalid subinterface vlan name {record.Link}, example formatting is eth0.10");
        }

        var dot = record.Link.LastIndexOf('.');
        var batch = new RouteBatch();
        if (dot > 0 && int.TryParse(record.Link[(dot + 1)..], out var vlan) && vlan is > 0 and < 4095)
        {
            var parent = Host.FindLink(record.Link[..dot]) ?? throw EngineException.Invalid($"failed to find the parent interface {record.Link[..dot]} of {record.Link}");
            batch.AddVlan(new LinkOptions(record.Link) { Up = true }, parent.Index, vlan);
        }
        else
        {
            return MakeParent(record.Link);
        }

        Host.Apply(batch.SetAlias(record.Link, _alias));
        return Host.FindLink(record.Link)!.Index;
    }

    // A parent that leads nowhere. A kernel without dummy links has bridges all the same, and one without ports swallows what is sent, too.
    private int MakeParent(string name)
    {
        try
        {
            Host.Apply(new RouteBatch().AddDummy(new LinkOptions(name) { Up = true }));
        }
        catch (LinuxException e) when (e.Errno == Errno.NotSupported)
        {
            Host.Apply(new RouteBatch().AddBridge(new BridgeOptions(name) { Up = true }));
        }

        Host.Apply(new RouteBatch().SetAlias(name, _alias));
        return Host.FindLink(name)!.Index;
    }

    private static MacAddress RandomMac()
    {
        Span<byte> raw = [0x02, 0x42, 0, 0, 0, 0];
        RandomNumberGenerator.Fill(raw[2..]);
        return MacAddress.FromBytes(raw);
    }

    // Written only where it changes something: a machine may keep these read-only with the right value in them.
    private static void Sysctl(string name, string value)
    {
        var path = "/proc/sys/" + name;
        try
        {
            if (File.Exists(path) && File.ReadAllText(path).Trim() != value)
            {
                File.WriteAllText(path, value);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(ErrorKind.Unavailable, $"cannot set {name} to {value}: {e.Message}", e);
        }
    }
}
