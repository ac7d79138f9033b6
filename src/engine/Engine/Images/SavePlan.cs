using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>What a saved archive holds, worked out and checked before it is written.</summary>
internal sealed class SavePlan(ContentStore content)
{
    private readonly SortedSet<string> _blobs = new(StringComparer.Ordinal);
    private readonly List<Descriptor> _manifests = [];
    private readonly Dictionary<Digest, ArchiveEntry> _entries = [];
    private readonly SortedDictionary<string, IReadOnlyDictionary<string, string>> _repositories = new(StringComparer.Ordinal);

    internal HashSet<Image> Images { get; } = [];

    /// <summary>Every blob, in order.</summary>
    internal IEnumerable<Digest> Blobs => _blobs.Select(text => new Digest(text));

    /// <summary>The entries of manifest.json.</summary>
    internal IReadOnlyList<ArchiveEntry> Entries => [.. _entries.Values];

    /// <summary>The old <c>repositories</c> file: repository → tag → top layer.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Repositories => _repositories;

    internal byte[] Index() => new Oci.Index { MediaType = MediaTypes.OciIndex, Manifests = _manifests }.ToBytes();

    internal void Add(Image image, IReadOnlyList<string> names, Platform? platform, string reference)
    {
        Images.Add(image);
        var chosen = new PlatformChoice(content).Choose(image.Record, platform, reference);
        var (manifest, config) = chosen.Read(content);
        var target = platform is null ? image.Record.Target : Describe(chosen.ManifestDigest, manifest);
        Need(target, chosen.ManifestDigest);
        _manifests.AddRange(names.Count == 0
            ? [target]
            : names.Select(name => LayoutIndex.Named(target, name, Reference.Parse(name).Tag!)));
        AddEntry(manifest, config, [.. names.Select(name => Reference.Parse(name))]);
    }

    private Descriptor Describe(Digest digest, Manifest manifest) =>
        new() { MediaType = manifest.MediaType ?? MediaTypes.OciManifest, Digest = digest, Size = content.Size(digest) };

    private void AddEntry(Manifest manifest, ImageConfig config, IReadOnlyList<Reference> names)
    {
        var old = _entries.GetValueOrDefault(manifest.Config.Digest);
        IReadOnlyList<string> tags = [.. (old?.RepoTags ?? []).Union(names.Select(name => name.Familiar))];
        _entries[manifest.Config.Digest] = new ArchiveEntry
        {
            Config = PathOf(manifest.Config.Digest),
            RepoTags = tags.Count == 0 ? null : tags,
            Layers = [.. manifest.Layers.Where(layer => MediaTypes.IsLayer(layer.MediaType)).Select(layer => PathOf(layer.Digest))],
        };
        foreach (var name in names.Where(_ => config.RootFs.DiffIds.Count > 0))
        {
            var tagsOfName = new SortedDictionary<string, string>(_repositories.GetValueOrDefault(name.FamiliarName)?.ToDictionary() ?? [], StringComparer.Ordinal)
            {
                [name.Tag!] = config.RootFs.DiffIds[^1].Hex,
            };
            _repositories[name.FamiliarName] = tagsOfName;
        }
    }

    private static string PathOf(Digest digest) => $"blobs/sha256/{digest.Hex}";

    // The chosen platform must be whole; of the others what is stored is saved.
    private void Need(Descriptor target, Digest chosen)
    {
        foreach (var descriptor in ContentTree.Below(target, content))
        {
            if (content.Contains(descriptor.Digest))
            {
                Take(descriptor);
            }
        }

        var whole = new Descriptor { MediaType = MediaTypes.OciManifest, Digest = chosen, Size = content.Size(chosen) };
        foreach (var descriptor in ContentTree.Below(whole, content).Where(descriptor => !MediaTypes.IsForeignLayer(descriptor.MediaType)))
        {
            Take(descriptor);
        }
    }

    private void Take(Descriptor descriptor)
    {
        content.Leases.Touch(descriptor.Digest.ToString());
        if (!content.Contains(descriptor.Digest))
        {
            throw new EngineException(ErrorKind.Damaged, $"blob {descriptor.Digest} is missing");
        }

        if (content.Size(descriptor.Digest) != descriptor.Size)
        {
            throw ContentStore.Mismatch(descriptor.Digest);
        }

        _blobs.Add(descriptor.Digest.ToString());
    }
}
