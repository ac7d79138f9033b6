using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary><c>docker history</c>.</summary>
public sealed class ImageHistory(ImageTable images, ContentStore content)
{
    /// <summary>How the image came about, newest first.</summary>
    /// <param name="reference">Name or id.</param>
    /// <param name="platform">Which platform of it; null for the host's.</param>
    /// <exception cref="EngineException">NotFound; Damaged.</exception>
    public IReadOnlyList<ImageHistoryItem> Run(string reference, Platform? platform)
    {
        var image = images.Resolve(reference);
        var chosen = new PlatformChoice(content).Choose(image.Record, platform, reference);
        var (manifest, config) = chosen.ManifestDigest == image.Record.ManifestDigest ? (image.Manifest, image.Config) : chosen.Read(content);
        var sizes = manifest.Config.Digest == image.ImageId
            ? image.LayerSizes().Select(layer => layer.Size).ToList()
            : [.. manifest.Layers.Select(layer => layer.Size)];
        var items = new List<ImageHistoryItem>();
        var layer = 0;
        foreach (var entry in config.History)
        {
            items.Insert(0, new ImageHistoryItem
            {
                Id = "<missing>",
                Created = GoTime.TryParse(entry.Created ?? "", out var created) ? created.ToUnixTimeSeconds() : 0,
                CreatedBy = entry.CreatedBy ?? "",
                Comment = entry.Comment ?? "",
                Size = entry.EmptyLayer || layer >= sizes.Count ? 0 : sizes[layer++],
            });
        }

        Name(items, image, manifest.Config.Digest);
        return items;
    }

    // The topmost entry is the image itself; below it come the images it was made from here, as far as they still exist.
    private void Name(List<ImageHistoryItem> items, Image image, Digest id)
    {
        var next = image;
        for (var i = 0; i < items.Count && next is not null; )
        {
            var group = images.All.Where(other => other.ImageId == next.ImageId).ToList();
            items[i] = items[i] with
            {
                Id = (i == 0 ? id : next.ImageId).ToString(),
                Tags = group.SelectMany(other => other.Tags).ToList() is { Count: > 0 } tags ? tags : null,
            };
            var length = next.Readable ? next.Config.History.Count : 0;
            next = next.Record.Parent is { } parent ? images.Find(parent.ToString()) : null;
            i += next is { Readable: true } ? Math.Max(1, length - next.Config.History.Count) : items.Count;
        }
    }
}
