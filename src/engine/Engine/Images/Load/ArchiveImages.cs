using System.Text.Json;
using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Images.Load;

/// <summary>An image found in an archive.</summary>
/// <param name="Target">Its manifest or index.</param>
/// <param name="Names">Full names with tags.</param>
internal sealed record ArchiveImage(Descriptor Target, IReadOnlyList<string> Names);

/// <summary>Finds out which images an archive holds: an OCI layout (image-spec, image-layout.md) or what <c>docker save</c> of any age wrote.</summary>
internal sealed class ArchiveImages(ArchiveIntake archive)
{
    private const int MostImages = 4096;

    private readonly Dictionary<Digest, (byte[] Content, string MediaType)> _made = [];

    /// <summary>Documents that were not in the archive but made from it, by digest.</summary>
    internal IReadOnlyDictionary<Digest, (byte[] Content, string MediaType)> Made => _made;

    /// <summary>Reads the archive's own description.</summary>
    /// <exception cref="EngineException">InvalidArgument: it is no image archive.</exception>
    internal IReadOnlyList<ArchiveImage> Read()
    {
        var legacy = ReadManifestJson();
        if (archive.Find("index.json") is { } index && archive.Find(ImageLayout.FileName) is not null)
        {
            return FromLayout(Oci.Index.Parse(index.Document()), legacy);
        }

        return legacy is { Count: > 0 }
            ? [.. legacy.Select(FromDockerArchive)]
            : throw EngineException.Invalid("invalid archive: it has neither manifest.json nor an OCI layout");
    }

    private IReadOnlyList<ArchiveEntry>? ReadManifestJson()
    {
        if (archive.Find("manifest.json") is not { } file)
        {
            return null;
        }

        try
        {
            var entries = JsonSerializer.Deserialize(file.Document(), OciJson.Default.ArchiveEntries);
            return entries is null || entries.Count > MostImages || entries.Any(entry => entry is null)
                ? throw EngineException.Invalid("invalid manifest.json")
                : entries;
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid($"invalid manifest.json: {e.Message}", e);
        }
    }

    private IReadOnlyList<ArchiveImage> FromLayout(Oci.Index index, IReadOnlyList<ArchiveEntry>? legacy)
    {
        if (index.Manifests.Count == 0 || index.Manifests.Count > MostImages)
        {
            throw EngineException.Invalid("invalid archive: index.json names no image");
        }

        return
        [
            .. index.Manifests.Where(target => MediaTypes.IsIndex(target.MediaType) || MediaTypes.IsManifest(target.MediaType))
                .GroupBy(target => target.Digest)
                .Select(group => new ArchiveImage(
                    group.First() with { Annotations = null, Platform = null },
                    [.. group.SelectMany(target => Names(target)).Concat(LegacyNames(group.First(), legacy)).Distinct()])),
        ];
    }

    // containerd's annotation is the whole name; the OCI one is often only a tag, which without a repository names nothing.
    private static IEnumerable<string> Names(Descriptor target)
    {
        var full = target.Annotations?.GetValueOrDefault(Annotations.ContainerdImageName);
        var text = full ?? (target.Annotations?.GetValueOrDefault(Annotations.RefName) is { } name && name.Contains(':', StringComparison.Ordinal) ? name : null);
        if (text is not null && Reference.TryParse(text, out var reference, out _))
        {
            yield return reference.TagNameOnly().ToString();
        }
    }

    private IEnumerable<string> LegacyNames(Descriptor target, IReadOnlyList<ArchiveEntry>? legacy)
    {
        if (legacy is null || !MediaTypes.IsManifest(target.MediaType) || archive.Blob(target.Digest) is not { } item)
        {
            return [];
        }

        var config = Manifest.Parse(item.Document()).Config.Digest;
        return legacy.Where(entry => archive.Find(entry.Config)?.Digest == config).SelectMany(entry => FullNames(entry.RepoTags));
    }

    private static IEnumerable<string> FullNames(IReadOnlyList<string>? tags)
    {
        foreach (var tag in tags ?? [])
        {
            if (!Reference.TryParse(tag, out var name, out var error) || name.Digest is not null)
            {
                throw EngineException.Invalid($"invalid tag {JsonEncodedText.Encode(LayerPath.Shown(tag ?? ""))}: {error ?? "refers to a digest"}");
            }

            yield return name.TagNameOnly().ToString();
        }
    }

    private ArchiveImage FromDockerArchive(ArchiveEntry entry)
    {
        var config = archive.Find(entry.Config) ?? throw EngineException.Invalid($"invalid archive: config \"{LayerPath.Shown(entry.Config)}\" is missing");
        var document = config.Document();
        var diffIds = ImageConfig.Parse(document).RootFs.DiffIds;
        if (diffIds.Count != entry.Layers.Count)
        {
            throw EngineException.Invalid($"invalid manifest, layers length mismatch: expected {diffIds.Count}, got {entry.Layers.Count}");
        }

        var manifest = new Manifest
        {
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = config.Digest, Size = config.Size },
            Layers = [.. entry.Layers.Select(Layer)],
        };
        var bytes = manifest.ToBytes();
        var digest = Digest.Of(bytes);
        _made[digest] = (bytes, MediaTypes.OciManifest);
        return new ArchiveImage(
            new Descriptor { MediaType = MediaTypes.OciManifest, Digest = digest, Size = bytes.Length }, [.. FullNames(entry.RepoTags)]);
    }

    private Descriptor Layer(string path)
    {
        var item = archive.Find(path ?? "") ?? throw EngineException.Invalid($"invalid archive: layer \"{LayerPath.Shown(path ?? "")}\" is missing");
        return new Descriptor { MediaType = Decompression.MediaType(item.Packing), Digest = item.Digest, Size = item.Size };
    }
}
