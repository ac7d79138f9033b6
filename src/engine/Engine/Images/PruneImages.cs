using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary><c>docker image prune</c>: removes images that no container uses and, unless told otherwise, that have no name.</summary>
public sealed class PruneImages(ImageTable images, RemoveImage remove, CollectGarbage garbage, ContentStore content, Func<IReadOnlyList<ImageUse>> uses, TimeProvider time)
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Removes what matches.</summary>
    /// <param name="filters">dangling (default true), label, label!, until.</param>
    /// <param name="cancel">Stops between images.</param>
    /// <exception cref="EngineException">InvalidArgument for an unknown filter; Conflict when a prune runs already.</exception>
    public async Task<ImagesPruneReport> RunAsync(Filters filters, CancellationToken cancel)
    {
        var filter = ImageFilter.Prune(filters, images, time);
        if (!await _one.WaitAsync(0, cancel).ConfigureAwait(false))
        {
            throw EngineException.Conflict("a prune operation is already running");
        }

        try
        {
            var items = new List<ImageDeleteResponseItem>();
            foreach (var image in Candidates(filter))
            {
                cancel.ThrowIfCancellationRequested();
                items.AddRange(await RemoveAsync(image).ConfigureAwait(false));
            }

            var collected = await garbage.RunAsync().ConfigureAwait(false);
            items.AddRange(collected.ChainIds.Select(chain => new ImageDeleteResponseItem { Deleted = chain.ToString() }));
            var freed = collected.Bytes + content.DropPartials(time.GetUtcNow());
            return new ImagesPruneReport { ImagesDeleted = items.Count == 0 ? null : items, SpaceReclaimed = (ulong)freed };
        }
        finally
        {
            _one.Release();
        }
    }

    // Children before parents, so that a chain of unused images goes in one run.
    private List<Digest> Candidates(ImageFilter filter)
    {
        var used = uses().Select(use => use.ImageId).ToHashSet();
        return [.. images.All
            .Where(image => !used.Contains(image.ImageId.ToString()) && filter.Matches(image) && (filter.Dangling == false || image.Record.IsNameless))
            .OrderByDescending(image => image.Record.Added)
            .Select(image => image.ImageId)
            .Distinct()];
    }

    private async Task<IReadOnlyList<ImageDeleteResponseItem>> RemoveAsync(Digest id)
    {
        var items = new List<ImageDeleteResponseItem>();
        try
        {
            var names = images.All.Where(image => image.ImageId == id).SelectMany(image => image.Record.Names.Concat(image.Record.Digests)).ToList();
            foreach (var name in names.Count == 0 ? [id.ToString()] : names)
            {
                if (images.Find(name) is not null)
                {
                    items.AddRange((await remove.RemoveAsync(name, force: false, prune: true, collect: false).ConfigureAwait(false)).Items);
                }
            }
        }
        catch (EngineException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.NotFound)
        {
            // Taken into use, given a name, or removed by somebody else meanwhile: it is not ours to prune.
            return items;
        }

        return items;
    }
}
