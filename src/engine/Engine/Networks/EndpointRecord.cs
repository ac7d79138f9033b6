using System.Net;
using System.Text.Json.Serialization;
using Slipway.DockerApi;

namespace Slipway.Engine.Networks;

/// <summary>A container's connection to one network. What was asked for stays; addresses are there while the container runs.</summary>
public sealed record EndpointRecord
{
    /// <summary>The network's id; what it was asked for by while there is no such network.</summary>
    public required string NetworkId { get; init; }

    /// <summary>The network's name.</summary>
    public required string Network { get; init; }

    /// <summary>Aliases, links, addresses, MAC address, priority and driver options as asked for.</summary>
    public EndpointSettings Asked { get => field ?? new(); init; }

    /// <summary>64 hexadecimal digits, or empty while there is no connection.</summary>
    public string EndpointId { get => field ?? ""; init; }

    /// <summary>IPv4 address, or empty.</summary>
    public string IPv4 { get => field ?? ""; init; }

    /// <summary>Prefix length of <see cref="IPv4"/>.</summary>
    public int PrefixLength4 { get; init; }

    /// <summary>IPv4 router, or empty.</summary>
    public string Gateway4 { get => field ?? ""; init; }

    /// <summary>IPv6 address, or empty.</summary>
    public string IPv6 { get => field ?? ""; init; }

    /// <summary>Prefix length of <see cref="IPv6"/>.</summary>
    public int PrefixLength6 { get; init; }

    /// <summary>IPv6 router, or empty.</summary>
    public string Gateway6 { get => field ?? ""; init; }

    /// <summary>MAC address, or empty.</summary>
    public string Mac { get => field ?? ""; init; }

    /// <summary>The host's end of the cable, or empty.</summary>
    public string Link { get => field ?? ""; init; }

    /// <summary>Name of the interface in the container, or empty.</summary>
    public string Interface { get => field ?? ""; init; }

    /// <summary>Whether it is connected now.</summary>
    [JsonIgnore]
    public bool IsConnected => EndpointId.Length > 0;

    /// <summary>Whether this is a connection to that network, which may have come, or come again, since the container was created.</summary>
    internal bool IsTo(NetworkRecord network) => NetworkId == network.Id || (!IsConnected && Network == network.Name);

    /// <summary>Its addresses.</summary>
    [JsonIgnore]
    public IEnumerable<IPAddress> Addresses => new[] { IPv4, IPv6 }.Where(text => text.Length > 0).Select(IPAddress.Parse);

    /// <summary>The same without what belongs to a run.</summary>
    public EndpointRecord Disconnected() => new() { NetworkId = NetworkId, Network = Network, Asked = Asked };
}

/// <summary>A port of a container that is reachable on the host.</summary>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c> or <c>sctp</c>.</param>
/// <param name="ContainerPort">Port in the container.</param>
/// <param name="HostAddress">Address on the host; 0.0.0.0 or :: for all.</param>
/// <param name="HostPort">Port on the host.</param>
public sealed record PublishedPort(string Protocol, ushort ContainerPort, string HostAddress, ushort HostPort);
