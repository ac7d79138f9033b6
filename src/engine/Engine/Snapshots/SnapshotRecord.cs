using System.Text.Json.Serialization;
using Slipway.Oci;

namespace Slipway.Engine.Snapshots;

/// <summary>A committed snapshot: one unpacked layer in <c>snapshots/NUMBER/fs</c>.</summary>
public sealed record SnapshotRecord
{
    /// <summary>Names the directory.</summary>
    public required long Number { get; init; }

    /// <summary>Names the stack of layers this one tops (OCI image-spec, config.md).</summary>
    public required Digest ChainId { get; init; }

    /// <summary>The stack below; null for a bottom layer.</summary>
    public Digest? Parent { get; init; }

    /// <summary>Digest of the layer's plain tar.</summary>
    public required Digest DiffId { get; init; }

    /// <summary>Bytes of the layer's regular files.</summary>
    public long Size { get; init; }

    /// <summary>When it was unpacked.</summary>
    public DateTimeOffset Created { get; init; }
}

/// <summary>JSON of the snapshot rows.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 16)]
[JsonSerializable(typeof(SnapshotRecord))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
