using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>An image's config: its platform, how to run it, its layers and their history (OCI image-spec, config.md).</summary>
public sealed record ImageConfig
{
    /// <summary>RFC 3339 time the image was made.</summary>
    [JsonPropertyName("created")]
    public string? Created { get; init; }

    /// <summary>Who made it.</summary>
    [JsonPropertyName("author")]
    public string? Author { get; init; }

    /// <summary>Processor.</summary>
    [JsonPropertyName("architecture")]
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Variant of the processor.</summary>
    [JsonPropertyName("variant")]
    public string? Variant { get; init; }

    /// <summary>Operating system.</summary>
    [JsonPropertyName("os")]
    public string Os { get => field ?? ""; init; }

    /// <summary>Version of the operating system.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>Features of the operating system that are needed.</summary>
    [JsonPropertyName("os.features")]
    public IReadOnlyList<string>? OsFeatures { get; init; }

    /// <summary>How a container of this image runs.</summary>
    [JsonPropertyName("config")]
    public ExecutionConfig? Config { get; init; }

    /// <summary>The layers.</summary>
    [JsonPropertyName("rootfs")]
    public RootFs RootFs { get => field ?? new(); init; }

    /// <summary>How each layer came about, oldest first.</summary>
    [JsonPropertyName("history")]
    public IReadOnlyList<HistoryEntry> History { get => field ?? []; init; }

    /// <summary>Docker: message of the commit.</summary>
    [JsonPropertyName("comment")]
    public string? Comment { get; init; }

    /// <summary>Docker: container the image was committed from.</summary>
    [JsonPropertyName("container")]
    public string? Container { get; init; }

    /// <summary>Docker: version of the engine that made it.</summary>
    [JsonPropertyName("docker_version")]
    public string? DockerVersion { get; init; }

    /// <summary>Members this model does not know; kept for a true round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Extra { get; set; }

    /// <summary>The platform this image is for.</summary>
    [JsonIgnore]
    public Platform Platform => new()
    {
        Architecture = Architecture, Os = Os, Variant = Variant, OsVersion = OsVersion, OsFeatures = OsFeatures,
    };

    /// <summary>Reads and checks a config.</summary>
    /// <exception cref="FormatException">It is not one, or it is a manifest.</exception>
    public static ImageConfig Parse(ReadOnlySpan<byte> json) => Documents.ParseConfig(json);

    /// <summary>The canonical bytes of this document: compact JSON.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, OciJson.Canonical.ImageConfig);
}

/// <summary>Layers of an image.</summary>
public sealed record RootFs
{
    /// <summary>Always <c>layers</c>.</summary>
    [JsonPropertyName("type")]
    public string Type { get => field ?? "layers"; init; }

    /// <summary>Digests of the uncompressed layers, bottom first.</summary>
    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<Digest> DiffIds { get => field ?? []; init; }
}

/// <summary>How one layer, or one change without a layer, came about.</summary>
public sealed record HistoryEntry
{
    /// <summary>RFC 3339 time.</summary>
    [JsonPropertyName("created")]
    public string? Created { get; init; }

    /// <summary>Command that made the layer.</summary>
    [JsonPropertyName("created_by")]
    public string? CreatedBy { get; init; }

    /// <summary>Who made it.</summary>
    [JsonPropertyName("author")]
    public string? Author { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("comment")]
    public string? Comment { get; init; }

    /// <summary>Whether this change made no layer.</summary>
    [JsonPropertyName("empty_layer")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool EmptyLayer { get; init; }
}
