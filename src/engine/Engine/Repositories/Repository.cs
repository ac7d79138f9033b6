using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>A repository in memory: its tags, manifests and the blobs it has. Changed by <see cref="RepositoryTable"/> only; safe to read from anywhere.</summary>
public sealed class Repository
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, TagRecord> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, StoredManifest> _manifests = [];
    private readonly Dictionary<Digest, (BlobLink Link, DateTimeOffset Seen)> _links = [];
    private RepositoryRecord _record;
    private long _size;

    internal Repository(RepositoryRecord record) => _record = record;

    /// <summary>Its row.</summary>
    public RepositoryRecord Record
    {
        get => Volatile.Read(ref _record);
        internal set => Volatile.Write(ref _record, value);
    }

    /// <summary>Its name.</summary>
    public string Name => Record.Name;

    /// <summary>Whether there is anything to pull.</summary>
    public bool HasContent
    {
        get
        {
            lock (_lock)
            {
                return _manifests.Count > 0;
            }
        }
    }

    /// <summary>Bytes of its blobs.</summary>
    public long Size
    {
        get
        {
            lock (_lock)
            {
                return _size;
            }
        }
    }

    /// <summary>Every manifest.</summary>
    public IReadOnlyList<StoredManifest> Manifests
    {
        get
        {
            lock (_lock)
            {
                return [.. _manifests.Values];
            }
        }
    }

    /// <summary>Every blob.</summary>
    public IReadOnlyList<BlobLink> Links
    {
        get
        {
            lock (_lock)
            {
                return [.. _links.Values.Select(entry => entry.Link)];
            }
        }
    }

    /// <summary>Serializes changes of tags and manifests, and deletions.</summary>
    internal SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Guards the order in which links are committed and kept.</summary>
    internal Lock LinkOrder { get; } = new();

    /// <summary>Whether it was removed; a new one of its name is another.</summary>
    internal bool IsRemoved { get; set; }

    /// <summary>Tags in order.</summary>
    /// <param name="after">Only those behind this one; null for all.</param>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<TagRecord> Tags(string? after = null, int most = int.MaxValue)
    {
        lock (_lock)
        {
            return [.. _tags.Values.Where(tag => after is null || string.CompareOrdinal(tag.Tag, after) > 0).Take(most)];
        }
    }

    /// <summary>The tag of that name, or null.</summary>
    public TagRecord? Tag(string tag)
    {
        lock (_lock)
        {
            return _tags.GetValueOrDefault(tag);
        }
    }

    /// <summary>The manifest of that digest, or null.</summary>
    public StoredManifest? Manifest(Digest digest)
    {
        lock (_lock)
        {
            return _manifests.GetValueOrDefault(digest);
        }
    }

    /// <summary>The manifests that speak of another, in order of their digests.</summary>
    public IReadOnlyList<StoredManifest> Referrers(Digest subject)
    {
        lock (_lock)
        {
            return [.. _manifests.Values.Where(manifest => manifest.Subject == subject).OrderBy(manifest => manifest.Digest.ToString(), StringComparer.Ordinal)];
        }
    }

    /// <summary>The blob's link, or null when the repository does not have it.</summary>
    public BlobLink? Link(Digest digest)
    {
        lock (_lock)
        {
            return _links.TryGetValue(digest, out var entry) ? entry.Link : null;
        }
    }

    /// <summary>Every blob, and when somebody asked for it last.</summary>
    internal IReadOnlyList<(BlobLink Link, DateTimeOffset Seen)> Uses()
    {
        lock (_lock)
        {
            return [.. _links.Values];
        }
    }

    /// <summary>Somebody relies on a blob: it does not count as left over for a while.</summary>
    internal void Saw(Digest digest, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_links.TryGetValue(digest, out var entry))
            {
                _links[digest] = (entry.Link, now);
            }
        }
    }

    /// <summary>Blobs that no manifest names and nobody asked for since a time.</summary>
    internal IReadOnlyList<Digest> Unused(DateTimeOffset before)
    {
        lock (_lock)
        {
            var used = _manifests.Values.SelectMany(manifest => manifest.Blobs).ToHashSet();
            return [.. _links.Where(entry => entry.Value.Seen < before && !used.Contains(entry.Key)).Select(entry => entry.Key)];
        }
    }

    internal void Put(BlobLink link, DateTimeOffset seen)
    {
        lock (_lock)
        {
            _size += link.Size - (_links.TryGetValue(link.Digest, out var before) ? before.Link.Size : 0);
            _links[link.Digest] = (link, seen);
        }
    }

    internal void RemoveLink(Digest digest)
    {
        lock (_lock)
        {
            _size -= _links.Remove(digest, out var gone) ? gone.Link.Size : 0;
        }
    }

    internal void Put(StoredManifest manifest, TagRecord? tag)
    {
        lock (_lock)
        {
            _manifests[manifest.Digest] = manifest;
            if (tag is not null)
            {
                _tags[tag.Tag] = tag;
            }
        }
    }

    internal void Put(TagRecord tag)
    {
        lock (_lock)
        {
            _tags[tag.Tag] = tag;
        }
    }

    internal void Remove(IEnumerable<string> tags, Digest? manifest)
    {
        lock (_lock)
        {
            foreach (var tag in tags)
            {
                _tags.Remove(tag);
            }

            if (manifest is { } digest)
            {
                _manifests.Remove(digest);
            }
        }
    }
}
