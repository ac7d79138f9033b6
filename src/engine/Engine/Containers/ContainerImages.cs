using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Containers;

/// <summary>What lists and inspect show of the image that a container was made from.</summary>
internal sealed class ContainerImages(ImageTable images, Snapshotter snapshots, ContentStore content)
{
    /// <summary>The name under which the image was given, while it still means that image; otherwise its id.</summary>
    internal string DisplayName(ContainerRecord record) =>
        images.Find(record.ImageName)?.ImageId.ToString() == record.ImageId ? record.ImageName : record.ImageId;

    /// <summary>Bytes in the image's unpacked layers.</summary>
    internal long UnpackedSize(string? chainId)
    {
        var total = 0L;
        for (var row = chainId is null ? null : snapshots.Find(chainId); row is not null; row = row.Parent is { } parent ? snapshots.Find(parent.ToString()) : null)
        {
            total += row.Size;
        }

        return total;
    }

    /// <summary>Host directories of the image's layers, top first; empty when they are gone.</summary>
    internal IReadOnlyList<string> LowerDirs(string? chainId) => chainId is not null && snapshots.Find(chainId) is not null ? snapshots.LowerDirs(chainId) : [];

    /// <summary>The descriptor of the manifest that the container runs from; null when the manifest is gone.</summary>
    internal OciDescriptor? ManifestDescriptor(ContainerRecord record) =>
        Digest.TryParse(record.ManifestDigest, out var digest) && content.Contains(digest)
            ? new OciDescriptor { MediaType = MediaTypes.OciManifest, Digest = record.ManifestDigest, Size = content.Size(digest) }
            : null;

    /// <summary>Ids of the image that a reference names and of every image whose layers begin with its layers.</summary>
    internal IReadOnlyCollection<string> IdsDerivedFrom(string reference)
    {
        if (images.Find(reference) is not { Readable: true } ancestor)
        {
            return [];
        }

        var top = ancestor.ChainIds.Count > 0 ? ancestor.ChainIds[^1] : default;
        return [ancestor.ImageId.ToString(), .. images.All.Where(i => i.Readable && i.ChainIds.Contains(top)).Select(i => i.ImageId.ToString())];
    }
}
