using System.Text.Json.Serialization;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>The row of an image: what it points at and what it is called. Key is the target's digest.</summary>
public sealed record ImageRecord
{
    /// <summary>The manifest or index, kept whole.</summary>
    public required Descriptor Target { get; init; }

    /// <summary>The manifest of the platform this host runs; the target itself when it is no index.</summary>
    public required Digest ManifestDigest { get; init; }

    /// <summary>The image's id: the digest of that manifest's config.</summary>
    public required Digest ImageId { get; init; }

    /// <summary>Names with tags in full form, such as <c>docker.io/library/busybox:latest</c>.</summary>
    public IReadOnlyList<string> Names { get => field ?? []; init; }

    /// <summary>Names with digests in full form, such as <c>docker.io/library/busybox@sha256:…</c>.</summary>
    public IReadOnlyList<string> Digests { get => field ?? []; init; }

    /// <summary>Id of the image it was committed or built from here.</summary>
    public Digest? Parent { get; init; }

    /// <summary>When it came here.</summary>
    public DateTimeOffset Added { get; init; }

    /// <summary>When it was last given a name here.</summary>
    public DateTimeOffset? LastTagged { get; init; }

    /// <summary>Whether nothing names it.</summary>
    [JsonIgnore]
    public bool IsNameless => Names.Count == 0 && Digests.Count == 0;
}

/// <summary>JSON of the image rows.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 64)]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class ImageJson : JsonSerializerContext;
