using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Describes the manifests of an image as the Engine API 1.47 and later show them.</summary>
internal sealed class ManifestSummaries(ContentStore content, Snapshotter snapshots, IReadOnlyList<ImageUse> uses)
{
    /// <summary>Each manifest of the image's target, attestations included.</summary>
    internal IReadOnlyList<ImageManifestSummary> Of(Image image)
    {
        try
        {
            return new PlatformChoice(content).IsIndex(image.Record.Target, out var index)
                ? [.. index!.Manifests.Select(Summarize)]
                : [Summarize(image.Record.Target)];
        }
        catch (EngineException)
        {
            return [];
        }
    }

    internal static OciDescriptor Describe(Descriptor descriptor) => new()
    {
        MediaType = descriptor.MediaType,
        Digest = descriptor.Digest.ToString(),
        Size = descriptor.Size,
        Urls = descriptor.Urls,
        Annotations = descriptor.Annotations,
        Platform = descriptor.Platform is null ? null : Describe(descriptor.Platform),
        ArtifactType = descriptor.ArtifactType,
    };

    private static OciPlatform Describe(Platform platform) => new()
    {
        Architecture = platform.Architecture, Os = platform.Os, Variant = platform.Variant, OsVersion = platform.OsVersion, OsFeatures = platform.OsFeatures,
    };

    private ImageManifestSummary Summarize(Descriptor descriptor)
    {
        var below = ContentTree.Below(descriptor, content).ToList();
        var stored = below.Where(blob => content.Contains(blob.Digest)).Sum(blob => content.Size(blob.Digest));
        var subject = descriptor.Annotations?.GetValueOrDefault(Annotations.ReferenceDigest);
        var data = subject is null && content.Contains(descriptor.Digest) ? ImageData(descriptor) : null;
        return new ImageManifestSummary
        {
            ID = descriptor.Digest.ToString(),
            Descriptor = Describe(descriptor),
            Available = below.All(blob => content.Contains(blob.Digest)),
            Size = new ImageManifestSize { Content = stored, Total = stored + (data?.Size.Unpacked ?? 0) },
            Kind = subject is not null ? "attestation" : data is null ? "unknown" : "image",
            ImageData = data,
            AttestationData = subject is null ? null : new ImageManifestAttestationData { For = subject },
        };
    }

    private ImageManifestImageData? ImageData(Descriptor descriptor)
    {
        var (manifest, config) = new ChosenManifest(descriptor.Digest).Read(content);
        var unpacked = Oci.Layers.ChainIds(config.RootFs.DiffIds).Sum(chain => snapshots.Find(chain.ToString())?.Size ?? 0);
        return new ImageManifestImageData
        {
            Platform = Describe(descriptor.Platform ?? config.Platform),
            Containers = [.. uses.Where(use => use.ImageId == manifest.Config.Digest.ToString()).Select(use => use.ContainerId)],
            Size = new ImageUnpackedSize { Unpacked = unpacked },
        };
    }
}
