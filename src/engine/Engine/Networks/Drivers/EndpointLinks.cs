using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Drivers;

/// <summary>Connects namespaces of containers to networks: veth cables to bridges, macvlan and ipvlan links.</summary>
internal sealed class EndpointLinks(HostLinks host, ILogger log)
{
    private const string BridgeNetfilter = "/proc/sys/net/bridge/bridge-nf-call-iptables";

    // RFC 3927, 2.1; RFC 4291, 2.5.6.
    private const int LinkLocalPrefix4 = 16;
    private const int LinkLocalPrefix6 = 64;

    /// <summary>Gives a container its interface in one network, with addresses and without a default route.</summary>
    /// <param name="network">The network; its link is there.</param>
    /// <param name="endpoint">What was assigned.</param>
    /// <param name="sandbox">The container's namespace.</param>
    /// <param name="index">Number that the interface gets: in a new namespace 2 and so on. 0 in one where links have come and gone.</param>
    internal void Connect(Network network, EndpointRecord endpoint, NetworkSandbox sandbox, int index)
    {
        var record = network.Record;
        var link = new LinkOptions(endpoint.Interface)
        {
            Index = index,
            Mtu = int.TryParse(record.Option(DriverOptions.Mtu), NumberStyles.None, CultureInfo.InvariantCulture, out var mtu) ? mtu : 0,
            Address = MacAddress.TryParse(endpoint.Mac, out var mac) && record.Driver != "ipvlan" ? mac : null,
            Namespace = sandbox.Namespace,
        };
        var batch = new RouteBatch();
        switch (record.Driver)
        {
            case "macvlan":
                batch.AddMacvlan(link, network.LinkIndex, Mode(record.Option("macvlan_mode")));
                break;
            case "ipvlan":
                batch.AddIPvlan(link, network.LinkIndex, record.Option("ipvlan_mode") switch { "l3" => IPvlanMode.L3, "l3s" => IPvlanMode.L3S, _ => IPvlanMode.L2 }, Reach(record.Option("ipvlan_flag")));
                break;
            default:
                batch.AddVeth(new LinkOptions(endpoint.Link) { Mtu = link.Mtu, Master = network.LinkIndex, Up = true }, link);
                var isolated = !record.Flag("com.docker.network.bridge.enable_icc", absent: true);
                if (isolated || TranslatesInBridges())
                {
                    batch.SetBridgePort(endpoint.Link, hairpin: TranslatesInBridges(), isolated: isolated);
                }

                break;
        }

        host.Host.Apply(batch);
        try
        {
            // The kernel numbers links one after the other and takes no wishes for the far end of a cable.
            sandbox.Links.Apply(Inside(endpoint, index > 0 ? index : sandbox.Links.FindLink(endpoint.Interface)!.Index));
            Set(endpoint, sandbox);
        }
        catch
        {
            sandbox.Links.Apply(new RouteBatch().DeleteLink(endpoint.Interface));
            throw;
        }
    }

    private static void Set(EndpointRecord endpoint, NetworkSandbox sandbox)
    {
        var settings = DriverOptions.Settings(endpoint.Asked.DriverOpts, endpoint.Interface).ToList();
        if (settings.Count == 0)
        {
            return;
        }

        try
        {
            Sysctl.Write(sandbox.Namespace, settings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw EngineException.Invalid($"cannot set {string.Join(", ", settings.Select(setting => setting.Name))}: {e.Message}", e);
        }
    }

    /// <summary>Makes the routes of a namespace: everything that has no other goes through these.</summary>
    internal static void Route(EndpointRecord? gateway4, EndpointRecord? gateway6, IReadOnlyDictionary<string, int> indexes, NetworkSandbox sandbox)
    {
        var batch = new RouteBatch();
        if (gateway4 is not null)
        {
            batch.ReplaceRoute(Default(gateway4.Gateway4, indexes[gateway4.NetworkId], IPAddress.Any));
        }

        if (gateway6 is not null)
        {
            batch.ReplaceRoute(Default(gateway6.Gateway6, indexes[gateway6.NetworkId], IPAddress.IPv6Any));
        }

        if (batch.Count > 0)
        {
            sandbox.Links.Apply(batch);
        }
    }

    /// <summary>Makes endpoints unreachable at once; the bridge passes nothing from or to them any more.</summary>
    internal void Silence(IEnumerable<string> links) => Each(links, (batch, link) => batch.SetBridgePort(link, disabled: true));

    /// <summary>Removes cables that are still there.</summary>
    internal void Delete(IEnumerable<string> links) => Each(links, (batch, link) => batch.DeleteLink(link));

    private void Each(IEnumerable<string> links, Func<RouteBatch, string, RouteBatch> change)
    {
        foreach (var link in links.Where(link => link.Length > 0))
        {
            try
            {
                host.Host.Apply(change(new RouteBatch(), link));
            }
            catch (LinuxException e)
            {
                // It went with its namespace in this moment.
                log.LogDebug("{Link}: {Reason}", link, e.Message);
            }
        }
    }

    /// <summary>Takes an interface out of a namespace.</summary>
    internal static void Disconnect(NetworkSandbox sandbox, string name) => sandbox.Links.Apply(new RouteBatch().DeleteLink(name));

    // With br_netfilter a packet to a published port is translated before the bridge sees it. When it leads back to the container that sent
    // it, the bridge has to send it out where it came in.
    private static bool TranslatesInBridges() =>
        File.Exists(BridgeNetfilter) && File.ReadAllText(BridgeNetfilter).StartsWith('1');

    private static RouteBatch Inside(EndpointRecord endpoint, int index)
    {
        var batch = new RouteBatch();
        // Without an IPv6 address it shall not make one for itself.
        batch.SetLinkLocal(index, automatic: endpoint.IPv6.Length > 0);
        if (endpoint.IPv4.Length > 0)
        {
            var address = IPAddress.Parse(endpoint.IPv4);
            batch.AddAddress(index, address, endpoint.PrefixLength4, Addresses.Cidr.Address(Addresses.Cidr.Span(Addresses.Cidr.Around(address, endpoint.PrefixLength4)).Last, address.AddressFamily));
        }

        if (endpoint.IPv6.Length > 0)
        {
            batch.AddAddress(index, IPAddress.Parse(endpoint.IPv6), endpoint.PrefixLength6);
        }

        foreach (var address in (endpoint.Asked.IPAMConfig?.LinkLocalIPs ?? []).Select(IPAddress.Parse))
        {
            batch.AddAddress(index, address, address.AddressFamily == AddressFamily.InterNetwork ? LinkLocalPrefix4 : LinkLocalPrefix6);
        }

        return batch.SetUp(index);
    }

    // A network without a router (ipvlan in mode l3) sends everything to the link.
    private static RouteInfo Default(string gateway, int index, IPAddress everything) => gateway.Length > 0
        ? RouteInfo.Default(IPAddress.Parse(gateway), index)
        : new RouteInfo(new IPNetwork(everything, 0)) { Link = index };

    private static MacvlanMode Mode(string? text) => text switch
    {
        "private" => MacvlanMode.Private,
        "vepa" => MacvlanMode.Vepa,
        "passthru" => MacvlanMode.PassThrough,
        _ => MacvlanMode.Bridge,
    };

    private static IPvlanReach Reach(string? text) => text switch
    {
        "private" => IPvlanReach.Private,
        "vepa" => IPvlanReach.Vepa,
        _ => IPvlanReach.Bridge,
    };
}
