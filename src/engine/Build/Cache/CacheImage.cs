using Slipway.Build.Results;
using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Build.Cache;

/// <summary>
/// Stores results of steps as an image: its manifests are the stacks that the build made, and their configs say which step made which layer, as
/// <see cref="InlineCache"/> has it. To a registry it is an image like others.
/// </summary>
public sealed class CacheImage
{
    internal const string Mark = "dev.slipway.cache";

    private readonly Builder _builder;

    internal CacheImage(Builder builder) => _builder = builder;

    /// <summary>Stores.</summary>
    /// <param name="plans">The builds, solved.</param>
    /// <param name="all">Also the results of stages that the result only copies from (<c>mode=max</c>).</param>
    /// <param name="compression">How layers are packed.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">It cannot be stored.</exception>
    public async Task StoreAsync(IReadOnlyList<PlannedBuild> plans, bool all, Compression compression, Reference name, CancellationToken cancel)
    {
        var manifests = new List<(Descriptor Descriptor, Manifest Document)>();
        foreach (var plan in plans)
        {
            var stacks = await plan.StacksAsync(all).ConfigureAwait(false);
            await _builder.Commits.CommitAsync(null).ConfigureAwait(false);
            var forms = new LayerForms(_builder.Engine, new ImageForm { Compression = compression }, null, cancel);
            foreach (var (layers, steps) in stacks)
            {
                var formed = await Task.WhenAll(layers.Select(layer => forms.OfAsync(layer, own: true))).ConfigureAwait(false);
                var platform = plan.Graph.Config.Platform;
                var config = new ImageConfig
                {
                    Architecture = platform.Architecture, Os = platform.Os, Variant = platform.Variant, RootFs = new RootFs { DiffIds = [.. formed.Select(layer => layer.DiffId)] },
                    Extra = InlineCache.Add(null, layers, steps),
                };
                var document = new Manifest { MediaType = MediaTypes.OciManifest, Config = _builder.Engine.Content.Put(config.ToBytes(), MediaTypes.OciConfig), Layers = [.. formed.Select(layer => layer.Blob)] };
                var descriptor = _builder.Engine.Content.Put(document.ToBytes(), MediaTypes.OciManifest) with { Platform = platform, Annotations = new Dictionary<string, string> { [Mark] = "1" } };
                manifests.Add((descriptor, document));
            }
        }

        await CommitAsync(manifests, name).ConfigureAwait(false);
    }

    // The result itself comes last of the stages, and is what a reader of one manifest wants.
    private async Task CommitAsync(List<(Descriptor Descriptor, Manifest Document)> manifests, Reference name)
    {
        manifests.Reverse();
        var (first, document) = manifests[0];
        var target = manifests.Count == 1
            ? first with { Platform = null, Annotations = null }
            : _builder.Engine.Content.Put(new Oci.Index { MediaType = MediaTypes.OciIndex, Manifests = [.. manifests.Select(manifest => manifest.Descriptor).DistinctBy(descriptor => descriptor.Digest)] }.ToBytes(), MediaTypes.OciIndex);
        await _builder.Engine.Images.PutAsync([new ImageRecord { Target = target, ManifestDigest = first.Digest, ImageId = document.Config.Digest, Names = [name.TagNameOnly().ToString()] }], null).ConfigureAwait(false);
    }
}
