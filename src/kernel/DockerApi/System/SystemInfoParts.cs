using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Names of available plugins.</summary>
public sealed record PluginsInfo
{
    /// <summary>Volume.</summary>
    public IReadOnlyList<string>? Volume { get; init; }

    /// <summary>Network.</summary>
    public IReadOnlyList<string>? Network { get; init; }

    /// <summary>Authorization.</summary>
    public IReadOnlyList<string>? Authorization { get; init; }

    /// <summary>Log.</summary>
    public IReadOnlyList<string>? Log { get; init; }
}

/// <summary>How registries are reached.</summary>
public sealed record RegistryServiceConfig
{
    /// <summary>Allow nondistributable artifacts cidrs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AllowNondistributableArtifactsCIDRs { get; init; }

    /// <summary>Allow nondistributable artifacts hostnames.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AllowNondistributableArtifactsHostnames { get; init; }

    /// <summary>Insecure registry cidrs.</summary>
    public IReadOnlyList<string> InsecureRegistryCIDRs { get => field ?? []; init; }

    /// <summary>Index configs.</summary>
    public IReadOnlyDictionary<string, IndexInfo> IndexConfigs { get => field ?? new Dictionary<string, IndexInfo>(); init; }

    /// <summary>Mirrors.</summary>
    public IReadOnlyList<string>? Mirrors { get; init; }
}

/// <summary>One registry.</summary>
public sealed record IndexInfo
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Mirrors.</summary>
    public IReadOnlyList<string> Mirrors { get => field ?? []; init; }

    /// <summary>Secure.</summary>
    public bool Secure { get; init; }

    /// <summary>Official.</summary>
    public bool Official { get; init; }
}

/// <summary>An OCI runtime.</summary>
public sealed record RuntimeInfo
{
    /// <summary>Path.</summary>
    [JsonPropertyName("path")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    /// <summary>Runtime args.</summary>
    [JsonPropertyName("runtimeArgs")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? RuntimeArgs { get; init; }

    /// <summary>Status.</summary>
    [JsonPropertyName("status")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Status { get; init; }
}

/// <summary>Swarm state; this engine is never part of a swarm.</summary>
public sealed record SwarmInfo
{
    /// <summary>Node id.</summary>
    public string NodeID { get => field ?? ""; init; }

    /// <summary>Node addr.</summary>
    public string NodeAddr { get => field ?? ""; init; }

    /// <summary><c>inactive</c>.</summary>
    public string LocalNodeState { get => field ?? ""; init; }

    /// <summary>Control available.</summary>
    public bool ControlAvailable { get; init; }

    /// <summary>Error.</summary>
    public string Error { get => field ?? ""; init; }

    /// <summary>Remote managers.</summary>
    public IReadOnlyList<string>? RemoteManagers { get; init; }
}

/// <summary>Version of a helper program.</summary>
public sealed record CommitInfo
{
    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }

    /// <summary>Expected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Expected { get; init; }
}

/// <summary>Pool from which networks take subnets.</summary>
public sealed record AddressPool
{
    /// <summary>Base.</summary>
    public string Base { get => field ?? ""; init; }

    /// <summary>Prefix length of a subnet.</summary>
    public int Size { get; init; }
}

/// <summary>Firewall in use.</summary>
public sealed record FirewallInfo
{
    /// <summary>Driver.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary>Info.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<IReadOnlyList<string>>? Info { get; init; }
}

/// <summary>A device found on the host.</summary>
public sealed record DeviceInfo
{
    /// <summary>Source.</summary>
    public string Source { get => field ?? ""; init; }

    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }
}

/// <summary>How containerd is reached.</summary>
public sealed record ContainerdInfo
{
    /// <summary>Address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Address { get; init; }

    /// <summary>Namespaces.</summary>
    public ContainerdNamespaces Namespaces { get => field ?? new(); init; }
}

/// <summary>Namespaces used in containerd.</summary>
public sealed record ContainerdNamespaces
{
    /// <summary>Containers.</summary>
    public string Containers { get => field ?? ""; init; }

    /// <summary>Plugins.</summary>
    public string Plugins { get => field ?? ""; init; }
}
