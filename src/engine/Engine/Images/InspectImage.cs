using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary><c>docker image inspect</c>.</summary>
public sealed class InspectImage(ImageTable images, ContentStore content, Snapshotter snapshots, Func<IReadOnlyList<ImageUse>> uses)
{
    /// <summary>Everything about an image.</summary>
    /// <param name="reference">Name or id.</param>
    /// <param name="platform">Which platform of it; null for the host's.</param>
    /// <param name="manifests">Describe each manifest too.</param>
    /// <exception cref="EngineException">NotFound; Damaged.</exception>
    public ImageInspect Run(string reference, Platform? platform, bool manifests)
    {
        var image = images.Resolve(reference);
        var chosen = new PlatformChoice(content).Choose(image.Record, platform, reference);
        var (manifest, config) = chosen.ManifestDigest == image.Record.ManifestDigest ? (image.Manifest, image.Config) : chosen.Read(content);
        var group = images.All.Where(other => other.ImageId == image.ImageId).ToList();
        var chain = Oci.Layers.ChainIds(config.RootFs.DiffIds);
        return new ImageInspect
        {
            Id = manifest.Config.Digest.ToString(),
            RepoTags = [.. group.SelectMany(other => other.Tags).Order(StringComparer.Ordinal)],
            RepoDigests = [.. group.SelectMany(other => other.RepoDigests).Order(StringComparer.Ordinal)],
            Parent = image.Record.Parent?.ToString() ?? "",
            Comment = config.Comment ?? "",
            Created = config.Created,
            DockerVersion = config.DockerVersion ?? "",
            Author = config.Author ?? "",
            Config = ConfigMapping.ToContainerConfig(config.Config),
            Architecture = config.Architecture,
            Variant = config.Variant,
            Os = config.Os,
            OsVersion = config.OsVersion,
            Size = Size(image, manifest, chain),
            GraphDriver = new DriverData { Name = "overlay2", Data = Directories(chain) },
            RootFS = new ImageRootFs { Type = "layers", Layers = [.. config.RootFs.DiffIds.Select(digest => digest.ToString())] },
            Metadata = new ImageMetadata { LastTagTime = GoTime.Format(image.Record.LastTagged) },
            Descriptor = ManifestSummaries.Describe(image.Record.Target),
            Manifests = manifests ? new ManifestSummaries(content, snapshots, uses()).Of(image) : null,
        };
    }

    private long Size(Image image, Manifest manifest, IReadOnlyList<Digest> chain) =>
        manifest.Config.Digest == image.ImageId
            ? image.Size
            : chain.Select((id, i) => snapshots.Find(id.ToString())?.Size ?? manifest.Layers[i].Size).Sum();

    private Dictionary<string, string> Directories(IReadOnlyList<Digest> chain)
    {
        if (chain.Count == 0 || !chain.All(snapshots.Contains))
        {
            return [];
        }

        var lower = snapshots.LowerDirs(chain[^1].ToString());
        var data = new Dictionary<string, string> { ["UpperDir"] = lower[0] };
        if (lower.Count > 1)
        {
            data["LowerDir"] = string.Join(':', lower.Skip(1));
        }

        return data;
    }
}
