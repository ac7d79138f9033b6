using System.Net;
using Slipway.DockerApi;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Engine.Images.Receive;
using Slipway.Oci;

namespace Slipway.Distribution.Pushing;

/// <summary>An image that is at the registry now.</summary>
/// <param name="Target">What its tag points at.</param>
/// <param name="Packed">The form that was made for it; null when the stored one was pushed.</param>
internal sealed record PushedImage(Descriptor Target, PackedForm? Packed) : IDisposable
{
    public void Dispose()
    {
        foreach (var layer in Packed?.Layers ?? [])
        {
            layer.Dispose();
        }
    }
}

/// <summary>Pushes one image to one repository under one tag.</summary>
internal sealed class ImagePusher(SlipwayEngine engine, RegistrySession session, DistributionOptions options, TransferSlots slots, MountSources sources, Action<JsonMessage>? report)
{
    private readonly LayerPusher _layers = new(engine, session, options, slots, report);

    /// <exception cref="EngineException">Damaged; NotFound when the image has no such platform.</exception>
    /// <exception cref="RegistryException">The registry refused.</exception>
    internal async Task<PushedImage> RunAsync(Image image, Platform? platform, string tag, CancellationToken cancel)
    {
        var target = image.Record.Target;
        if (!MediaTypes.IsIndex(target.MediaType))
        {
            // Our own registry stores blobs where images have theirs: packing would only make a second copy.
            return await PushManifestAsync(target, tag, mayPack: !session.Endpoint.IsOwn, cancel).ConfigureAwait(false);
        }

        if (platform is null && await PushIndexAsync(target, tag, cancel).ConfigureAwait(false))
        {
            return new PushedImage(target, null);
        }

        // Only a part of the index is here: that part alone is a whole image.
        var chosen = engine.Images.Choose(image, platform);
        return await PushManifestAsync(new Descriptor { MediaType = MediaTypes.OciManifest, Digest = chosen, Size = engine.Content.Size(chosen) }, tag, mayPack: false, cancel).ConfigureAwait(false);
    }

    private async Task<bool> PushIndexAsync(Descriptor target, string reference, CancellationToken cancel)
    {
        var bytes = engine.Content.ReadSmall(target.Digest);
        var children = Oci.Index.Parse(bytes).Manifests;
        foreach (var child in children)
        {
            if (!IsHere(child) && !await IsThereAsync(child, cancel).ConfigureAwait(false))
            {
                return false;
            }
        }

        foreach (var child in children.Where(IsHere))
        {
            if (MediaTypes.IsIndex(child.MediaType))
            {
                await PushIndexAsync(child, child.Digest.ToString(), cancel).ConfigureAwait(false);
            }
            else
            {
                using var pushed = await PushManifestAsync(child, child.Digest.ToString(), mayPack: false, cancel).ConfigureAwait(false);
            }
        }

        await PutAsync(target.MediaType, bytes, reference, cancel).ConfigureAwait(false);
        return true;
    }

    private async Task<PushedImage> PushManifestAsync(Descriptor descriptor, string reference, bool mayPack, CancellationToken cancel)
    {
        var bytes = engine.Content.ReadSmall(descriptor.Digest);
        var manifest = Manifest.Parse(bytes);
        var names = Names(manifest);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var work = manifest.Layers.DistinctBy(layer => layer.Digest)
            .ToDictionary(layer => layer.Digest, layer => _layers.RunAsync(layer, names[layer.Digest], mayPack, sources.Of(layer.Digest), stop.Token));
        try
        {
            await WaitAsync(work.Values, stop).ConfigureAwait(false);
            await _layers.BringConfigAsync(manifest.Config, cancel).ConfigureAwait(false);
            var pushed = manifest.Layers.Select(layer => work[layer.Digest].Result).ToList();
            if (pushed.TrueForAll(layer => layer.Packed is null))
            {
                await PutAsync(manifest.MediaType is { Length: > 0 } own ? own : descriptor.MediaType, bytes, reference, cancel).ConfigureAwait(false);
                return new PushedImage(descriptor with { MediaType = manifest.MediaType is { Length: > 0 } type ? type : descriptor.MediaType }, null);
            }

            var packed = manifest with { Layers = [.. pushed.Select(layer => layer.Descriptor)] };
            var document = packed.ToBytes();
            await PutAsync(packed.MediaType ?? MediaTypes.OciManifest, document, reference, cancel).ConfigureAwait(false);
            var target = new Descriptor { MediaType = packed.MediaType ?? MediaTypes.OciManifest, Digest = Digest.Of(document), Size = document.Length };
            return new PushedImage(target, new PackedForm(target, document, [.. pushed.Select(layer => layer.Packed).OfType<Engine.Content.BlobWriter>().Distinct()]));
        }
        catch
        {
            foreach (var layer in work.Values.Where(layer => layer.IsCompletedSuccessfully))
            {
                layer.Result.Packed?.Dispose();
            }

            throw;
        }
    }

    // The first failure stops the others and is the one that is told.
    private static async Task WaitAsync(IEnumerable<Task> work, CancellationTokenSource stop)
    {
        var all = work.ToList();
        var waiting = all.ToList();
        try
        {
            while (waiting.Count > 0)
            {
                var done = await Task.WhenAny(waiting).ConfigureAwait(false);
                waiting.Remove(done);
                await done.ConfigureAwait(false);
            }
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    // Docker calls layers by their diff ids.
    private Dictionary<Digest, string> Names(Manifest manifest)
    {
        var names = manifest.Layers.DistinctBy(layer => layer.Digest).ToDictionary(layer => layer.Digest, layer => layer.Digest.Short);
        if (MediaTypes.IsConfig(manifest.Config.MediaType))
        {
            var diffIds = ImageConfig.Parse(engine.Content.ReadSmall(manifest.Config.Digest)).RootFs.DiffIds;
            for (var i = 0; i < manifest.Layers.Count && manifest.Layers.Count == diffIds.Count; i++)
            {
                names[manifest.Layers[i].Digest] = diffIds[i].Short;
            }
        }

        return names;
    }

    private bool IsHere(Descriptor child) => engine.Content.Contains(child.Digest);

    private async Task<bool> IsThereAsync(Descriptor child, CancellationToken cancel)
    {
        using var response = await session.SendAsync(
            HttpMethod.Head, session.Address($"manifests/{child.Digest}"), request => request.Headers.TryAddWithoutValidation("Accept", child.MediaType), cancel, HttpStatusCode.NotFound).ConfigureAwait(false);
        return response.IsSuccessStatusCode;
    }

    private async Task PutAsync(string mediaType, byte[] document, string reference, CancellationToken cancel)
    {
        using var response = await session.SendAsync(
            HttpMethod.Put,
            session.Address($"manifests/{reference}"),
            request =>
            {
                request.Content = new ByteArrayContent(document);
                request.Content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
            },
            cancel).ConfigureAwait(false);
    }
}
