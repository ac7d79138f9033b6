using System.Text.Json;
using Slipway.Oci;

namespace Slipway.BuildClient.Files;

/// <summary>The caches of a build that are directories here (<c>type=local</c>).</summary>
internal sealed class LocalCaches
{
    private const string Store = "local:";

    private readonly Dictionary<string, BlobDirectory> _directories = new(StringComparer.Ordinal);
    private readonly List<(BlobDirectory Directory, string? Tag)> _written = [];

    /// <summary>The directories, by what the engine calls them.</summary>
    internal IReadOnlyDictionary<string, BlobDirectory> Directories => _directories;

    /// <summary>All caches that results are taken from, those here with the digest of what is in them. A directory without a cache is left out.</summary>
    internal IReadOnlyList<BuildOption> Imports { get; private set; } = [];

    /// <exception cref="BuildFailedException">One does not say where it is.</exception>
    internal static LocalCaches Of(BuildOrder order)
    {
        var caches = new LocalCaches();
        foreach (var option in order.CacheTo.Where(option => option.Type == "local"))
        {
            caches._written.Add((caches.Open(option, "dest"), option.Options.GetValueOrDefault("tag")));
        }

        caches.Imports = [.. order.CacheFrom.Select(option => option.Type == "local" ? caches.Import(option) : option).OfType<BuildOption>()];
        return caches;
    }

    /// <summary>Notes what was written.</summary>
    internal void Finish(IReadOnlyDictionary<string, string> told)
    {
        if (!told.TryGetValue("cache.manifest", out var json))
        {
            return;
        }

        using var document = JsonDocument.Parse(json);
        var manifest = document.RootElement;
        var target = new Descriptor
        {
            MediaType = manifest.GetProperty("mediaType").GetString() ?? "", Digest = new Digest(manifest.GetProperty("digest").GetString() ?? ""), Size = manifest.GetProperty("size").GetInt64(),
        };
        foreach (var (directory, tag) in _written)
        {
            directory.Name(target, tag);
        }
    }

    private BuildOption? Import(BuildOption option)
    {
        var directory = Open(option, "src");
        var digest = option.Options.GetValueOrDefault("digest") ?? Find(directory, option.Options.GetValueOrDefault("tag"));
        return digest is null ? null : new BuildOption(option.Type, new Dictionary<string, string>(option.Options) { ["digest"] = digest });
    }

    // One whose index cannot be read holds no cache.
    private static string? Find(BlobDirectory directory, string? tag)
    {
        try
        {
            return directory.Find(tag)?.ToString();
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private BlobDirectory Open(BuildOption option, string attribute)
    {
        var path = option.Options.GetValueOrDefault(attribute) is { Length: > 0 } given ? given : throw new BuildFailedException($"local cache requires {attribute}", null);
        return _directories[Store + path] = new BlobDirectory(Path.GetFullPath(path));
    }
}
