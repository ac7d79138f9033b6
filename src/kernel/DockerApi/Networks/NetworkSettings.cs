using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Addresses and ports of a container.</summary>
public sealed record NetworkSettings
{
    /// <summary>Bridge.</summary>
    public string Bridge { get => field ?? ""; init; }

    /// <summary>Sandbox id.</summary>
    public string SandboxID { get => field ?? ""; init; }

    /// <summary>Path of the network namespace.</summary>
    public string SandboxKey { get => field ?? ""; init; }

    /// <summary>Host ports per container port; null for one that is only exposed.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?> Ports { get => field ?? new Dictionary<string, IReadOnlyList<PortBinding>?>(); init; }

    /// <summary>Hairpin mode.</summary>
    public bool HairpinMode { get; init; }

    /// <summary>Link local ipv6address.</summary>
    public string LinkLocalIPv6Address { get => field ?? ""; init; }

    /// <summary>Link local ipv6prefix len.</summary>
    public int LinkLocalIPv6PrefixLen { get; init; }

    /// <summary>Secondary ipaddresses.</summary>
    public IReadOnlyList<NetworkAddress>? SecondaryIPAddresses { get; init; }

    /// <summary>Secondary ipv6addresses.</summary>
    public IReadOnlyList<NetworkAddress>? SecondaryIPv6Addresses { get; init; }

    /// <summary>Endpoint id.</summary>
    public string EndpointID { get => field ?? ""; init; }

    /// <summary>Gateway.</summary>
    public string Gateway { get => field ?? ""; init; }

    /// <summary>Global ipv6address.</summary>
    public string GlobalIPv6Address { get => field ?? ""; init; }

    /// <summary>Global ipv6prefix len.</summary>
    public int GlobalIPv6PrefixLen { get; init; }

    /// <summary>Ipaddress.</summary>
    public string IPAddress { get => field ?? ""; init; }

    /// <summary>Ipprefix len.</summary>
    public int IPPrefixLen { get; init; }

    /// <summary>Ipv6gateway.</summary>
    public string IPv6Gateway { get => field ?? ""; init; }

    /// <summary>Mac address.</summary>
    public string MacAddress { get => field ?? ""; init; }

    /// <summary>Endpoints by network name.</summary>
    public IReadOnlyDictionary<string, EndpointSettings> Networks { get => field ?? new Dictionary<string, EndpointSettings>(); init; }
}

/// <summary>An address with prefix length.</summary>
public sealed record NetworkAddress
{
    /// <summary>Addr.</summary>
    public string Addr { get => field ?? ""; init; }

    /// <summary>Prefix len.</summary>
    public int PrefixLen { get; init; }
}

/// <summary>A container's connection to one network.</summary>
public sealed record EndpointSettings
{
    /// <summary>Ipamconfig.</summary>
    public EndpointIpamConfig? IPAMConfig { get; init; }

    /// <summary>Links.</summary>
    public IReadOnlyList<string>? Links { get; init; }

    /// <summary>Aliases.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>Mac address.</summary>
    public string MacAddress { get => field ?? ""; init; }

    /// <summary>Driver opts.</summary>
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }

    /// <summary>Highest wins as default gateway (API 1.48).</summary>
    public long GwPriority { get; init; }

    /// <summary>Network id.</summary>
    public string NetworkID { get => field ?? ""; init; }

    /// <summary>Endpoint id.</summary>
    public string EndpointID { get => field ?? ""; init; }

    /// <summary>Gateway.</summary>
    public string Gateway { get => field ?? ""; init; }

    /// <summary>Ipaddress.</summary>
    public string IPAddress { get => field ?? ""; init; }

    /// <summary>Ipprefix len.</summary>
    public int IPPrefixLen { get; init; }

    /// <summary>Ipv6gateway.</summary>
    public string IPv6Gateway { get => field ?? ""; init; }

    /// <summary>Global ipv6address.</summary>
    public string GlobalIPv6Address { get => field ?? ""; init; }

    /// <summary>Global ipv6prefix len.</summary>
    public int GlobalIPv6PrefixLen { get; init; }

    /// <summary>Names by which others find it.</summary>
    public IReadOnlyList<string>? DNSNames { get; init; }
}

/// <summary>Addresses asked for.</summary>
public sealed record EndpointIpamConfig
{
    /// <summary>Ipv4address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IPv4Address { get; init; }

    /// <summary>Ipv6address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IPv6Address { get; init; }

    /// <summary>Link local ips.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? LinkLocalIPs { get; init; }
}
