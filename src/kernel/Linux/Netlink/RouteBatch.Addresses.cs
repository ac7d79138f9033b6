using System.Net;
using System.Net.Sockets;
using static Slipway.Linux.RouteNumbers;

namespace Slipway.Linux;

public sealed partial class RouteBatch
{
    /// <summary>
    /// Gives a link an address; EEXIST when it has it. An IPv6 address is usable at once with <paramref name="detectDuplicates"/> off; with it
    /// on, the kernel waits about a second for somebody to object.
    /// </summary>
    public RouteBatch AddAddress(
        int link, IPAddress address, int prefixLength, IPAddress? broadcast = null, string? label = null, bool detectDuplicates = false)
    {
        BeginAddress("add address", link, address, prefixLength, NewAddress, NetlinkWriter.Create | NetlinkWriter.Exclusive, Quiet);
        if (broadcast is not null)
        {
            Writer.Add(AddressBroadcast, broadcast);
        }

        if (label is not null)
        {
            Writer.Add(AddressLabel, label);
        }

        if (!detectDuplicates && address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            Writer.Add(AddressFlags, AddressNoDetection);
        }

        return this;
    }

    /// <summary>Takes an address away; one that is not there is no failure.</summary>
    public RouteBatch DeleteAddress(int link, IPAddress address, int prefixLength)
    {
        BeginAddress("delete address", link, address, prefixLength, RouteNumbers.DeleteAddress, 0, AddressNotAvailable);
        return this;
    }

    /// <summary>Adds a route to the main table; EEXIST when there is one with that destination and metric.</summary>
    public RouteBatch AddRoute(RouteInfo route) => Write("add route", route, NewRoute, NetlinkWriter.Create | NetlinkWriter.Exclusive, Quiet);

    /// <summary>Adds a route to the main table, or puts it in the place of the one with that destination and metric.</summary>
    public RouteBatch ReplaceRoute(RouteInfo route) => Write("replace route", route, NewRoute, NetlinkWriter.Create | NetlinkWriter.Replace, Quiet);

    /// <summary>Removes a route; one that is not there is no failure.</summary>
    public RouteBatch DeleteRoute(RouteInfo route) => Write("delete route", route, RouteNumbers.DeleteRoute, 0, Errno.NoProcess);

    /// <summary>Answers for the address on that link on behalf of another one (proxy_arp or proxy_ndp must be on).</summary>
    public RouteBatch AddProxy(int link, IPAddress address)
    {
        BeginNeighbour("add proxy", link, address, NewNeighbour, NetlinkWriter.Create | NetlinkWriter.Replace, NeighbourProxy, Quiet);
        return this;
    }

    /// <summary>Ends <see cref="AddProxy"/>; when there is none, nothing happens.</summary>
    public RouteBatch DeleteProxy(int link, IPAddress address)
    {
        BeginNeighbour("delete proxy", link, address, RouteNumbers.DeleteNeighbour, 0, NeighbourProxy, Errno.NoEntry);
        return this;
    }

    /// <summary>Tells the kernel for good which Ethernet address belongs to an address, so that it need not ask.</summary>
    public RouteBatch AddNeighbour(int link, IPAddress address, MacAddress at)
    {
        BeginNeighbour("add neighbour", link, address, NewNeighbour, NetlinkWriter.Create | NetlinkWriter.Replace, 0, Quiet);
        Writer.Add(NeighbourAddress, at.ToBytes());
        return this;
    }

    /// <summary>Forgets <see cref="AddNeighbour"/>; when there is none, nothing happens.</summary>
    public RouteBatch DeleteNeighbour(int link, IPAddress address)
    {
        BeginNeighbour("delete neighbour", link, address, RouteNumbers.DeleteNeighbour, 0, 0, Errno.NoEntry);
        return this;
    }

    private const int AddressNotAvailable = 99;

    private static byte Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? InterNetwork : InterNetworkV6;

    private void BeginAddress(string call, int link, IPAddress address, int prefixLength, int type, int flags, int tolerated)
    {
        var header = new AddressHeader { Family = Family(address), PrefixLength = (byte)prefixLength, Index = link };
        Begin(call, $"{address}/{prefixLength}", type, flags, Raw(header), tolerated).Add(AddressLocal, address).Add(AddressRemote, address);
    }

    private void BeginNeighbour(string call, int link, IPAddress address, int type, int flags, byte kind, int tolerated)
    {
        var header = new NeighbourHeader { Family = Family(address), Index = link, State = NeighbourPermanent, Flags = kind };
        Begin(call, address.ToString(), type, flags, Raw(header), tolerated).Add(NeighbourDestination, address);
    }

    private RouteBatch Write(string call, RouteInfo route, int type, int flags, int tolerated)
    {
        var header = new RouteHeader
        {
            Family = Family(route.Destination.BaseAddress),
            DestinationLength = (byte)route.Destination.PrefixLength,
            Table = TableMain,
            Origin = OriginStatic,
            Scope = route.Gateway is null && route.Destination.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? ScopeLink : ScopeGlobal,
            Type = TypeUnicast,
            Flags = route.OnLink ? RouteOnLink : 0,
        };
        Begin(call, route.Destination.ToString(), type, flags, Raw(header), tolerated);
        if (route.Destination.PrefixLength > 0)
        {
            Writer.Add(RouteDestination, route.Destination.BaseAddress);
        }

        Add(RouteGateway, route.Gateway);
        Add(RouteSource, route.Source);
        if (route.Link != 0)
        {
            Writer.Add(RouteInterface, route.Link);
        }

        if (route.Metric != 0)
        {
            Writer.Add(RoutePriority, route.Metric);
        }

        return this;
    }

    private void Add(int type, IPAddress? address)
    {
        if (address is not null)
        {
            Writer.Add(type, address);
        }
    }
}
