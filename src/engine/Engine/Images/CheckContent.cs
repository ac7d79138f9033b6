using Slipway.Engine.Content;
using Slipway.Engine.Repositories;
using Slipway.Engine.State;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>One thing that is wrong with stored content.</summary>
/// <param name="Object">Whose content it is: an image, a repository, a snapshot, or a blob that nobody needs.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Blob">The blob that is damaged or missing, or null.</param>
/// <param name="Sources">Names with digests under which registries have it.</param>
public sealed record ContentDamage(string Object, string Reason, Digest? Blob, IReadOnlyList<string> Sources)
{
    /// <summary>The repository of our registry that has it; null for what is an image's.</summary>
    public string? Repository { get; init; }

    /// <summary>Bytes that a repository's blob should have; null for a manifest, which is read whole.</summary>
    public long? Size { get; init; }
}

/// <summary>Reads every blob once, compares it with its digest, and says by name which images and repositories miss something.</summary>
public sealed class CheckContent(ContentStore content, ImageTable images, RepositoryTable repositories, StateStore state)
{
    /// <summary>Checks everything. Takes as long as reading the store.</summary>
    public IReadOnlyList<ContentDamage> Run(CancellationToken cancel)
    {
        var bad = FindBad(cancel);
        var found = images.All.SelectMany(image => OfImage(image, bad)).Concat(repositories.All.SelectMany(repository => OfRepository(repository, bad))).ToList();
        var named = found.Select(damage => damage.Blob).OfType<Digest>().ToHashSet();
        found.AddRange(bad.Where(entry => !named.Contains(entry.Key)).Select(entry => new ContentDamage($"blob {entry.Key}", entry.Value + "; no image and no repository needs it", entry.Key, [])));
        found.AddRange(state.Unreadable.Select(row => new ContentDamage(row.Object, $"its row is unreadable: {row.Reason}", null, [])));
        return found;
    }

    private Dictionary<Digest, string> FindBad(CancellationToken cancel)
    {
        var bad = new Dictionary<Digest, string>();
        foreach (var digest in content.List())
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                content.Verify(digest, cancel);
            }
            catch (EngineException e) when (e.Kind == ErrorKind.Damaged)
            {
                bad[digest] = e.Message;
            }
            catch (EngineException e) when (e.Kind == ErrorKind.NotFound)
            {
                // Removed meanwhile.
            }
        }

        return bad;
    }

    // Content of other platforms may be absent; that of the one that runs here may not.
    private IEnumerable<ContentDamage> OfImage(Image image, Dictionary<Digest, string> bad)
    {
        var name = "image " + (image.Tags.Count > 0 ? image.Tags[0] : image.ImageId.ToString());
        var (all, needed) = (Tree(image.Record.Target), Tree(new Descriptor { MediaType = MediaTypes.OciManifest, Digest = image.Record.ManifestDigest }));
        foreach (var digest in all.Concat(needed).Distinct())
        {
            if (bad.TryGetValue(digest, out var reason))
            {
                yield return new ContentDamage(name, reason, digest, image.Record.Digests);
            }
            else if (needed.Contains(digest) && !content.Contains(digest))
            {
                yield return new ContentDamage(name, $"blob {digest} is missing", digest, image.Record.Digests);
            }
        }
    }

    private IEnumerable<ContentDamage> OfRepository(Repository repository, Dictionary<Digest, string> bad)
    {
        foreach (var (digest, size) in repository.Links.Select(link => (link.Digest, (long?)link.Size)).Concat(repository.Manifests.Select(manifest => (manifest.Digest, (long?)null))))
        {
            if (bad.TryGetValue(digest, out var reason) || !content.Contains(digest))
            {
                yield return new ContentDamage($"repository {repository.Name}", reason ?? $"blob {digest} is missing", digest, []) { Repository = repository.Name, Size = size };
            }
        }

        foreach (var reason in Rows(repository))
        {
            yield return new ContentDamage($"repository {repository.Name}", reason, null, []);
        }
    }

    // What rows say of each other.
    private static IEnumerable<string> Rows(Repository repository) =>
    [
        .. repository.Tags().Where(tag => repository.Manifest(tag.Digest) is null).Select(tag => $"tag {tag.Tag} points at manifest {tag.Digest}, which it does not have"),
        .. from manifest in repository.Manifests
           where !manifest.IsCopy
           from missing in manifest.Blobs.Where(blob => repository.Link(blob) is null).Concat(manifest.Manifests.Where(child => repository.Manifest(child) is null))
           select $"manifest {manifest.Digest} needs {missing}, which it does not have",
    ];

    private HashSet<Digest> Tree(Descriptor target)
    {
        var seen = new HashSet<Digest> { target.Digest };
        try
        {
            seen.UnionWith(ContentTree.Below(target, content).Select(descriptor => descriptor.Digest));
        }
        catch (EngineException)
        {
            // A document that cannot be read is among the bad blobs itself.
        }

        return seen;
    }
}
