using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images.Load;

/// <summary>One file of an image archive: read, hashed, perhaps staged as a blob and unpacked as a layer.</summary>
internal sealed class ArchiveItem : IDisposable
{
    /// <summary>Digest of the content.</summary>
    internal required Digest Digest { get; init; }

    /// <summary>Bytes of the content.</summary>
    internal required long Size { get; init; }

    /// <summary>How it is packed, if it looks like a layer.</summary>
    internal Packing Packing { get; init; }

    /// <summary>The content of a small file.</summary>
    internal byte[]? Content { get; init; }

    /// <summary>The staged blob of a large file; null when the store has it already.</summary>
    internal BlobWriter? Blob { get; init; }

    /// <summary>The layer being unpacked.</summary>
    internal LayerUnpack? Unpack { get; init; }

    /// <summary>The whole of a document.</summary>
    /// <exception cref="TarException">It is too large for one.</exception>
    internal byte[] Document()
    {
        if (Content is not null)
        {
            return Content;
        }

        if (Blob is null || Size > ContentStore.MaxDocument)
        {
            throw new TarException($"a document of {Size} bytes is too large");
        }

        using var stream = Blob.OpenTail();
        var document = new byte[Size];
        stream.ReadExactly(document);
        return document;
    }

    public void Dispose()
    {
        Unpack?.Dispose();
        Blob?.Dispose();
    }
}
