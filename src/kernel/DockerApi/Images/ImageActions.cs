using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>One entry of <c>GET /images/{name}/history</c>, newest first.</summary>
public sealed record ImageHistoryItem
{
    /// <summary>Image id, or <c>&lt;missing&gt;</c>.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>Unix seconds.</summary>
    public long Created { get; init; }

    /// <summary>Command that made the layer.</summary>
    public string CreatedBy { get => field ?? ""; init; }

    /// <summary>Tags.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Comment.</summary>
    public string Comment { get => field ?? ""; init; }
}

/// <summary>One step of an image removal.</summary>
public sealed record ImageDeleteResponseItem
{
    /// <summary>Name that was removed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Untagged { get; init; }

    /// <summary>Digest that was removed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Deleted { get; init; }
}

/// <summary>Answer of <c>POST /images/prune</c>.</summary>
public sealed record ImagesPruneReport
{
    /// <summary>Images deleted.</summary>
    public IReadOnlyList<ImageDeleteResponseItem>? ImagesDeleted { get; init; }

    /// <summary>Bytes.</summary>
    public ulong SpaceReclaimed { get; init; }
}

/// <summary>One entry of <c>GET /images/search</c>.</summary>
public sealed record ImageSearchResult
{
    /// <summary>Description.</summary>
    [JsonPropertyName("description")]
    public string Description { get => field ?? ""; init; }

    /// <summary>Is official.</summary>
    [JsonPropertyName("is_official")]
    public bool IsOfficial { get; init; }

    /// <summary>Is automated.</summary>
    [JsonPropertyName("is_automated")]
    public bool IsAutomated { get; init; }

    /// <summary>Name.</summary>
    [JsonPropertyName("name")]
    public string Name { get => field ?? ""; init; }

    /// <summary>Star count.</summary>
    [JsonPropertyName("star_count")]
    public int StarCount { get; init; }
}

/// <summary>Answer of <c>GET /distribution/{name}/json</c>.</summary>
public sealed record DistributionInspect
{
    /// <summary>Descriptor.</summary>
    public OciDescriptor Descriptor { get => field ?? new(); init; }

    /// <summary>Platforms.</summary>
    public IReadOnlyList<OciPlatform> Platforms { get => field ?? []; init; }
}

/// <summary>A build cache entry.</summary>
public sealed record BuildCacheRecord
{
    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }

    /// <summary>Parents.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Parents { get; init; }

    /// <summary><c>internal</c>, <c>frontend</c>, <c>source.local</c>, <c>source.git.checkout</c>, <c>exec.cachemount</c> or <c>regular</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Description.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary>In use.</summary>
    public bool InUse { get; init; }

    /// <summary>Shared.</summary>
    public bool Shared { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>RFC 3339.</summary>
    public string CreatedAt { get => field ?? ""; init; }

    /// <summary>RFC 3339.</summary>
    public string? LastUsedAt { get; init; }

    /// <summary>Usage count.</summary>
    public int UsageCount { get; init; }
}

/// <summary>Answer of <c>POST /build/prune</c>.</summary>
public sealed record BuildPruneReport
{
    /// <summary>Caches deleted.</summary>
    public IReadOnlyList<string>? CachesDeleted { get; init; }

    /// <summary>Bytes.</summary>
    public ulong SpaceReclaimed { get; init; }
}
