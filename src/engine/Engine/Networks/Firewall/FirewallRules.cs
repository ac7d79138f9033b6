using System.Net;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>How what is outside reaches the containers of a bridge (<c>com.docker.network.bridge.gateway_mode_ipv4</c> and <c>_ipv6</c>).</summary>
public enum GatewayMode
{
    /// <summary>Through published ports; what goes out has the host's address.</summary>
    Nat,

    /// <summary>As <see cref="Nat"/>, and directly at every port.</summary>
    NatUnprotected,

    /// <summary>Directly at published ports; what goes out keeps its address.</summary>
    Routed,

    /// <summary>Not at all: the bridge has no address (internal networks).</summary>
    Isolated,
}

/// <summary>What the firewall knows of a bridge.</summary>
/// <param name="NetworkId">The network's id.</param>
/// <param name="Bridge">Its link.</param>
/// <param name="Subnets">Its subnets.</param>
/// <param name="Internal">Whether it reaches nothing outside.</param>
/// <param name="Masquerade">Whether what goes out gets the host's address.</param>
/// <param name="Mode4">How IPv4 comes in.</param>
/// <param name="Mode6">How IPv6 comes in.</param>
public sealed record BridgeRules(string NetworkId, string Bridge, IReadOnlyList<IPNetwork> Subnets, bool Internal, bool Masquerade, GatewayMode Mode4, GatewayMode Mode6);

/// <summary>A published port.</summary>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c> or <c>sctp</c>.</param>
/// <param name="HostAddress">Address on the host; 0.0.0.0 or :: for all.</param>
/// <param name="HostPort">Port on the host.</param>
/// <param name="ContainerAddress">The container's address, of the same family.</param>
/// <param name="ContainerPort">Port in the container.</param>
/// <param name="Direct">Whether nothing is translated and the container is reached at its own address (<see cref="GatewayMode.Routed"/>).</param>
public sealed record PortRule(string Protocol, IPAddress HostAddress, ushort HostPort, IPAddress ContainerAddress, ushort ContainerPort, bool Direct);
