using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>One entry of <c>GET /images/json</c>.</summary>
public sealed record ImageSummary
{
    /// <summary>Containers that use it; -1 when not counted.</summary>
    public long Containers { get; init; }

    /// <summary>Unix seconds.</summary>
    public long Created { get; init; }

    /// <summary>Id.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>Null when the image has none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Parent id.</summary>
    public string ParentId { get => field ?? ""; init; }

    /// <summary>On request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ImageManifestSummary>? Manifests { get; init; }

    /// <summary>API 1.48.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OciDescriptor? Descriptor { get; init; }

    /// <summary>Repo digests.</summary>
    public IReadOnlyList<string>? RepoDigests { get; init; }

    /// <summary>Repo tags.</summary>
    public IReadOnlyList<string>? RepoTags { get; init; }

    /// <summary>Bytes shared with other images; -1 when not computed.</summary>
    public long SharedSize { get; init; }

    /// <summary>Bytes with all layers.</summary>
    public long Size { get; init; }

    /// <summary>Same as size; before API 1.44.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long VirtualSize { get; init; }
}

/// <summary>One manifest of a multi-platform image.</summary>
public sealed record ImageManifestSummary
{
    /// <summary>Id.</summary>
    public string ID { get => field ?? ""; init; }

    /// <summary>Descriptor.</summary>
    public OciDescriptor Descriptor { get => field ?? new(); init; }

    /// <summary>Whether all its content is here.</summary>
    public bool Available { get; init; }

    /// <summary>Size.</summary>
    public ImageManifestSize Size { get => field ?? new(); init; }

    /// <summary><c>image</c>, <c>attestation</c> or <c>unknown</c>.</summary>
    public string Kind { get => field ?? ""; init; }

    /// <summary>For kind <c>image</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImageManifestImageData? ImageData { get; init; }

    /// <summary>For kind <c>attestation</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImageManifestAttestationData? AttestationData { get; init; }
}

/// <summary>Bytes of a manifest.</summary>
public sealed record ImageManifestSize
{
    /// <summary>Blobs in the content store.</summary>
    public long Content { get; init; }

    /// <summary>Blobs and unpacked layers.</summary>
    public long Total { get; init; }
}

/// <summary>Details of an image manifest.</summary>
public sealed record ImageManifestImageData
{
    /// <summary>Platform.</summary>
    public OciPlatform Platform { get => field ?? new(); init; }

    /// <summary>Ids of containers that use it.</summary>
    public IReadOnlyList<string> Containers { get => field ?? []; init; }

    /// <summary>Size.</summary>
    public ImageUnpackedSize Size { get => field ?? new(); init; }
}

/// <summary>Bytes of unpacked layers.</summary>
public sealed record ImageUnpackedSize
{
    /// <summary>Unpacked.</summary>
    public long Unpacked { get; init; }
}

/// <summary>Details of an attestation manifest.</summary>
public sealed record ImageManifestAttestationData
{
    /// <summary>Digest of the manifest it speaks of.</summary>
    public string For { get => field ?? ""; init; }
}

/// <summary>An OCI content descriptor as the Engine API shows it.</summary>
public sealed record OciDescriptor
{
    /// <summary>Media type.</summary>
    [JsonPropertyName("mediaType")]
    public string MediaType { get => field ?? ""; init; }

    /// <summary>Digest.</summary>
    [JsonPropertyName("digest")]
    public string Digest { get => field ?? ""; init; }

    /// <summary>Bytes.</summary>
    [JsonPropertyName("size")]
    public long Size { get; init; }

    /// <summary>Urls.</summary>
    [JsonPropertyName("urls")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Urls { get; init; }

    /// <summary>Annotations.</summary>
    [JsonPropertyName("annotations")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Platform.</summary>
    [JsonPropertyName("platform")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OciPlatform? Platform { get; init; }

    /// <summary>Artifact type.</summary>
    [JsonPropertyName("artifactType")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ArtifactType { get; init; }
}

/// <summary>An OCI platform as the Engine API shows it.</summary>
public sealed record OciPlatform
{
    /// <summary>Architecture.</summary>
    [JsonPropertyName("architecture")]
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Os.</summary>
    [JsonPropertyName("os")]
    public string Os { get => field ?? ""; init; }

    /// <summary>Os version.</summary>
    [JsonPropertyName("os.version")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OsVersion { get; init; }

    /// <summary>Os features.</summary>
    [JsonPropertyName("os.features")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? OsFeatures { get; init; }

    /// <summary>Variant.</summary>
    [JsonPropertyName("variant")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Variant { get; init; }
}
