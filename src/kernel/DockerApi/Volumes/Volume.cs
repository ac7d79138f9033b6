using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>A volume (Engine API <c>Volume</c>).</summary>
public sealed record Volume
{
    /// <summary>RFC 3339.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CreatedAt { get; init; }

    /// <summary>Driver.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Host path.</summary>
    public string Mountpoint { get => field ?? ""; init; }

    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Driver options; null when none.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }

    /// <summary><c>local</c> or <c>global</c>.</summary>
    public string Scope { get => field ?? ""; init; }

    /// <summary>Driver-specific.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, JsonElement>? Status { get; init; }

    /// <summary>Only in <c>system df</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VolumeUsageData? UsageData { get; init; }
}

/// <summary>Use of a volume.</summary>
public sealed record VolumeUsageData
{
    /// <summary>Containers that mount it; -1 unknown.</summary>
    public long RefCount { get; init; }

    /// <summary>Bytes; -1 unknown.</summary>
    public long Size { get; init; }
}

/// <summary>Body of <c>POST /volumes/create</c>.</summary>
public sealed record VolumeCreateRequest
{
    /// <summary>Absent lets the engine choose one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Absent means <c>local</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Driver { get; init; }

    /// <summary>Driver opts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }

    /// <summary>Labels.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Answer of <c>GET /volumes</c>.</summary>
public sealed record VolumeListResponse
{
    /// <summary>Volumes.</summary>
    public IReadOnlyList<Volume> Volumes { get => field ?? []; init; }

    /// <summary>Warnings.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}

/// <summary>Answer of <c>POST /volumes/prune</c>.</summary>
public sealed record VolumesPruneReport
{
    /// <summary>Volumes deleted.</summary>
    public IReadOnlyList<string>? VolumesDeleted { get; init; }

    /// <summary>Bytes.</summary>
    public ulong SpaceReclaimed { get; init; }
}
