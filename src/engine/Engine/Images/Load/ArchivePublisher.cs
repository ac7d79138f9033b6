using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Images.Load;

/// <summary>Works out which files of an archive its images need and brings them into the content store; the rest is dropped.</summary>
internal sealed class ArchivePublisher(ContentStore content, ArchiveIntake archive, ArchiveImages images) : IDisposable
{
    private const int Deepest = 4;

    private readonly Dictionary<Digest, Descriptor> _needed = [];
    private readonly List<BlobWriter> _small = [];
    private readonly List<BlobWriter> _ready = [];

    /// <summary>Whether a blob is in the archive, was made from it, or is stored.</summary>
    internal bool Contains(Digest digest) => images.Made.ContainsKey(digest) || archive.ByDigest(digest) is not null || content.Contains(digest);

    /// <summary>A document, wherever it is.</summary>
    internal byte[] Read(Digest digest) =>
        images.Made.TryGetValue(digest, out var made) ? made.Content
        : archive.ByDigest(digest) is { } item ? item.Document()
        : content.ReadSmall(digest);

    /// <summary>Notes everything below a target as needed.</summary>
    /// <param name="target">A manifest or index.</param>
    /// <param name="required">Whether a missing blob is an error; in indexes platforms may be left out.</param>
    /// <param name="depth">How deep in nested indexes.</param>
    /// <exception cref="EngineException">A blob is missing or not what its descriptor says.</exception>
    internal void Need(Descriptor target, bool required = true, int depth = 0)
    {
        if (!Note(target, required) || depth > Deepest)
        {
            return;
        }

        if (MediaTypes.IsIndex(target.MediaType))
        {
            foreach (var child in Oci.Index.Parse(Read(target.Digest)).Manifests)
            {
                Need(child, required: false, depth + 1);
            }
        }
        else if (MediaTypes.IsManifest(target.MediaType))
        {
            var manifest = Manifest.Parse(Read(target.Digest));
            Note(manifest.Config, required);
            foreach (var layer in manifest.Layers)
            {
                Note(layer, required && !MediaTypes.IsForeignLayer(layer.MediaType));
            }
        }
    }

    /// <summary>Writes small documents to the staging area, so that one flush covers all.</summary>
    internal void Stage()
    {
        foreach (var digest in _needed.Keys)
        {
            var item = archive.ByDigest(digest);
            if (item?.Blob is { } blob)
            {
                _ready.Add(blob);
            }
            else if ((images.Made.TryGetValue(digest, out var made) ? made.Content : item?.Content) is { } document)
            {
                var small = content.BeginWrite();
                _small.Add(small);
                small.Write(document);
                small.Check(digest, document.Length);
                _ready.Add(small);
            }
        }
    }

    /// <summary>Gives everything its final name, after the flush.</summary>
    internal void Publish() => content.Publish(_ready);

    public void Dispose() => _small.ForEach(blob => blob.Dispose());

    private bool Note(Descriptor descriptor, bool required)
    {
        content.Leases.Touch(descriptor.Digest.ToString());
        if (!Contains(descriptor.Digest))
        {
            return required ? throw EngineException.Invalid($"invalid archive: blob {descriptor.Digest} is missing") : false;
        }

        var size = archive.ByDigest(descriptor.Digest)?.Size
            ?? (images.Made.TryGetValue(descriptor.Digest, out var made) ? made.Content.Length : content.Size(descriptor.Digest));
        if (size != descriptor.Size)
        {
            throw new TarException($"blob {descriptor.Digest} has {size} bytes where {descriptor.Size} were expected");
        }

        _needed[descriptor.Digest] = descriptor;
        return true;
    }
}
