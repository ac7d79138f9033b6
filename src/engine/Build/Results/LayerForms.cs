using System.Collections.Concurrent;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Files;
using Slipway.Engine.Layers;
using Slipway.Engine.Steps;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Build.Results;

/// <summary>A layer in the form that an image wants.</summary>
/// <param name="DiffId">Digest of its plain archive.</param>
/// <param name="Blob">What is stored.</param>
internal sealed record FormedLayer(Digest DiffId, Descriptor Blob);

/// <summary>Makes other forms of layers: packed ones, and ones without young files. The same layer gives the same bytes.</summary>
internal sealed class LayerForms(SlipwayEngine engine, ImageForm form, DateTimeOffset? epoch, CancellationToken cancel)
{
    private const int ZstdLevel = 3;

    private readonly ConcurrentDictionary<(Digest, bool), Lazy<Task<FormedLayer>>> _made = [];

    /// <summary>The form of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="own">Whether this build made it, or one before on its behalf; false for a base image's.</param>
    internal Task<FormedLayer> OfAsync(LayerContent layer, bool own) =>
        _made.GetOrAdd((layer.Blob.Digest, own), _ => new Lazy<Task<FormedLayer>>(() => Task.Run(() => MakeAsync(layer, own), cancel))).Value;

    private async Task<FormedLayer> MakeAsync(LayerContent layer, bool own)
    {
        var rewritten = own && form.RewriteTimestamps && epoch is { } latest ? await RewriteAsync(layer, latest).ConfigureAwait(false) : null;
        var source = rewritten ?? new FormedLayer(layer.DiffId, layer.Blob);
        var packed = MediaTypes.CompressionOf(source.Blob.MediaType);
        var wanted = form.Compression ?? packed;
        return packed == wanted || (packed != Compression.None && !form.ForceCompression) ? source : await PackAsync(source, wanted).ConfigureAwait(false);
    }

    private async Task<FormedLayer> PackAsync(FormedLayer source, Compression wanted)
    {
        using var blob = engine.Content.BeginWrite();
        using (var stored = engine.Content.OpenRead(source.Blob.Digest))
        {
            using var plain = OpenPlain(stored, source.Blob.MediaType);
            if (wanted == Compression.Gzip)
            {
                await ParallelGzip.RunAsync(plain, blob, _ => { }, cancel).ConfigureAwait(false);
            }
            else
            {
                Stream packing = wanted == Compression.Zstd ? new ZstdCompressStream(new BlobStream(blob), ZstdLevel) : new BlobStream(blob);
                await using (packing.ConfigureAwait(false))
                {
                    await plain.CopyToAsync(packing, 1 << 17, cancel).ConfigureAwait(false);
                }
            }
        }

        var type = wanted switch { Compression.Gzip => MediaTypes.OciLayerGzip, Compression.Zstd => MediaTypes.OciLayerZstd, _ => MediaTypes.OciLayer };
        return source with { Blob = await blob.CommitAsync(mediaType: type).ConfigureAwait(false) };
    }

    private async Task<FormedLayer> RewriteAsync(LayerContent layer, DateTimeOffset latest)
    {
        var limit = (latest - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        using var blob = engine.Content.BeginWrite();
        using (var stored = engine.Content.OpenRead(layer.Blob.Digest))
        {
            using var plain = OpenPlain(stored, layer.Blob.MediaType);
            using var input = new TarInput(plain);
            using var output = new TarWriter(new BlobStream(blob));
            while (input.Next() is { } entry)
            {
                await output.WriteAsync(entry.ModifiedNs > limit ? entry with { ModifiedNs = limit } : entry, cancel).ConfigureAwait(false);
                await CopyAsync(input, output).ConfigureAwait(false);
            }

            await output.FinishAsync(cancel).ConfigureAwait(false);
        }

        var descriptor = await blob.CommitAsync(mediaType: MediaTypes.OciLayer).ConfigureAwait(false);
        return new FormedLayer(descriptor.Digest, descriptor);
    }

    // The writer pads what it is given, so that a file goes whole or in blocks.
    private async Task CopyAsync(TarInput input, TarWriter output)
    {
        const int blocks = 1 << 20;
        while (input.Remaining > 0)
        {
            var piece = new byte[Math.Min(blocks, input.Remaining)];
            for (var at = 0; at < piece.Length;)
            {
                var part = input.Take(piece.Length - at);
                part.CopyTo(piece.AsSpan(at));
                at += part.Length;
            }

            await output.WriteContentAsync(piece, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>A layer's plain archive; the stored stream stays the caller's.</summary>
    internal static Stream OpenPlain(Stream stored, string mediaType) => Decompression.Open(stored, MediaTypes.CompressionOf(mediaType) switch
    {
        Compression.Gzip => Packing.Gzip,
        Compression.Zstd => Packing.Zstd,
        _ => Packing.None,
    });
}
