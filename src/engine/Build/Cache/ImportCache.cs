using Slipway.Build.Results;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Build.Cache;

/// <summary>Takes results of steps over from an image that was built elsewhere and says in its config what made its layers.</summary>
public sealed class ImportCache
{
    private const int MostManifests = 100;

    private readonly Builder _builder;

    internal ImportCache(Builder builder) => _builder = builder;

    /// <summary>Imports.</summary>
    /// <param name="name">The image. When the engine does not have it, it is pulled, and goes again afterwards: what is kept are results of steps.</param>
    /// <param name="platform">Its platform; null for this machine's.</param>
    /// <param name="pull">Gets it from its registry; null when only what is here counts.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>How many results were taken over.</returns>
    /// <exception cref="EngineException">NotFound: there is no such image.</exception>
    public async Task<int> RunAsync(Reference name, Platform? platform, Func<Reference, Platform?, CancellationToken, Task>? pull, CancellationToken cancel)
    {
        var engine = _builder.Engine;
        using var lease = engine.Content.BeginLease();
        var present = engine.Images.Find(name.ToString()) is not null;
        if (pull is not null)
        {
            await PullAsync(name, platform, pull, present, cancel).ConfigureAwait(false);
        }

        try
        {
            var image = await engine.Images.PrepareAsync(name.ToString(), platform, cancel).ConfigureAwait(false);
            var count = await TakeAsync(image, name, cancel).ConfigureAwait(false);
            foreach (var further in Further(image))
            {
                count += await FurtherAsync(name.NameOnly().WithDigest(further), platform, pull, cancel).ConfigureAwait(false);
            }

            return count;
        }
        finally
        {
            if (!present && pull is not null)
            {
                await engine.RemoveImage.RunAsync(name.ToString(), force: true, prune: false).ConfigureAwait(false);
            }
        }
    }

    // A cache with the results of every stage has a manifest for each.
    private IEnumerable<Digest> Further(RunnableImage image)
    {
        var target = image.Image.Record.Target;
        return !MediaTypes.IsIndex(target.MediaType) ? []
            : Oci.Index.Parse(_builder.Engine.Content.ReadSmall(target.Digest)).Manifests
                .Where(child => child.Annotations?.ContainsKey(CacheImage.Mark) == true && child.Digest != image.ManifestDigest).Take(MostManifests).Select(child => child.Digest);
    }

    private async Task<int> FurtherAsync(Reference name, Platform? platform, Func<Reference, Platform?, CancellationToken, Task>? pull, CancellationToken cancel)
    {
        var engine = _builder.Engine;
        if (!engine.Content.Contains(name.Digest!.Value))
        {
            if (pull is null)
            {
                return 0;
            }

            await pull(name, platform, cancel).ConfigureAwait(false);
        }

        try
        {
            var manifest = Manifest.Parse(engine.Content.ReadSmall(name.Digest.Value));
            var config = ImageConfig.Parse(engine.Content.ReadSmall(manifest.Config.Digest));
            await engine.Snapshots.EnsureUnpackedAsync(manifest, config, cancel).ConfigureAwait(false);
            return await TakeAsync(config, manifest, name, cancel).ConfigureAwait(false);
        }
        finally
        {
            if (engine.Images.Find(name.ToString()) is not null)
            {
                await engine.RemoveImage.RunAsync(name.ToString(), force: true, prune: false).ConfigureAwait(false);
            }
        }
    }

    // A registry that cannot be reached leaves what is here.
    private static async Task PullAsync(Reference name, Platform? platform, Func<Reference, Platform?, CancellationToken, Task> pull, bool present, CancellationToken cancel)
    {
        try
        {
            await pull(name, platform, cancel).ConfigureAwait(false);
        }
        catch (EngineException) when (present)
        {
            // The image of that name that is here serves.
        }
    }

    private Task<int> TakeAsync(RunnableImage image, Reference name, CancellationToken cancel) =>
        TakeAsync(image.Config, new ChosenManifest(image.ManifestDigest).Read(_builder.Engine.Content).Manifest, name, cancel);

    private async Task<int> TakeAsync(ImageConfig config, Manifest manifest, Reference name, CancellationToken cancel)
    {
        var engine = _builder.Engine;
        var rows = InlineCache.Read(config, $"imported from {name.Familiar}").Where(row => engine.BuildCache.Find(row.Key) is null).ToList();
        foreach (var layer in rows.Select(row => row.Layer).OfType<Digest>().Distinct())
        {
            var place = config.RootFs.DiffIds.Index().First(entry => entry.Item == layer).Index;
            await Task.Run(() => UnpackAsync(engine.Content, layer, manifest.Layers[place], cancel), cancel).ConfigureAwait(false);
        }

        await engine.BuildCache.CommitAsync(rows).ConfigureAwait(false);
        return rows.Count;
    }

    // Results of steps keep the plain archives of their layers.
    private static async Task UnpackAsync(ContentStore content, Digest diffId, Descriptor blob, CancellationToken cancel)
    {
        content.Leases.Touch(diffId.ToString());
        if (content.Contains(diffId))
        {
            return;
        }

        using var plain = content.BeginWrite();
        using (var stored = content.OpenRead(blob.Digest))
        {
            using var unpacked = LayerForms.OpenPlain(stored, blob.MediaType);
            await unpacked.CopyToAsync(new BlobStream(plain), 1 << 17, cancel).ConfigureAwait(false);
        }

        await plain.CommitAsync(diffId).ConfigureAwait(false);
    }
}
