using Microsoft.Extensions.Logging;
using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Engine.Steps;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>What a collection freed.</summary>
/// <param name="ChainIds">Snapshots removed, top first.</param>
/// <param name="Bytes">Bytes of their files and of the blobs removed.</param>
public sealed record Collected(IReadOnlyList<Digest> ChainIds, long Bytes);

/// <summary>
/// Deletes blobs and snapshots that no image, no container, no build cache, no repository and no open lease refers to. When an image cannot be read it is not known what
/// it needs, so nothing is deleted then.
/// </summary>
public sealed class CollectGarbage(ContentStore content, Snapshotter snapshots, ImageTable images, Func<IReadOnlyList<ImageUse>> uses, BuildCacheTable cache, Repositories.RepositoryTable repositories, ILogger log)
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Collects now.</summary>
    public async Task<Collected> RunAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            var floor = content.Leases.BeginCollection();
            var collected = await Task.Run(() => CollectAsync(floor)).ConfigureAwait(false);
            content.Leases.EndCollection(floor);
            return collected;
        }
        catch (EngineException e) when (e.Kind is ErrorKind.Damaged or ErrorKind.NotFound)
        {
            log.LogWarning("unused content is kept for now: {Reason}", e.Message);
            return new Collected([], 0);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Collected> CollectAsync(long floor)
    {
        var chains = NeededChains();
        var blobs = NeededBlobs();
        var gone = snapshots.All.Where(row => !chains.Contains(row.ChainId.ToString())).ToList();
        gone = [.. gone.Where(row => content.Leases.TryCollect(row.ChainId.ToString(), floor, () => { }))];
        await snapshots.RemoveAsync(gone).ConfigureAwait(false);
        var freed = gone.Sum(row => row.Size);
        foreach (var blob in content.List().Where(blob => !blobs.Contains(blob)).ToList())
        {
            content.Leases.TryCollect(blob.ToString(), floor, () =>
            {
                freed += content.Size(blob);
                content.Delete(blob);
            });
        }

        return new Collected([.. gone.OrderByDescending(row => row.Number).Select(row => row.ChainId)], freed);
    }

    private HashSet<Digest> NeededBlobs()
    {
        var needed = new HashSet<Digest>(cache.Blobs().Concat(repositories.Blobs()));
        foreach (var image in images.All)
        {
            needed.UnionWith(ContentTree.Below(image.Record.Target, content).Select(descriptor => descriptor.Digest));
            if (!content.Contains(image.Record.Target.Digest))
            {
                throw new EngineException(ErrorKind.Damaged, $"image {image.ImageId} has lost its manifest {image.Record.Target.Digest}");
            }
        }

        // A container can be committed as long as the config and layers it was made from are there.
        foreach (var use in uses())
        {
            if (Digest.TryParse(use.ManifestDigest, out var manifest) && content.Contains(manifest))
            {
                needed.UnionWith(ContentTree.Below(new Descriptor { MediaType = MediaTypes.OciManifest, Digest = manifest }, content).Select(descriptor => descriptor.Digest));
            }
        }

        return needed;
    }

    private HashSet<string> NeededChains()
    {
        var needed = new HashSet<string>();
        foreach (var image in images.All)
        {
            needed.UnionWith(image.ChainIds.Select(chain => chain.ToString()));
            foreach (var manifest in new PlatformChoice(content).Manifests(image.Record.Target).Where(manifest => content.Contains(manifest.Digest)))
            {
                var config = new ChosenManifest(manifest.Digest).Read(content).Config;
                needed.UnionWith(Oci.Layers.ChainIds(config.RootFs.DiffIds).Select(chain => chain.ToString()));
            }
        }

        foreach (var top in uses().Select(use => use.ChainId).Concat(cache.Chains()))
        {
            for (var chain = top; chain is not null; chain = snapshots.Find(chain)?.Parent?.ToString())
            {
                needed.Add(chain);
            }
        }

        return needed;
    }
}
