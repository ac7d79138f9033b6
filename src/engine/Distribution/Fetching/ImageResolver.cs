using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>An image of one platform, found at a registry.</summary>
/// <param name="Descriptor">Its manifest.</param>
/// <param name="Manifest">The same, read.</param>
/// <param name="Config">Its config.</param>
/// <param name="Documents">Everything that was read on the way, by digest.</param>
internal sealed record ResolvedImage(Descriptor Descriptor, Manifest Manifest, ImageConfig Config, IReadOnlyDictionary<Digest, byte[]> Documents);

/// <summary>Goes from what a name points at to the manifest and config of one platform.</summary>
internal sealed class ImageResolver(ManifestFetcher fetcher, Reference name)
{
    private const int Deepest = 4;

    // The kernel stacks at most 500 directories.
    private const int MostLayers = 500;

    private readonly Dictionary<Digest, byte[]> _documents = [];

    /// <exception cref="EngineException">NotFound: no such platform; InvalidArgument: a document is not what it should be.</exception>
    internal async Task<ResolvedImage> ResolveAsync(FetchedDocument target, Platform? platform, CancellationToken cancel)
    {
        var wanted = platform ?? Platform.Host;
        var found = await DescendAsync(target, wanted, cancel).ConfigureAwait(false);
        var manifest = Manifest.Parse(found.Content);
        Check(manifest);
        var document = await fetcher.GetBlobAsync(manifest.Config, cancel).ConfigureAwait(false);
        _documents[manifest.Config.Digest] = document.Content;
        var config = ImageConfig.Parse(document.Content);
        if (config.RootFs.DiffIds.Count != manifest.Layers.Count)
        {
            throw EngineException.Invalid($"invalid manifest, layers length mismatch: expected {config.RootFs.DiffIds.Count}, got {manifest.Layers.Count}");
        }

        return platform is null || found != target || wanted.Preference(config.Platform) >= 0
            ? new ResolvedImage(found.Descriptor, manifest, config, _documents)
            : throw EngineException.NotFound($"image with reference {name.Familiar} was found but does not match the specified platform: wanted {wanted}, actual: {config.Platform}");
    }

    private async Task<FetchedDocument> DescendAsync(FetchedDocument document, Platform wanted, CancellationToken cancel)
    {
        for (var depth = 0; ; depth++)
        {
            _documents[document.Descriptor.Digest] = document.Content;
            if (MediaTypes.IsManifest(document.Descriptor.MediaType))
            {
                return document;
            }

            var child = depth < Deepest ? Choose(Oci.Index.Parse(document.Content), wanted) : null;
            document = child is null
                ? throw EngineException.NotFound($"no matching manifest for {wanted} in the manifest list entries")
                : await fetcher.GetAsync(child.Digest.ToString(), child, cancel).ConfigureAwait(false);
        }
    }

    // A nested index is looked into when nothing else fits.
    private static Descriptor? Choose(Oci.Index index, Platform wanted)
    {
        var candidates = index.Manifests.Where(child => child.Annotations?.ContainsKey(Annotations.ReferenceType) != true).ToList();
        return candidates.Where(child => MediaTypes.IsManifest(child.MediaType))
                .Select(child => (Child: child, Score: child.Platform is null ? 0 : wanted.Preference(child.Platform)))
                .Where(choice => choice.Score >= 0).OrderByDescending(choice => choice.Score).Select(choice => choice.Child).FirstOrDefault()
            ?? candidates.Find(child => MediaTypes.IsIndex(child.MediaType));
    }

    private static void Check(Manifest manifest)
    {
        var type = manifest.Config.MediaType;
        if (!MediaTypes.IsConfig(type) && type is not ("application/octet-stream" or "text/html" or ""))
        {
            throw EngineException.Invalid($"Encountered remote \"{(type.Length > 100 ? type[..100] : type)}\"(unknown) when fetching");
        }

        if (manifest.Layers.Count > MostLayers)
        {
            throw EngineException.Invalid($"the image has {manifest.Layers.Count} layers; at most {MostLayers} can be stacked");
        }

        if (manifest.Layers.FirstOrDefault(layer => !MediaTypes.IsLayer(layer.MediaType)) is { } odd)
        {
            throw EngineException.Invalid($"unsupported media type of layer {odd.Digest}: {(odd.MediaType.Length > 100 ? odd.MediaType[..100] : odd.MediaType)}");
        }
    }
}
