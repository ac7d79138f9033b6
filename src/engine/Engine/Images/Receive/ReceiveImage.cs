using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Engine.Snapshots;

namespace Slipway.Engine.Images.Receive;

/// <summary>
/// Stores an image whose blobs were received and whose layers were unpacked meanwhile: one flush, renames, one transaction. Until then
/// nothing of it can be seen.
/// </summary>
public sealed class ReceiveImage(ContentStore content, Snapshotter snapshots, ImageTable images)
{
    /// <summary>Stores the image and its names.</summary>
    /// <param name="image">The image; the caller holds a lease since before it looked for blobs that exist, and disposes blobs and unpacks afterwards.</param>
    /// <param name="unpacked">Told of each layer, by its place, when it is unpacked.</param>
    /// <param name="cancel">Stops waiting; nothing stays.</param>
    /// <exception cref="EngineException">InvalidArgument for a broken or hostile layer; Unavailable when the disk is full.</exception>
    public async Task RunAsync(ReceivedImage image, Action<int>? unpacked, CancellationToken cancel)
    {
        var small = new List<BlobWriter>();
        try
        {
            await WaitForLayersAsync(image, unpacked, cancel).ConfigureAwait(false);
            await snapshots.Gate.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                var batch = new SnapshotBatch(snapshots);
                AddLayers(image, batch);
                Stage(image, small);
                await Task.Run(snapshots.Flush, cancel).ConfigureAwait(false);
                content.Publish([.. image.Layers.Select(layer => layer.Blob).OfType<BlobWriter>().Distinct().Where(blob => !blob.IsPublished), .. small]);
                await images.PutAsync([Row(image)], batch).ConfigureAwait(false);
            }
            finally
            {
                snapshots.Gate.Release();
            }
        }
        catch (Exception e) when (LayerErrors.Translate(e) is { } failure)
        {
            throw failure;
        }
        finally
        {
            small.ForEach(blob => blob.Dispose());
        }
    }

    private static async Task WaitForLayersAsync(ReceivedImage image, Action<int>? unpacked, CancellationToken cancel)
    {
        var diffIds = image.Config.RootFs.DiffIds;
        for (var i = 0; i < image.Layers.Count; i++)
        {
            if (image.Layers[i].Unpack is { } unpack)
            {
                await unpack.WhenDone.WaitAsync(cancel).ConfigureAwait(false);
                if (i < diffIds.Count && unpack.DiffId != diffIds[i])
                {
                    throw EngineException.Invalid($"invalid diffID for layer {i}: expected \"{diffIds[i]}\", got \"{unpack.DiffId}\"");
                }
            }

            unpacked?.Invoke(i);
        }
    }

    // What cannot become a snapshot here (its directory serves another stack already) is unpacked from its blob when it is first needed.
    private static void AddLayers(ReceivedImage image, SnapshotBatch batch)
    {
        var chain = Oci.Layers.ChainIds(image.Config.RootFs.DiffIds);
        for (var i = 0; i < chain.Count && i < image.Layers.Count; i++)
        {
            if (batch.Contains(chain[i]))
            {
                continue;
            }

            if (image.Layers[i].Unpack is not { IsTaken: false } unpack)
            {
                return;
            }

            batch.Add(unpack, i == 0 ? null : chain[i - 1]);
        }
    }

    private void Stage(ReceivedImage image, List<BlobWriter> small)
    {
        foreach (var (digest, document) in image.Documents)
        {
            var blob = content.BeginWrite();
            small.Add(blob);
            blob.Write(document);
            blob.Check(digest, document.Length);
        }
    }

    private ImageRecord Row(ReceivedImage image)
    {
        var choice = new PlatformChoice(
            digest => image.Documents.ContainsKey(digest) || content.Contains(digest),
            digest => image.Documents.TryGetValue(digest, out var document) ? document : content.ReadSmall(digest));
        var host = choice.Choose(image.Target, null, image.Name ?? image.Target.Digest.ToString());
        return new ImageRecord
        {
            Target = image.Target with { Annotations = null, Platform = null, Data = null, Urls = null },
            ManifestDigest = host.ManifestDigest,
            ImageId = host.ManifestDigest == image.ManifestDescriptor.Digest ? image.Manifest.Config.Digest : host.ConfigDigest(content),
            Names = image.Name is null ? [] : [image.Name],
            Digests = image.DigestName is null ? [] : [image.DigestName],
        };
    }
}
