using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Answer of <c>GET /images/{name}/json</c>.</summary>
public sealed record ImageInspect
{
    /// <summary>Digest that identifies the image.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>Names with tags.</summary>
    public IReadOnlyList<string> RepoTags { get => field ?? []; init; }

    /// <summary>Names with digests.</summary>
    public IReadOnlyList<string> RepoDigests { get => field ?? []; init; }

    /// <summary>Id of the parent; empty unless built here.</summary>
    public string Parent { get => field ?? ""; init; }

    /// <summary>Comment.</summary>
    public string Comment { get => field ?? ""; init; }

    /// <summary>RFC 3339; absent when the image does not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Created { get; init; }

    /// <summary>Docker version.</summary>
    public string DockerVersion { get => field ?? ""; init; }

    /// <summary>Author.</summary>
    public string Author { get => field ?? ""; init; }

    /// <summary>Defaults for containers.</summary>
    public ContainerConfig? Config { get; init; }

    /// <summary>Architecture.</summary>
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Variant.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Variant { get; init; }

    /// <summary>Os.</summary>
    public string Os { get => field ?? ""; init; }

    /// <summary>Os version.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OsVersion { get; init; }

    /// <summary>Bytes with all layers.</summary>
    public long Size { get; init; }

    /// <summary>Same as size; before API 1.44.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long VirtualSize { get; init; }

    /// <summary>Graph driver.</summary>
    public DriverData GraphDriver { get => field ?? new(); init; }

    /// <summary>Root fs.</summary>
    public ImageRootFs RootFS { get => field ?? new(); init; }

    /// <summary>Metadata.</summary>
    public ImageMetadata Metadata { get => field ?? new(); init; }

    /// <summary>Target of the name (API 1.48).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OciDescriptor? Descriptor { get; init; }

    /// <summary>Manifests of a multi-platform image, on request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ImageManifestSummary>? Manifests { get; init; }
}

/// <summary>Layers of an image.</summary>
public sealed record ImageRootFs
{
    /// <summary><c>layers</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Diff ids, bottom first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Layers { get; init; }
}

/// <summary>What this engine knows of an image.</summary>
public sealed record ImageMetadata
{
    /// <summary>RFC 3339; year 1 when never tagged here.</summary>
    public string LastTagTime { get => field ?? ""; init; }
}
