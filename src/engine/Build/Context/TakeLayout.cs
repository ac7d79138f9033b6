using System.Text.Json;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Build.Context;

/// <summary>Reads a blob from elsewhere.</summary>
/// <param name="digest">Its digest, which the reader need not check.</param>
/// <param name="most">How many bytes it may have.</param>
/// <param name="output">Receives it.</param>
/// <param name="cancel">Stops it.</param>
public delegate Task ReadBlob(Digest digest, long most, Stream output, CancellationToken cancel);

/// <summary>Takes an image over from somebody who gives blobs by their digests, such as a client with an image layout. Blobs that are here are not asked for.</summary>
/// <param name="engine">The engine.</param>
/// <param name="read">Gives the blobs.</param>
public sealed class TakeLayout(SlipwayEngine engine, ReadBlob read)
{
    private const int Deepest = 4;

    /// <summary>BuildKit's own caches, whose records are keyed by its internal graphs.</summary>
    private const string ForeignCache = "application/vnd.buildkit.cacheconfig.v0";

    /// <summary>Takes one platform of it over. Hold a lease.</summary>
    /// <param name="root">The index or manifest.</param>
    /// <param name="name">What the image is called here.</param>
    /// <param name="platform">The platform; null for this machine's.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">InvalidArgument: it is no image, or not what its digests say; NotFound: it has no such platform.</exception>
    public async Task RunAsync(Digest root, Reference name, Platform? platform, CancellationToken cancel)
    {
        try
        {
            var target = await DocumentAsync(root, cancel).ConfigureAwait(false);
            var chosen = target;
            for (var depth = 0; MediaTypes.IsIndex(chosen.MediaType); depth++)
            {
                var child = depth < Deepest ? Choose(Oci.Index.Parse(engine.Content.ReadSmall(chosen.Digest)), platform ?? Platform.Host) : null;
                chosen = child is not null ? await DocumentAsync(child.Digest, cancel).ConfigureAwait(false)
                    : throw EngineException.NotFound($"no matching manifest for {platform ?? Platform.Host} in {root}");
            }

            var manifest = Manifest.Parse(engine.Content.ReadSmall(chosen.Digest));
            await ContentAsync(manifest, cancel).ConfigureAwait(false);
            var record = new ImageRecord { Target = target, ManifestDigest = chosen.Digest, ImageId = manifest.Config.Digest };
            await engine.Images.PutAsync([name.Digest is null ? record with { Names = [name.ToString()] } : record with { Digests = [name.ToString()] }], null).ConfigureAwait(false);
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid($"{root} is no image: {e.Message}", e);
        }
    }

    private static Descriptor? Choose(Oci.Index index, Platform wanted)
    {
        if (index.Manifests.Any(child => child.MediaType == ForeignCache))
        {
            throw NotOurs();
        }

        var images = index.Manifests.Where(child => child.Annotations?.ContainsKey(Annotations.ReferenceType) != true).ToList();
        return images.Where(child => MediaTypes.IsManifest(child.MediaType))
                .Select(child => (Child: child, Score: child.Platform is null ? 0 : wanted.Preference(child.Platform)))
                .Where(choice => choice.Score >= 0).OrderByDescending(choice => choice.Score).Select(choice => choice.Child).FirstOrDefault()
            ?? images.Find(child => MediaTypes.IsIndex(child.MediaType));
    }

    private static EngineException NotOurs() => EngineException.Invalid("this cache was written by BuildKit itself, whose keys mean nothing to this engine; it is left unused");

    private async Task ContentAsync(Manifest manifest, CancellationToken cancel)
    {
        if (!MediaTypes.IsConfig(manifest.Config.MediaType))
        {
            throw manifest.Config.MediaType == ForeignCache ? NotOurs() : EngineException.Invalid($"a manifest with config of type {manifest.Config.MediaType} is no image");
        }

        foreach (var blob in manifest.Layers.Prepend(manifest.Config).DistinctBy(blob => blob.Digest))
        {
            engine.Content.Leases.Touch(blob.Digest.ToString());
            if (engine.Content.Contains(blob.Digest))
            {
                continue;
            }

            using var writer = engine.Content.BeginWrite();
            await read(blob.Digest, blob.Size, new BlobStream(writer), cancel).ConfigureAwait(false);
            await writer.CommitAsync(blob.Digest, blob.Size).ConfigureAwait(false);
        }
    }

    private async Task<Descriptor> DocumentAsync(Digest digest, CancellationToken cancel)
    {
        engine.Content.Leases.Touch(digest.ToString());
        if (!engine.Content.Contains(digest))
        {
            using var writer = engine.Content.BeginWrite();
            await read(digest, ContentStore.MaxDocument, new BlobStream(writer), cancel).ConfigureAwait(false);
            await writer.CommitAsync(digest).ConfigureAwait(false);
        }

        var content = engine.Content.ReadSmall(digest);
        return new Descriptor { MediaType = TypeOf(content), Digest = digest, Size = content.Length };
    }

    private static string TypeOf(byte[] content)
    {
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            return root.TryGetProperty("mediaType", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() is { Length: > 0 } said ? said
                : root.TryGetProperty("manifests", out _) ? MediaTypes.OciIndex : MediaTypes.OciManifest;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException(e.Message, e);
        }
    }
}
