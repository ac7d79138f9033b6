using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images.Receive;

/// <summary>A blob that came from outside: complete and checked, in the staging directory.</summary>
/// <param name="Blob">The complete blob; null when the store has it already.</param>
/// <param name="Unpack">The same blob being unpacked; null for what is no layer, or when its snapshot exists.</param>
public sealed record ReceivedBlob(BlobWriter? Blob, LayerUnpack? Unpack);

/// <summary>An image that came from outside, complete, but not yet stored.</summary>
public sealed record ReceivedImage
{
    /// <summary>What its name points at: a manifest, or an index, which is kept whole.</summary>
    public required Descriptor Target { get; init; }

    /// <summary>The manifest whose content came.</summary>
    public required Descriptor ManifestDescriptor { get; init; }

    /// <summary>The same, read.</summary>
    public required Manifest Manifest { get; init; }

    /// <summary>Its config.</summary>
    public required ImageConfig Config { get; init; }

    /// <summary>Indexes, manifest and config: small documents by digest, checked.</summary>
    public required IReadOnlyDictionary<Digest, byte[]> Documents { get; init; }

    /// <summary>The layers, in the manifest's order.</summary>
    public required IReadOnlyList<ReceivedBlob> Layers { get; init; }

    /// <summary>The name with tag that it gets, in full form; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The name with digest that it gets, in full form.</summary>
    public string? DigestName { get; init; }
}
