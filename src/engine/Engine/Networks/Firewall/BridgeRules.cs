using System.Net;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>How the containers of a network are reached and reach others in one address family (<c>com.docker.network.bridge.gateway_mode_ipv4</c> and <c>_ipv6</c>).</summary>
public enum GatewayMode
{
    /// <summary>Addresses are hidden behind the host's; only published ports are reached from outside.</summary>
    Nat,

    /// <summary>As <see cref="Nat"/>, but who has a route reaches every port of the containers directly.</summary>
    NatUnprotected,

    /// <summary>Nothing is translated; who has a route reaches the published ports under the container's own address.</summary>
    Routed,

    /// <summary>The host has no address on the bridge (only for internal networks).</summary>
    Isolated,
}

/// <summary>What the firewall knows of one bridge network.</summary>
/// <param name="NetworkId">The network's id.</param>
/// <param name="Bridge">Link name of the bridge.</param>
/// <param name="Subnets">Its subnets, of both families.</param>
/// <param name="Internal">Nothing outside is reached, and nobody outside reaches it.</param>
/// <param name="Masquerade">What goes out carries an address of the host's (not in <see cref="GatewayMode.Routed"/>).</param>
/// <param name="Mode4">Mode for IPv4.</param>
/// <param name="Mode6">Mode for IPv6.</param>
public sealed record BridgeRules(
    string NetworkId, string Bridge, IReadOnlyList<IPNetwork> Subnets, bool Internal, bool Masquerade, GatewayMode Mode4, GatewayMode Mode6)
{
    /// <summary>Whether containers reach each other. Where br_netfilter is not loaded, only their ports of the bridge being isolated keeps them apart.</summary>
    public bool Icc { get; init; } = true;

    /// <summary>The host's IPv4 address that outgoing connections carry; null for the one of the link they leave through.</summary>
    public IPAddress? Source4 { get; init; }

    /// <summary>The host's IPv6 address that outgoing connections carry; null for the one of the link they leave through.</summary>
    public IPAddress? Source6 { get; init; }
}

/// <summary>How a published port is served.</summary>
public enum PortService
{
    /// <summary>The kernel translates.</summary>
    Translated,

    /// <summary>Nothing is translated: who has a route reaches the container's own address.</summary>
    Direct,

    /// <summary>A relay on the host accepts, as IPv6 cannot be translated to IPv4, nor anything from ::1.</summary>
    Relayed,
}

/// <summary>One published port.</summary>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c> or <c>sctp</c>.</param>
/// <param name="HostAddress">Address on the host; 0.0.0.0 or :: for all of that family.</param>
/// <param name="HostPort">Port on the host; means nothing to <see cref="PortService.Direct"/>.</param>
/// <param name="ContainerAddress">The container's address; of the same family as <paramref name="HostAddress"/>, unless it is relayed.</param>
/// <param name="ContainerPort">Port in the container.</param>
/// <param name="Service">How it is served.</param>
public sealed record PortRule(string Protocol, IPAddress HostAddress, ushort HostPort, IPAddress ContainerAddress, ushort ContainerPort, PortService Service);
