using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Picks the manifest of one platform out of an image's target.</summary>
internal sealed class PlatformChoice(Func<Digest, bool> contains, Func<Digest, byte[]> read)
{
    // An index may hold indexes; nobody nests deeper than this in good faith.
    private const int Deepest = 4;

    /// <summary>Chooses among what the store holds.</summary>
    internal PlatformChoice(ContentStore content)
        : this(content.Contains, digest => content.ReadSmall(digest))
    {
    }

    /// <summary>The manifest of the platform.</summary>
    /// <param name="record">The image.</param>
    /// <param name="platform">Null means the host's, or else the first there is.</param>
    /// <param name="reference">What the user called the image, for the message.</param>
    /// <exception cref="EngineException">NotFound when the image has no such platform, Damaged.</exception>
    internal ChosenManifest Choose(ImageRecord record, Platform? platform, string reference) =>
        platform is null ? new ChosenManifest(record.ManifestDigest) : Choose(record.Target, platform, reference);

    internal ChosenManifest Choose(Descriptor target, Platform? platform, string reference)
    {
        var wanted = platform ?? Platform.Host;
        var all = Manifests(target).ToList();
        var best = all.Select(manifest => (Manifest: manifest, Score: Score(wanted, manifest)))
            .Where(choice => choice.Score >= 0)
            .OrderByDescending(choice => choice.Score)
            .Select(choice => choice.Manifest)
            .FirstOrDefault();
        best ??= platform is null ? all.Find(manifest => contains(manifest.Digest)) ?? all.FirstOrDefault() : null;
        return best is not null
            ? new ChosenManifest(best.Digest)
            : throw EngineException.NotFound($"image with reference {reference} was found but does not provide the specified platform ({wanted})");
    }

    /// <summary>Every image manifest of a target, whether its content is here or not; attestations are left out.</summary>
    internal IEnumerable<Descriptor> Manifests(Descriptor target, int depth = 0)
    {
        if (!IsIndex(target, out var index))
        {
            yield return target;
            yield break;
        }

        foreach (var child in index!.Manifests.Where(child => child.Annotations?.ContainsKey(Annotations.ReferenceType) != true))
        {
            if (MediaTypes.IsIndex(child.MediaType) && depth < Deepest && contains(child.Digest))
            {
                foreach (var nested in Manifests(child, depth + 1))
                {
                    yield return nested;
                }
            }
            else if (!MediaTypes.IsIndex(child.MediaType))
            {
                yield return child;
            }
        }
    }

    internal bool IsIndex(Descriptor target, out Oci.Index? index)
    {
        index = null;
        if (!MediaTypes.IsIndex(target.MediaType))
        {
            return false;
        }

        try
        {
            index = Oci.Index.Parse(read(target.Digest));
            return true;
        }
        catch (FormatException e)
        {
            throw new EngineException(ErrorKind.Damaged, $"index {target.Digest} is damaged: {e.Message}", e);
        }
    }

    // A manifest that is not here is a worse choice than one that is, but still the right answer to "which platforms are there".
    private int Score(Platform wanted, Descriptor manifest)
    {
        if (!contains(manifest.Digest))
        {
            return -1;
        }

        var platform = manifest.Platform ?? new ChosenManifest(manifest.Digest).Read(read).Config.Platform;
        return wanted.Preference(platform);
    }
}

/// <summary>The manifest that was picked.</summary>
internal readonly record struct ChosenManifest(Digest ManifestDigest)
{
    internal (Manifest Manifest, ImageConfig Config) Read(ContentStore content) => Read(digest => content.ReadSmall(digest));

    internal (Manifest Manifest, ImageConfig Config) Read(Func<Digest, byte[]> read)
    {
        try
        {
            var manifest = Manifest.Parse(read(ManifestDigest));
            return (manifest, ImageConfig.Parse(read(manifest.Config.Digest)));
        }
        catch (FormatException e)
        {
            throw new EngineException(ErrorKind.Damaged, $"manifest {ManifestDigest} is damaged: {e.Message}", e);
        }
    }

    internal Digest ConfigDigest(ContentStore content) => Manifest.Parse(content.ReadSmall(ManifestDigest)).Config.Digest;
}
