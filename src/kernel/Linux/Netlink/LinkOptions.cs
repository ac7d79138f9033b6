using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux;

/// <summary>Names one link of the namespace that a request goes to: by number where <see cref="Index"/> is set, else by name.</summary>
/// <param name="Index">Its interface number, or 0.</param>
/// <param name="Name">Its name (at most 15 bytes), or null.</param>
public readonly record struct LinkId(int Index, string? Name)
{
    /// <summary>The link of that name.</summary>
    public static implicit operator LinkId(string name) => new(0, name);

    /// <summary>The link of that number.</summary>
    public static implicit operator LinkId(int index) => new(index, null);

    /// <summary>The name, or the number.</summary>
    public override string ToString() => Name ?? $"link {Index}";
}

/// <summary>What every new link can be given. All of it is set by the request that creates the link.</summary>
/// <param name="Name">Its name, at most 15 bytes.</param>
public record LinkOptions(string Name)
{
    /// <summary>The number it gets; 0 lets the kernel choose. In a new namespace every number from 2 on is free.</summary>
    public int Index { get; init; }

    /// <summary>Largest packet in bytes; 0 leaves the kernel's default.</summary>
    public int Mtu { get; init; }

    /// <summary>The Ethernet address; null lets the kernel choose a random one.</summary>
    public MacAddress? Address { get; init; }

    /// <summary>Number of the bridge that it becomes a port of, or 0.</summary>
    public int Master { get; init; }

    /// <summary>Switches it on.</summary>
    public bool Up { get; init; }

    /// <summary>The namespace it is put into; null for that of the socket.</summary>
    public SafeFileHandle? Namespace { get; init; }
}

/// <summary>A software bridge.</summary>
/// <param name="Name">Its name.</param>
public sealed record BridgeOptions(string Name) : LinkOptions(Name)
{
    /// <summary>Spanning tree; off lets a port forward at once.</summary>
    public bool Stp { get; init; }

    /// <summary>Separates VLANs.</summary>
    public bool VlanFiltering { get; init; }

    /// <summary>Watches who joins multicast groups; null leaves the kernel's default (on).</summary>
    public bool? MulticastSnooping { get; init; }
}

/// <summary>How macvlan links of one parent reach each other (linux/if_link.h).</summary>
public enum MacvlanMode
{
    /// <summary>Not at all.</summary>
    Private = 1,

    /// <summary>Through the switch outside.</summary>
    Vepa = 2,

    /// <summary>Directly.</summary>
    Bridge = 4,

    /// <summary>One link takes the parent over.</summary>
    PassThrough = 8,
}

/// <summary>Layer at which an ipvlan link works (linux/if_link.h).</summary>
public enum IPvlanMode
{
    /// <summary>Like a switch.</summary>
    L2 = 0,

    /// <summary>Like a router, without multicast and broadcast.</summary>
    L3 = 1,

    /// <summary>As L3, seen by the parent namespace's netfilter.</summary>
    L3S = 2,
}

/// <summary>How ipvlan links of one parent reach each other (linux/if_link.h).</summary>
public enum IPvlanReach
{
    /// <summary>Directly.</summary>
    Bridge = 0,

    /// <summary>Not at all.</summary>
    Private = 1,

    /// <summary>Through the switch outside.</summary>
    Vepa = 2,
}

/// <summary>Per-interface settings of IPv4 that a request can set; the values are those of enum ipv4_devconf (linux/ip.h).</summary>
public enum IPv4Setting
{
    /// <summary>net.ipv4.conf.IF.forwarding</summary>
    Forwarding = 1,

    /// <summary>net.ipv4.conf.IF.proxy_arp</summary>
    ProxyArp = 3,

    /// <summary>net.ipv4.conf.IF.rp_filter</summary>
    ReversePathFilter = 8,

    /// <summary>net.ipv4.conf.IF.arp_announce</summary>
    ArpAnnounce = 18,

    /// <summary>net.ipv4.conf.IF.arp_ignore</summary>
    ArpIgnore = 19,

    /// <summary>net.ipv4.conf.IF.accept_local</summary>
    AcceptLocal = 23,

    /// <summary>net.ipv4.conf.IF.route_localnet: packets from and to 127.0.0.0/8 may use this link.</summary>
    RouteLocalNet = 26,
}
