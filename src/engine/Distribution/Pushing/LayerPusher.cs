using System.Diagnostics;
using Slipway.DockerApi;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Distribution.Pushing;

/// <summary>What became of a layer: how the pushed manifest names it, and the packed blob if it was made for this push.</summary>
internal sealed record PushedLayer(Descriptor Descriptor, BlobWriter? Packed);

/// <summary>Brings the layers of an image to a repository, several at once: what is there is left, what lies nearby is mounted, plain layers are packed.</summary>
internal sealed class LayerPusher(SlipwayEngine engine, RegistrySession session, DistributionOptions options, TransferSlots slots, Action<JsonMessage>? report)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private readonly BlobUpload _upload = new(session, options, engine.Time);

    /// <summary>Pushes a layer.</summary>
    /// <param name="layer">As the stored manifest names it.</param>
    /// <param name="shown">What it is called in messages.</param>
    /// <param name="mayPack">Whether a plain layer may be replaced by a packed one.</param>
    /// <param name="sources">Repositories of the same registry that may have it.</param>
    /// <param name="cancel">Stops it.</param>
    internal async Task<PushedLayer> RunAsync(Descriptor layer, string shown, bool mayPack, IReadOnlyList<string> sources, CancellationToken cancel)
    {
        Say(shown, "Preparing");
        if (MediaTypes.IsForeignLayer(layer.MediaType))
        {
            Say(shown, "Skipped foreign layer");
            return new PushedLayer(layer, null);
        }

        if (!slots.TryTake())
        {
            Say(shown, "Waiting");
            await slots.TakeAsync(cancel).ConfigureAwait(false);
        }

        try
        {
            return await BringAsync(layer, shown, mayPack, sources, cancel).ConfigureAwait(false);
        }
        finally
        {
            slots.Free();
        }
    }

    /// <summary>Pushes a small blob that is shown nowhere: a config.</summary>
    internal async Task BringConfigAsync(Descriptor config, CancellationToken cancel)
    {
        var content = engine.Content.ReadSmall(config.Digest);
        if (!await _upload.ExistsAsync(config.Digest, cancel).ConfigureAwait(false))
        {
            await _upload.SendAsync(config.Digest, content.Length, () => new MemoryStream(content), _ => { }, cancel).ConfigureAwait(false);
        }
    }

    private async Task<PushedLayer> BringAsync(Descriptor layer, string shown, bool mayPack, IReadOnlyList<string> sources, CancellationToken cancel)
    {
        if (await IsThereAsync(layer.Digest, shown, sources, cancel).ConfigureAwait(false))
        {
            return new PushedLayer(layer, null);
        }

        if (!mayPack || MediaTypes.CompressionOf(layer.MediaType) != Compression.None || layer.Size == 0)
        {
            await SendAsync(layer, shown, () => engine.Content.OpenRead(layer.Digest), cancel).ConfigureAwait(false);
            return new PushedLayer(layer, null);
        }

        var packed = await PackAsync(layer, shown, cancel).ConfigureAwait(false);
        try
        {
            var descriptor = layer with { MediaType = layer.MediaType == MediaTypes.DockerLayer ? MediaTypes.DockerLayerGzip : MediaTypes.OciLayerGzip, Digest = packed.Digest, Size = packed.Length };

            // Packing takes all cores, sending leaves some: only now it is looked at whether what was packed is what the digest says.
            var check = Task.Run(() => engine.Content.Verify(layer.Digest, cancel), cancel);
            await Task.WhenAll(SendMissingAsync(descriptor, shown, packed.OpenComplete, cancel), check).ConfigureAwait(false);
            return new PushedLayer(descriptor, packed);
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    private async Task SendMissingAsync(Descriptor layer, string shown, Func<Stream> open, CancellationToken cancel)
    {
        if (!await IsThereAsync(layer.Digest, shown, [], cancel).ConfigureAwait(false))
        {
            await SendAsync(layer, shown, open, cancel).ConfigureAwait(false);
        }
    }

    private async Task<bool> IsThereAsync(Digest digest, string shown, IReadOnlyList<string> sources, CancellationToken cancel)
    {
        if (await _upload.ExistsAsync(digest, cancel).ConfigureAwait(false))
        {
            Say(shown, "Layer already exists");
            return true;
        }

        foreach (var source in sources)
        {
            if (await _upload.MountAsync(digest, source, cancel).ConfigureAwait(false))
            {
                Say(shown, $"Mounted from {source}");
                return true;
            }
        }

        return false;
    }

    private async Task<BlobWriter> PackAsync(Descriptor layer, string shown, CancellationToken cancel)
    {
        var packed = engine.Content.BeginWrite();
        try
        {
            using var plain = engine.Content.OpenRead(layer.Digest);
            await ParallelGzip.RunAsync(plain, packed, Follow(shown, "Compressing", layer.Size), cancel).ConfigureAwait(false);
            packed.Complete();
            return packed;
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    private async Task SendAsync(Descriptor layer, string shown, Func<Stream> open, CancellationToken cancel)
    {
        try
        {
            await _upload.SendAsync(layer.Digest, layer.Size, open, Follow(shown, "Pushing", layer.Size), cancel).ConfigureAwait(false);
        }
        catch (RegistryException e) when (e.Code == "DIGEST_INVALID" && engine.Content.Contains(layer.Digest))
        {
            // The registry received something else than the digest says: is it ours that is wrong?
            await Task.Run(() => engine.Content.Verify(layer.Digest, cancel), cancel).ConfigureAwait(false);
            throw;
        }

        Say(shown, "Pushed");
    }

    private void Say(string id, string status) => report?.Invoke(new JsonMessage { Status = status, ProgressDetail = new ProgressDetail(), Id = id });

    private Action<long> Follow(string id, string status, long total)
    {
        var last = long.MinValue;
        return current =>
        {
            if (report is not null && (last == long.MinValue || Stopwatch.GetElapsedTime(last) >= s_interval))
            {
                last = Stopwatch.GetTimestamp();
                current = Math.Min(current, total);
                report(new JsonMessage { Status = status, ProgressDetail = new ProgressDetail { Current = current, Total = total }, Progress = ProgressBar.Draw(current, total), Id = id });
            }
        };
    }
}
