using System.IO.Compression;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Layers;

/// <summary>How a stream is packed, by its first bytes.</summary>
public enum Packing
{
    /// <summary>Not packed, or not known.</summary>
    None,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip,

    /// <summary>zstd (RFC 8878).</summary>
    Zstd,

    /// <summary>xz.</summary>
    Xz,

    /// <summary>bzip2.</summary>
    Bzip2,
}

/// <summary>Recognises and undoes compression.</summary>
internal static class Decompression
{
    /// <summary>Bytes that <see cref="Detect"/> and <see cref="IsTar"/> want to see.</summary>
    internal const int Needed = TarHeader.Size;

    internal static Packing Detect(ReadOnlySpan<byte> head) => head switch
    {
        [0x1f, 0x8b, 8, ..] => Packing.Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing.Zstd,
        // A skippable frame, as zstd:chunked and pzstd begin with.
        [>= 0x50 and <= 0x5f, 0x2a, 0x4d, 0x18, ..] => Packing.Zstd,
        [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => Packing.Xz,
        [(byte)'B', (byte)'Z', (byte)'h', ..] => Packing.Bzip2,
        _ => Packing.None,
    };

    /// <summary>Whether a plain tar archive begins here.</summary>
    internal static bool IsTar(ReadOnlySpan<byte> head) => head.Length >= TarHeader.Size && new TarHeader(head[..TarHeader.Size]).IsValid;

    /// <summary>The plain content of a stream, whatever it is packed with; the caller owns both.</summary>
    internal static Stream Open(Stream stream)
    {
        var (head, whole) = PrefixedStream.Peek(stream, Needed);
        return Open(whole, Detect(head));
    }

    /// <summary>The plain content of a packed stream; the caller owns both.</summary>
    internal static Stream Open(Stream packed, Packing packing) => packing switch
    {
        Packing.None => packed,
        Packing.Gzip => new GZipStream(packed, CompressionMode.Decompress),
        Packing.Zstd => new ZstdDecompressStream(packed),
        Packing.Xz => new XzDecompressStream(packed),
        _ => new Bzip2DecompressStream(packed),
    };

    /// <summary>The media type of a layer packed this way.</summary>
    internal static string MediaType(Packing packing) => packing switch
    {
        Packing.Gzip => MediaTypes.OciLayerGzip,
        Packing.Zstd => MediaTypes.OciLayerZstd,
        _ => MediaTypes.OciLayer,
    };
}
