using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>A network: entry of <c>GET /networks</c> and answer of <c>GET /networks/{id}</c>.</summary>
public sealed record Network
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Id.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>RFC 3339.</summary>
    public string Created { get => field ?? ""; init; }

    /// <summary><c>local</c>, <c>global</c> or <c>swarm</c>.</summary>
    public string Scope { get => field ?? ""; init; }

    /// <summary>Driver.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary>Enable ipv4.</summary>
    public bool EnableIPv4 { get; init; }

    /// <summary>Enable ipv6.</summary>
    public bool EnableIPv6 { get; init; }

    /// <summary>Ipam.</summary>
    public Ipam IPAM { get => field ?? new(); init; }

    /// <summary>Whether it has no way out.</summary>
    public bool Internal { get; init; }

    /// <summary>Attachable.</summary>
    public bool Attachable { get; init; }

    /// <summary>Ingress.</summary>
    public bool Ingress { get; init; }

    /// <summary>Config from.</summary>
    public ConfigReference ConfigFrom { get => field ?? new(); init; }

    /// <summary>Config only.</summary>
    public bool ConfigOnly { get; init; }

    /// <summary>Attached containers by id.</summary>
    public IReadOnlyDictionary<string, NetworkContainer> Containers { get => field ?? new Dictionary<string, NetworkContainer>(); init; }

    /// <summary>Options.</summary>
    public IReadOnlyDictionary<string, string> Options { get => field ?? new Dictionary<string, string>(); init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get => field ?? new Dictionary<string, string>(); init; }
}

/// <summary>A container attached to a network.</summary>
public sealed record NetworkContainer
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Endpoint id.</summary>
    public string EndpointID { get => field ?? ""; init; }

    /// <summary>Mac address.</summary>
    public string MacAddress { get => field ?? ""; init; }

    /// <summary>With prefix length.</summary>
    public string IPv4Address { get => field ?? ""; init; }

    /// <summary>With prefix length.</summary>
    public string IPv6Address { get => field ?? ""; init; }
}

/// <summary>A network whose configuration is taken.</summary>
public sealed record ConfigReference
{
    /// <summary>Network.</summary>
    public string Network { get => field ?? ""; init; }
}

/// <summary>Address management of a network.</summary>
public sealed record Ipam
{
    /// <summary>Driver.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary>Options.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }

    /// <summary>Config.</summary>
    public IReadOnlyList<IpamConfig>? Config { get; init; }
}

/// <summary>One address pool.</summary>
public sealed record IpamConfig
{
    /// <summary>CIDR.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subnet { get; init; }

    /// <summary>CIDR inside the subnet from which addresses are taken.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IPRange { get; init; }

    /// <summary>Gateway.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Gateway { get; init; }

    /// <summary>Addresses in use by others, by name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? AuxiliaryAddresses { get; init; }
}

/// <summary>Body of <c>POST /networks/create</c>.</summary>
public sealed record NetworkCreateRequest
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Ignored since API 1.44.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? CheckDuplicate { get; init; }

    /// <summary>Absent means <c>bridge</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Driver { get; init; }

    /// <summary>Scope.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    /// <summary>Internal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Internal { get; init; }

    /// <summary>Attachable.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Attachable { get; init; }

    /// <summary>Ingress.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Ingress { get; init; }

    /// <summary>Config only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ConfigOnly { get; init; }

    /// <summary>Config from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ConfigReference? ConfigFrom { get; init; }

    /// <summary>Ipam.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Ipam? IPAM { get; init; }

    /// <summary>Null means yes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? EnableIPv4 { get; init; }

    /// <summary>Null means no.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? EnableIPv6 { get; init; }

    /// <summary>Options.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Options { get; init; }

    /// <summary>Labels.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Answer of <c>POST /networks/create</c>.</summary>
public sealed record NetworkCreateResponse
{
    /// <summary>Id.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>Warning.</summary>
    public string Warning { get => field ?? ""; init; }
}

/// <summary>Body of <c>POST /networks/{id}/connect</c>.</summary>
public sealed record NetworkConnectRequest
{
    /// <summary>Name or id.</summary>
    public string Container { get => field ?? ""; init; }

    /// <summary>Endpoint config.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EndpointSettings? EndpointConfig { get; init; }
}

/// <summary>Body of <c>POST /networks/{id}/disconnect</c>.</summary>
public sealed record NetworkDisconnectRequest
{
    /// <summary>Name or id.</summary>
    public string Container { get => field ?? ""; init; }

    /// <summary>Force.</summary>
    public bool Force { get; init; }
}

/// <summary>Answer of <c>POST /networks/prune</c>.</summary>
public sealed record NetworksPruneReport
{
    /// <summary>Networks deleted.</summary>
    public IReadOnlyList<string>? NetworksDeleted { get; init; }
}
