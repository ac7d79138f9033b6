using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>One thing that is wrong with stored content.</summary>
/// <param name="Object">What is damaged: an image, a blob or a snapshot, by name or digest.</param>
/// <param name="Reason">What is wrong.</param>
public sealed record Damage(string Object, string Reason);

/// <summary>Reads everything images consist of and reports what is missing or does not match its digest.</summary>
public sealed class CheckImages(ContentStore content, Snapshotter snapshots, ImageTable images)
{
    /// <summary>Checks all images. Reads every blob once, so it takes as long as reading the store.</summary>
    public IReadOnlyList<Damage> Run(CancellationToken cancel)
    {
        var found = new List<Damage>();
        var seen = new HashSet<Digest>();
        foreach (var image in images.All)
        {
            var name = image.Tags.Count > 0 ? image.Tags[0] : image.ImageId.ToString();
            if (image.Damage is { } damage)
            {
                found.Add(new Damage($"image {name}", damage));
            }

            foreach (var blob in Blobs(image, name, found).Where(blob => seen.Add(blob.Digest)).ToList())
            {
                cancel.ThrowIfCancellationRequested();
                Verify(blob, name, found);
            }
        }

        found.AddRange(snapshots.All.Where(row => !Directory.Exists(snapshots.LowerDirs(row.ChainId.ToString())[0]))
            .Select(row => new Damage($"snapshot {row.ChainId}", "its directory is missing")));
        return found;
    }

    private IEnumerable<Descriptor> Blobs(Image image, string name, List<Damage> found)
    {
        try
        {
            return [.. ContentTree.Below(image.Record.Target, content), .. ContentTree.Below(
                new Descriptor { MediaType = MediaTypes.OciManifest, Digest = image.Record.ManifestDigest }, content)];
        }
        catch (EngineException e)
        {
            found.Add(new Damage($"image {name}", e.Message));
            return [];
        }
    }

    // Content of other platforms may be absent; what an index lists need not be here.
    private void Verify(Descriptor blob, string name, List<Damage> found)
    {
        try
        {
            if (content.Contains(blob.Digest))
            {
                content.Verify(blob.Digest);
            }
        }
        catch (EngineException e)
        {
            found.Add(new Damage($"image {name}", e.Message));
        }
    }
}
