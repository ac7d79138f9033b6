using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>Gives up what copies of other registries' repositories hold too much: it comes again when it is asked for.</summary>
public sealed class TrimCopies(RepositoryTable repositories, RemoveManifest remove)
{
    /// <summary>How long a manifest stays that no tag leads to any more.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromDays(7);

    /// <summary>Trims; what it freed goes with the next collection.</summary>
    /// <param name="isCopy">Which repositories are copies.</param>
    /// <param name="most">Bytes that their blobs may take together; 0 for no bound. Those that were asked for longest ago go first.</param>
    /// <param name="now">The time.</param>
    /// <returns>How many blobs and manifests were given up.</returns>
    public async Task<int> RunAsync(Func<string, bool> isCopy, long most, DateTimeOffset now)
    {
        var copies = repositories.All.Where(repository => isCopy(repository.Name)).ToList();
        var dropped = 0;
        foreach (var repository in copies)
        {
            foreach (var digest in Left(repository, now - Patience))
            {
                await remove.RunAsync(repository.Name, digest).ConfigureAwait(false);
                dropped++;
            }
        }

        var size = copies.Sum(repository => repository.Size);
        if (most == 0 || size <= most)
        {
            return dropped;
        }

        foreach (var (repository, link, _) in copies.SelectMany(repository => repository.Uses().Select(use => (repository.Name, use.Link, use.Seen))).OrderBy(use => use.Seen).ToList())
        {
            await repositories.UnlinkAsync(repository, link.Digest).ConfigureAwait(false);
            dropped++;
            size -= link.Size;
            if (size <= most)
            {
                break;
            }
        }

        return dropped;
    }

    private static List<Digest> Left(Repository repository, DateTimeOffset before)
    {
        var reached = new HashSet<Digest>();
        var waiting = new Queue<Digest>(repository.Tags().Select(tag => tag.Digest));
        while (waiting.TryDequeue(out var digest))
        {
            if (reached.Add(digest) && repository.Manifest(digest) is { } manifest)
            {
                foreach (var child in manifest.Manifests)
                {
                    waiting.Enqueue(child);
                }
            }
        }

        return [.. repository.Manifests.Where(manifest => manifest.Pushed < before && !reached.Contains(manifest.Digest)).Select(manifest => manifest.Digest)];
    }
}
