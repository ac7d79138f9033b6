using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Answer of <c>GET /version</c>.</summary>
public sealed record SystemVersion
{
    /// <summary>Platform.</summary>
    public PlatformName Platform { get => field ?? new(); init; }

    /// <summary>Components.</summary>
    public IReadOnlyList<ComponentVersion> Components { get => field ?? []; init; }

    /// <summary>Version.</summary>
    public string Version { get => field ?? ""; init; }

    /// <summary>Newest API version spoken.</summary>
    public string ApiVersion { get => field ?? ""; init; }

    /// <summary>Oldest API version spoken.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MinAPIVersion { get; init; }

    /// <summary>Git commit.</summary>
    public string GitCommit { get => field ?? ""; init; }

    /// <summary>Go version.</summary>
    public string GoVersion { get => field ?? ""; init; }

    /// <summary>Os.</summary>
    public string Os { get => field ?? ""; init; }

    /// <summary>Arch.</summary>
    public string Arch { get => field ?? ""; init; }

    /// <summary>Kernel version.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? KernelVersion { get; init; }

    /// <summary>Experimental.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Experimental { get; init; }

    /// <summary>Build time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BuildTime { get; init; }
}

/// <summary>Product name.</summary>
public sealed record PlatformName
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }
}

/// <summary>Version of a part.</summary>
public sealed record ComponentVersion
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Version.</summary>
    public string Version { get => field ?? ""; init; }

    /// <summary>Details.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Details { get; init; }
}

/// <summary>Answer of <c>GET /system/df</c>.</summary>
public sealed record SystemDataUsage
{
    /// <summary>Bytes.</summary>
    public long LayersSize { get; init; }

    /// <summary>Images.</summary>
    public IReadOnlyList<ImageSummary> Images { get => field ?? []; init; }

    /// <summary>Containers.</summary>
    public IReadOnlyList<ContainerSummary> Containers { get => field ?? []; init; }

    /// <summary>Volumes.</summary>
    public IReadOnlyList<Volume> Volumes { get => field ?? []; init; }

    /// <summary>Build cache.</summary>
    public IReadOnlyList<BuildCacheRecord> BuildCache { get => field ?? []; init; }
}
