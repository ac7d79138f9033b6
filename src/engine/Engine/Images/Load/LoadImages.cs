using Microsoft.Extensions.Logging;
using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Events;
using Slipway.Engine.Images.Load;
using Slipway.Engine.Layers;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>
/// <c>docker load</c>: one pass over the stream. Files are hashed and staged, layers unpacked meanwhile; then one flush, renames, and one
/// transaction with every image and layer. Nothing of a refused archive stays.
/// </summary>
public sealed class LoadImages(ContentStore content, Snapshotter snapshots, ImageTable images, EventLog events, ILogger log)
{
    /// <summary>Loads every image of an archive.</summary>
    /// <param name="body">The archive: docker-archive or OCI layout, plain or compressed.</param>
    /// <param name="platform">Null for everything there is; else the archive must have this platform.</param>
    /// <param name="progress">Receives progress and, in the end, a line per image; called on another thread. Null for lines only through the result.</param>
    /// <param name="cancel">Stops it; nothing stays.</param>
    /// <returns>A line per image, as Docker prints it.</returns>
    /// <exception cref="EngineException">InvalidArgument for a broken or hostile archive; Unavailable when the disk is full.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(Stream body, Platform? platform, Action<JsonMessage>? progress, CancellationToken cancel)
    {
        using var lease = content.BeginLease();
        using var archive = new ArchiveIntake(content, snapshots, progress, cancel);
        try
        {
            await Task.Factory.StartNew(() => Read(archive, body, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            return await StoreAsync(archive, platform, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (LayerErrors.Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    private static void Read(ArchiveIntake archive, Stream body, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var blocking = new BlockingStream(body, stop.Token);
        var (head, whole) = PrefixedStream.Peek(blocking, Decompression.Needed);
        using (whole)
        {
            var packing = Decompression.Detect(head);
            using var plain = Decompression.Open(whole, packing);
            if (packing == Packing.None)
            {
                archive.Read(plain);
                return;
            }

            using var ahead = new ReadAheadStream(plain);
            try
            {
                archive.Read(ahead);
            }
            catch
            {
                // The client may never send the rest that the other thread waits for.
                stop.Cancel();
                throw;
            }
        }
    }

    private async Task<IReadOnlyList<string>> StoreAsync(ArchiveIntake archive, Platform? platform, CancellationToken cancel)
    {
        var found = new ArchiveImages(archive);
        var targets = found.Read();
        using var publisher = new ArchivePublisher(content, archive, found);
        var choice = new PlatformChoice(publisher.Contains, publisher.Read);
        var chosen = new List<LoadedImage>();
        foreach (var image in targets)
        {
            publisher.Need(image.Target);
            chosen.Add(Choose(image, choice, publisher, platform));
        }

        await snapshots.Gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var batch = new SnapshotBatch(snapshots);
            foreach (var image in chosen)
            {
                await AddLayersAsync(image, archive, batch).ConfigureAwait(false);
            }

            publisher.Stage();
            await Task.Run(snapshots.Flush, cancel).ConfigureAwait(false);
            publisher.Publish();
            await images.PutAsync([.. chosen.Select(image => image.Record)], batch).ConfigureAwait(false);
        }
        finally
        {
            snapshots.Gate.Release();
        }

        return Announce(chosen);
    }

    private static LoadedImage Choose(ArchiveImage image, PlatformChoice choice, ArchivePublisher publisher, Platform? platform)
    {
        var manifest = choice.Choose(image.Target, platform, image.Names.FirstOrDefault() ?? image.Target.Digest.ToString());
        publisher.Need(new Descriptor { MediaType = MediaTypes.OciManifest, Digest = manifest.ManifestDigest, Size = publisher.Read(manifest.ManifestDigest).Length });
        var (document, config) = manifest.Read(publisher.Read);
        var record = new ImageRecord
        {
            Target = image.Target, ManifestDigest = manifest.ManifestDigest, ImageId = document.Config.Digest, Names = image.Names,
        };
        return new LoadedImage(record, document, config);
    }

    // Layers that were unpacked on the way become snapshots; what is missing then is unpacked from its blob when it is first needed.
    private static async Task AddLayersAsync(LoadedImage image, ArchiveIntake archive, SnapshotBatch batch)
    {
        var layers = image.Manifest.Layers;
        var diffIds = image.Config.RootFs.DiffIds;
        var chain = Oci.Layers.ChainIds(diffIds);
        for (var i = 0; i < chain.Count && i < layers.Count; i++)
        {
            if (archive.ByDigest(layers[i].Digest)?.Unpack is not { } unpack)
            {
                if (!batch.Contains(chain[i]))
                {
                    return;
                }

                continue;
            }

            await unpack.WhenDone.ConfigureAwait(false);
            if (unpack.DiffId != diffIds[i])
            {
                throw EngineException.Invalid($"invalid diffID for layer {i}: expected \"{diffIds[i]}\", got \"{unpack.DiffId}\"");
            }

            if (!batch.Contains(chain[i]))
            {
                if (unpack.IsTaken)
                {
                    return;
                }

                batch.Add(unpack, i == 0 ? null : chain[i - 1]);
            }
        }
    }

    private List<string> Announce(List<LoadedImage> loaded)
    {
        var lines = new List<string>();
        foreach (var (record, _, config) in loaded)
        {
            var id = record.ImageId.ToString();
            var names = record.Names.Select(name => Reference.Parse(name).Familiar).ToList();
            events.Publish("image", "load", id, ImageEvents.Attributes(names.FirstOrDefault() ?? id, config));
            lines.AddRange(names.Count > 0 ? names.Select(name => $"Loaded image: {name}\n") : [$"Loaded image ID: {id}\n"]);
            log.LogInformation("image {Id} loaded as {Names}", id, names.Count > 0 ? string.Join(", ", names) : "no name");
        }

        return lines;
    }

    private sealed record LoadedImage(ImageRecord Record, Manifest Manifest, ImageConfig Config);
}
