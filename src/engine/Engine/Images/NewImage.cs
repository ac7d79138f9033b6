using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Stores an image made here: one more layer on a parent, or the only layer.</summary>
internal sealed class NewImage(ContentStore content, Snapshotter snapshots, ImageTable images)
{
    /// <summary>Puts config, manifest and row in place; the layer blob is committed with them.</summary>
    /// <param name="below">Layers below, bottom first.</param>
    /// <param name="layer">The complete new layer, plain tar; null for none.</param>
    /// <param name="unpack">The same layer unpacked, if that was done.</param>
    /// <param name="config">The whole config.</param>
    /// <param name="name">The image's name, or null.</param>
    /// <param name="parent">Id of the image it was made from.</param>
    /// <returns>The image's id.</returns>
    internal async Task<Digest> StoreAsync(IReadOnlyList<Descriptor> below, BlobWriter? layer, LayerUnpack? unpack, ImageConfig config, Reference? name, Digest? parent)
    {
        var document = config.ToBytes();
        var manifest = new Manifest
        {
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = Digest.Of(document), Size = document.Length },
            Layers = layer is null ? below : [.. below, new Descriptor { MediaType = MediaTypes.OciLayer, Digest = layer.Digest, Size = layer.Length }],
        };
        var bytes = manifest.ToBytes();
        var target = new Descriptor { MediaType = MediaTypes.OciManifest, Digest = Digest.Of(bytes), Size = bytes.Length };
        using var configBlob = Stage(document);
        using var manifestBlob = Stage(bytes);
        await snapshots.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            var batch = new SnapshotBatch(snapshots);
            if (unpack is not null && !batch.Contains(unpack.DiffId))
            {
                batch.Add(unpack, null);
            }

            await Task.Run(snapshots.Flush).ConfigureAwait(false);
            content.Publish(layer is null ? [configBlob, manifestBlob] : [layer, configBlob, manifestBlob]);
            await images.PutAsync([Row(target, manifest.Config.Digest, name, parent)], batch).ConfigureAwait(false);
        }
        finally
        {
            snapshots.Gate.Release();
        }

        return manifest.Config.Digest;
    }

    /// <summary>The name given as repository and tag; null when there is none.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    internal static Reference? ParseName(string? repository, string? tag)
    {
        if (string.IsNullOrEmpty(repository))
        {
            return null;
        }

        var name = ImageTable.ParseName(string.IsNullOrEmpty(tag) ? repository : $"{repository}:{tag}");
        return name.Digest is null ? name.TagNameOnly() : throw EngineException.Invalid("cannot import digest reference");
    }

    private static ImageRecord Row(Descriptor target, Digest config, Reference? name, Digest? parent) => new()
    {
        Target = target, ManifestDigest = target.Digest, ImageId = config, Names = name is null ? [] : [name.ToString()], Parent = parent,
    };

    private BlobWriter Stage(byte[] document)
    {
        var blob = content.BeginWrite();
        blob.Write(document);
        blob.Complete();
        return blob;
    }
}
