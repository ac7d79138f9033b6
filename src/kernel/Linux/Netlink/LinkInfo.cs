using System.Net;
using System.Runtime.InteropServices;
using static Slipway.Linux.RouteNumbers;

namespace Slipway.Linux;

/// <summary>A link as the kernel describes it.</summary>
public sealed record LinkInfo
{
    /// <summary>Its number in its namespace.</summary>
    public required int Index { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is ("bridge", "veth", "macvlan" and so on); empty for hardware and loopback.</summary>
    public required string Kind { get; init; }

    /// <summary>Switched on.</summary>
    public required bool Up { get; init; }

    /// <summary>Switched on, and so is the other side.</summary>
    public required bool Carrier { get; init; }

    /// <summary>Largest packet in bytes.</summary>
    public required int Mtu { get; init; }

    /// <summary>Number of the bridge it is a port of, or 0.</summary>
    public required int Master { get; init; }

    /// <summary>Number of the parent or of the other end in that link's namespace, or 0.</summary>
    public required int Parent { get; init; }

    /// <summary>The Ethernet address, where it has one.</summary>
    public required MacAddress? Address { get; init; }

    /// <summary>The free text kept with it, if there is any.</summary>
    public required string? Alias { get; init; }

    /// <summary>What went through since it was created.</summary>
    public required LinkStatistics Statistics { get; init; }

    internal static LinkInfo Parse(ReadOnlySpan<byte> content)
    {
        var header = MemoryMarshal.Read<RouteBatch.LinkHeader>(content);
        var link = new LinkInfo
        {
            Index = header.Index,
            Name = "",
            Kind = "",
            Up = (header.Flags & FlagUp) != 0,
            Carrier = (header.Flags & FlagLowerUp) != 0,
            Mtu = 0,
            Master = 0,
            Parent = 0,
            Address = null,
            Alias = null,
            Statistics = default,
        };
        for (var a = new NetlinkAttributes(content[16..]); a.Next();)
        {
            link = link.With(a);
        }

        return link;
    }

    private LinkInfo With(NetlinkAttributes a) => a.Type switch
    {
        LinkName => this with { Name = a.Text },
        LinkMtu => this with { Mtu = a.Number },
        LinkMaster => this with { Master = a.Number },
        LinkParent => this with { Parent = a.Number },
        LinkAlias => this with { Alias = a.Text },
        LinkAddress when a.Value.Length == 6 => this with { Address = MacAddress.FromBytes(a.Value) },
        RouteNumbers.LinkStatistics when a.Value.Length >= 64 => this with { Statistics = MemoryMarshal.Read<LinkStatistics>(a.Value) },
        LinkDetails when a.Nested is var details && details.Find(DetailKind) => this with { Kind = details.Text },
        _ => this,
    };
}

/// <summary>Counters of a link (the first part of struct rtnl_link_stats64).</summary>
/// <param name="ReceivedPackets">Packets that came in.</param>
/// <param name="SentPackets">Packets that went out.</param>
/// <param name="ReceivedBytes">Bytes that came in.</param>
/// <param name="SentBytes">Bytes that went out.</param>
/// <param name="ReceiveErrors">Bad packets that came in.</param>
/// <param name="SendErrors">Packets that could not be sent.</param>
/// <param name="ReceiveDropped">Packets that came in and were dropped.</param>
/// <param name="SendDropped">Packets that were dropped instead of sent.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct LinkStatistics(
    ulong ReceivedPackets,
    ulong SentPackets,
    ulong ReceivedBytes,
    ulong SentBytes,
    ulong ReceiveErrors,
    ulong SendErrors,
    ulong ReceiveDropped,
    ulong SendDropped);

/// <summary>An address of a link.</summary>
/// <param name="Link">The link's number.</param>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">How many of its bits name the network.</param>
/// <param name="Label">Label of an IPv4 address, else null.</param>
public sealed record AddressInfo(int Link, IPAddress Address, int PrefixLength, string? Label);

/// <summary>A route of the main table.</summary>
/// <param name="Destination">What it leads to; 0.0.0.0/0 or ::/0 for everything.</param>
public sealed record RouteInfo(IPNetwork Destination)
{
    /// <summary>The router that it goes through; null when the destination is on the link itself.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>Number of the link, or 0.</summary>
    public int Link { get; init; }

    /// <summary>Which of several is taken: the smallest. 0 is the kernel's default.</summary>
    public int Metric { get; init; }

    /// <summary>The sender's address for packets that have none yet.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>Takes the gateway for reachable on that link although no address of the link says so.</summary>
    public bool OnLink { get; init; }

    /// <summary>The route for everything that has no other, through that gateway.</summary>
    public static RouteInfo Default(IPAddress gateway, int link) =>
        new(new IPNetwork(gateway.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0))
        {
            Gateway = gateway,
            Link = link,
        };
}
