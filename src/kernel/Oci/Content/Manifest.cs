using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>Points at content: what it is, its digest and its size (OCI image-spec, descriptor.md).</summary>
public sealed record Descriptor
{
    /// <summary>Media type of the content.</summary>
    [JsonPropertyName("mediaType")]
    public string MediaType { get => field ?? ""; init; }

    /// <summary>Digest of the content.</summary>
    [JsonPropertyName("digest")]
    public Digest Digest { get; init; }

    /// <summary>Bytes of the content; never negative in a document that was read.</summary>
    [JsonPropertyName("size")]
    public long Size { get; init; }

    /// <summary>Where else the content may be found.</summary>
    [JsonPropertyName("urls")]
    public IReadOnlyList<string>? Urls { get; init; }

    /// <summary>Free metadata.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>The content itself, base64, for small blobs.</summary>
    [JsonPropertyName("data")]
    public string? Data { get; init; }

    /// <summary>Platform of a manifest in an index.</summary>
    [JsonPropertyName("platform")]
    public Platform? Platform { get; init; }

    /// <summary>Type of an artifact.</summary>
    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }
}

/// <summary>An image of one platform: its config and layers, bottom layer first (OCI image-spec, manifest.md).</summary>
public sealed record Manifest
{
    /// <summary>Always 2.</summary>
    [JsonPropertyName("schemaVersion")]
    public int SchemaVersion { get; init; } = 2;

    /// <summary>Media type of this document; absent in old OCI documents.</summary>
    [JsonPropertyName("mediaType")]
    public string? MediaType { get; init; }

    /// <summary>Type of an artifact.</summary>
    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }

    /// <summary>The image config.</summary>
    [JsonPropertyName("config")]
    public Descriptor Config { get => field ?? new(); init; }

    /// <summary>Layers, bottom first.</summary>
    [JsonPropertyName("layers")]
    public IReadOnlyList<Descriptor> Layers { get => field ?? []; init; }

    /// <summary>Another manifest this one speaks of.</summary>
    [JsonPropertyName("subject")]
    public Descriptor? Subject { get; init; }

    /// <summary>Free metadata.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Members this model does not know; kept for a true round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Extra { get; set; }

    /// <summary>Reads and checks a manifest.</summary>
    /// <exception cref="FormatException">It is not one, or a confusing one (with <c>manifests</c> too).</exception>
    public static Manifest Parse(ReadOnlySpan<byte> json) => Documents.ParseManifest(json);

    /// <summary>The canonical bytes of this document: compact JSON.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, OciJson.Canonical.Manifest);
}

/// <summary>Manifests of an image for several platforms (OCI image-spec, image-index.md).</summary>
public sealed record Index
{
    /// <summary>Always 2.</summary>
    [JsonPropertyName("schemaVersion")]
    public int SchemaVersion { get; init; } = 2;

    /// <summary>Media type of this document; absent in old OCI documents.</summary>
    [JsonPropertyName("mediaType")]
    public string? MediaType { get; init; }

    /// <summary>Type of an artifact.</summary>
    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }

    /// <summary>Manifests in order of preference.</summary>
    [JsonPropertyName("manifests")]
    public IReadOnlyList<Descriptor> Manifests { get => field ?? []; init; }

    /// <summary>Another manifest this one speaks of.</summary>
    [JsonPropertyName("subject")]
    public Descriptor? Subject { get; init; }

    /// <summary>Free metadata.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Members this model does not know; kept for a true round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Extra { get; set; }

    /// <summary>This index of a layout with an entry more; another of its name goes.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="name">Its name; empty for none.</param>
    public Index With(Descriptor entry, string name) => this with
    {
        Manifests =
        [
            .. Manifests.Where(other => name.Length > 0 ? other.Annotations?.GetValueOrDefault(Oci.Annotations.RefName) != name : other.Digest != entry.Digest),
            name.Length > 0 ? entry with { Annotations = new Dictionary<string, string> { [Oci.Annotations.RefName] = name } } : entry,
        ],
    };

    /// <summary>Reads and checks an index.</summary>
    /// <exception cref="FormatException">It is not one, or a confusing one (with <c>layers</c> too).</exception>
    public static Index Parse(ReadOnlySpan<byte> json) => Documents.ParseIndex(json);

    /// <summary>The canonical bytes of this document: compact JSON.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, OciJson.Canonical.Index);
}
