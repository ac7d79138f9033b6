using Slipway.DockerApi;
using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images.Load;

/// <summary>
/// Reads an image archive once, from its stream: every file is hashed and staged as it comes, what looks like a layer is unpacked at the same
/// time by another thread that reads behind. What the files mean is decided later, since manifests may come last.
/// </summary>
internal sealed class ArchiveIntake(ContentStore content, Snapshotter snapshots, Action<JsonMessage>? progress, CancellationToken cancel) : IDisposable
{
    private const int MostFiles = 1 << 16;
    private const int SmallFile = 64 << 10;
    private const int SmallFilesTogether = 32 << 20;
    private const string BlobPrefix = "blobs/sha256/";

    private readonly Dictionary<string, ArchiveItem> _files = [];
    private readonly Dictionary<string, string> _links = [];
    private Dictionary<Digest, ArchiveItem>? _byDigest;
    private long _smallBytes;

    /// <summary>Reads the archive to its end.</summary>
    /// <exception cref="TarException">It is broken or beyond a bound.</exception>
    internal void Read(Stream archive)
    {
        using var tar = new TarInput(archive, 1 << 20);
        while (tar.Next() is { } entry)
        {
            cancel.ThrowIfCancellationRequested();
            if (_files.Count + _links.Count >= MostFiles)
            {
                throw new TarException("too many files in the archive");
            }

            var path = LayerPath.Clean(entry.Name);
            switch (entry.Kind)
            {
                case TarKind.File when path.Length > 0:
                    Replace(path, ReadFile(tar, path));
                    break;
                case TarKind.SymbolicLink or TarKind.HardLink when path.Length > 0:
                    Replace(path, null);
                    _links[path] = Target(path, entry);
                    break;
            }
        }

        tar.Drain();
    }

    /// <summary>The file at a path of the archive; links inside the archive are followed.</summary>
    internal ArchiveItem? Find(string path)
    {
        var name = LayerPath.Clean(path);
        for (var links = 0; _links.TryGetValue(name, out var target) && links < 8; links++)
        {
            name = target;
        }

        return _files.GetValueOrDefault(name);
    }

    /// <summary>The blob of an OCI layout.</summary>
    /// <exception cref="TarException">Its content does not match its name.</exception>
    internal ArchiveItem? Blob(Digest digest)
    {
        var item = digest.Algorithm == "sha256" ? Find(BlobPrefix + digest.Hex) : null;
        return item is null || item.Digest == digest
            ? item
            : throw new TarException($"content does not match its digest: expected {digest}, got {item.Digest}");
    }

    /// <summary>The file with this content, under whatever name.</summary>
    internal ArchiveItem? ByDigest(Digest digest)
    {
        _byDigest ??= _files.Values.GroupBy(item => item.Digest).ToDictionary(group => group.Key, Best);
        return _byDigest.GetValueOrDefault(digest);
    }

    public void Dispose()
    {
        foreach (var item in _files.Values)
        {
            item.Dispose();
        }
    }

    // The same content may come twice; one that was staged is worth more than one that was only compared.
    private static ArchiveItem Best(IEnumerable<ArchiveItem> items) => items.MaxBy(item => (item.Blob is null ? 0 : 1) + (item.Unpack is null ? 0 : 1))!;

    private static string Target(string path, TarEntry entry)
    {
        if (entry.Kind == TarKind.HardLink)
        {
            return LayerPath.Clean(entry.LinkName);
        }

        return entry.LinkName.StartsWith('/')
            ? throw new TarException($"\"{LayerPath.Shown(path)}\" is an absolute link")
            : LayerPath.Clean($"{LayerPath.Parent(path)}/{entry.LinkName}");
    }

    private void Replace(string path, ArchiveItem? item)
    {
        _links.Remove(path);
        if (_files.Remove(path, out var old))
        {
            old.Dispose();
        }

        if (item is not null)
        {
            _files.Add(path, item);
        }
    }

    private ArchiveItem ReadFile(TarInput tar, string path)
    {
        var size = tar.Remaining;
        var head = tar.Peek(Decompression.Needed);
        var packing = Decompression.Detect(head);
        var layer = packing is Packing.Gzip or Packing.Zstd || Decompression.IsTar(head);
        if (!layer && size <= SmallFile && _smallBytes + size <= SmallFilesTogether)
        {
            _smallBytes += size;
            var small = tar.ReadAll(SmallFile);
            return new ArchiveItem { Digest = Digest.Of(small), Size = size, Content = small };
        }

        return path.StartsWith(BlobPrefix, StringComparison.Ordinal) && Digest.TryParse("sha256:" + path[BlobPrefix.Length..], out var named) && IsStored(named, size)
            ? Compare(tar, path, named, size, packing)
            : Stage(tar, path, size, packing, layer, content.BeginWrite());
    }

    private bool IsStored(Digest digest, long size)
    {
        content.Leases.Touch(digest.ToString());
        return content.Contains(digest) && content.Size(digest) == size;
    }

    // The store has it under this name: compare instead of writing; at the first difference the stored one is damaged and is written anew.
    private ArchiveItem Compare(TarInput tar, string path, Digest named, long size, Packing packing)
    {
        using var stored = content.Open(named);
        using var hash = new DigestHash();
        var buffer = new byte[1 << 18];
        for (long at = 0; tar.Remaining > 0;)
        {
            var part = tar.Take(buffer.Length);
            var have = RandomAccess.Read(stored, buffer.AsSpan(0, part.Length), at);
            if (!part.SequenceEqual(buffer.AsSpan(0, have)))
            {
                var blob = content.BeginWrite();
                CopyHead(stored, blob, at, buffer);
                blob.Write(part);
                return Stage(tar, path, size, packing, layer: false, blob);
            }

            hash.Append(part);
            at += part.Length;
        }

        return new ArchiveItem { Digest = hash.Finish(), Size = size, Packing = packing };
    }

    private static void CopyHead(Microsoft.Win32.SafeHandles.SafeFileHandle stored, BlobWriter blob, long length, byte[] buffer)
    {
        var part = buffer.AsSpan().ToArray();
        for (long at = 0; at < length;)
        {
            var read = RandomAccess.Read(stored, part.AsSpan(0, (int)Math.Min(part.Length, length - at)), at);
            blob.Write(part.AsSpan(0, read));
            at += read;
        }
    }

    private ArchiveItem Stage(TarInput tar, string path, long size, Packing packing, bool layer, BlobWriter blob)
    {
        LayerUnpack? unpack = null;
        try
        {
            unpack = layer ? snapshots.BeginUnpack(blob, packing, cancel) : null;
            var shown = layer ? ShortName(path) : null;
            for (var next = 0L; tar.Remaining > 0;)
            {
                cancel.ThrowIfCancellationRequested();
                blob.Write(tar.Take());
                if (shown is not null && (blob.Length >= next || tar.Remaining == 0))
                {
                    next = blob.Length + (size / 20);
                    progress?.Invoke(Loading(shown, blob.Length, size));
                }
            }

            return new ArchiveItem { Digest = blob.Complete(), Size = size, Packing = packing, Blob = blob, Unpack = unpack };
        }
        catch
        {
            unpack?.Dispose();
            blob.Dispose();
            throw;
        }
    }

    private static JsonMessage Loading(string id, long current, long total) => new()
    {
        Status = "Loading layer", Id = id, ProgressDetail = new ProgressDetail { Current = current, Total = total },
    };

    // Old archives have ID/layer.tar, new ones blobs/sha256/HEX.
    private static string ShortName(string path)
    {
        var name = LayerPath.Base(path) == "layer.tar" ? LayerPath.Base(LayerPath.Parent(path)) : LayerPath.Base(path);
        return name[..Math.Min(12, name.Length)];
    }
}
