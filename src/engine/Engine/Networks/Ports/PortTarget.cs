using System.Net;
using System.Net.Sockets;
using Slipway.Engine.Networks.Firewall;

namespace Slipway.Engine.Networks.Ports;

/// <summary>Where the published ports of a container lead.</summary>
/// <param name="IPv4">Its address on the network that leads out for IPv4; null for none.</param>
/// <param name="IPv6">Its address on the network that leads out for IPv6; null for none.</param>
/// <param name="Routed4">That network does not translate IPv4.</param>
/// <param name="Routed6">That network does not translate IPv6.</param>
internal sealed record PortTarget(IPAddress? IPv4, IPAddress? IPv6, bool Routed4, bool Routed6)
{
    /// <summary>Where a relay leads.</summary>
    internal IPAddress? Relayed => IPv6 ?? IPv4;

    /// <summary>
    /// How a port at a host's address is served; nothing when it cannot be. A relay stands behind the kernel where that serves all but ::1,
    /// and what can be translated never gets to it.
    /// </summary>
    internal IReadOnlyList<PortService> Services(string protocol, IPAddress host, bool mayRelay)
    {
        if (host.AddressFamily == AddressFamily.InterNetwork)
        {
            return IPv4 is null ? [] : Routed4 ? [PortService.Direct] : [PortService.Translated];
        }

        if (IPv6 is not null && Routed6)
        {
            return [PortService.Direct];
        }

        var relay = mayRelay && protocol != "sctp";
        return IPv6 is null ? relay && IPv4 is not null && !Routed4 ? [PortService.Relayed] : []
            : !relay ? [PortService.Translated]
            : host.Equals(IPAddress.IPv6Loopback) ? [PortService.Relayed]
            : host.Equals(IPAddress.IPv6Any) ? [PortService.Translated, PortService.Relayed]
            : [PortService.Translated];
    }

    /// <summary>What the firewall has to know of a port.</summary>
    internal IEnumerable<PortRule> Rules(PublishedPort port, bool mayRelay)
    {
        var host = IPAddress.Parse(port.HostAddress);
        var container = host.AddressFamily == AddressFamily.InterNetwork ? IPv4 : IPv6;
        return Services(port.Protocol, host, mayRelay).Select(service =>
            new PortRule(port.Protocol, host, port.HostPort, service == PortService.Relayed ? Relayed! : container!, port.ContainerPort, service));
    }
}
