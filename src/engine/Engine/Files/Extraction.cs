using System.Security.Cryptography;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>
/// Unpacks an archive into a directory of a container. Names are taken below that directory; links on their way are followed inside the
/// container's root, so the worst that an archive or a busy container can do is to write elsewhere in the same container.
/// </summary>
internal sealed class Extraction(SafePath root, string target, ResolvedUser? owner, bool noOverwriteDirNonDir, CancellationToken cancel) : IDisposable
{
    private const UnixFileMode ImpliedDirectory = (UnixFileMode)0x1ED; // rwxr-xr-x
    private const UnixFileMode SetIds = UnixFileMode.SetUser | UnixFileMode.SetGroup;
    private const int MostDeferredTimes = 100_000;
    private const long Large = 1 << 20;

    private readonly List<(string Path, long Time)> _directoryTimes = [];
    private readonly List<Task> _leaving = [];
    private string? _openPath;
    private string _realPath = "";
    private DirHandle? _open;
    private IncrementalHash? _hash;

    /// <summary>Receives the digest (SHA-256) of each file's content, and for hard links and files with holes none; null for nobody.</summary>
    internal Action<string, byte[]?>? Digests { get; init; }

    /// <summary>Whether anything had extended attributes.</summary>
    internal bool HasAttributes { get; private set; }

    /// <summary>Unpacks everything.</summary>
    internal void Run(TarInput tar)
    {
        while (tar.Next() is { } entry)
        {
            cancel.ThrowIfCancellationRequested();
            Add(tar, entry);
        }

        // Last, since every file written into a directory changes its time.
        foreach (var (path, time) in _directoryTimes)
        {
            if (root.Stat(path) is { IsDirectory: true })
            {
                root.SetTimes(path, time, time);
            }
        }
    }

    public void Dispose()
    {
        Task.WaitAll(_leaving);
        _open?.Dispose();
        _hash?.Dispose();
    }

    private void Add(TarInput tar, TarEntry entry)
    {
        var name = Clean(entry.Name);
        if (entry.Kind == TarKind.Other || name.Length == 0)
        {
            return;
        }

        var slash = name.LastIndexOf('/');
        var parent = Parent(slash < 0 ? target : Inside(name[..slash]));
        var last = name[(slash + 1)..];
        HasAttributes |= entry.Attributes is { Count: > 0 };
        if (entry.Kind == TarKind.File && TryCreateFile(tar, parent, last, entry))
        {
            return;
        }

        Note(last, null);
        if (!MakeRoom(parent, last, entry))
        {
            Create(tar, parent, last, name, entry);
        }

        Finish(parent, last, name, entry);
    }

    // Names are seldom taken, so that it is not asked before.
    private bool TryCreateFile(TarInput tar, DirHandle parent, string last, TarEntry entry)
    {
        try
        {
            CreateFile(tar, parent, last, entry, Digests is not null && entry.Extents is null);
        }
        catch (LinuxException e) when (e is { Call: "open" } && e.IsExists)
        {
            return false;
        }

        Note(last, entry.Extents is null && Digests is not null ? _hash!.GetHashAndReset() : null);
        return true;
    }

    // True when a directory is there already and only gets new attributes.
    private bool MakeRoom(DirHandle parent, string last, TarEntry entry)
    {
        if (parent.Stat(last) is not { } there)
        {
            return false;
        }

        var directory = entry.Kind == TarKind.Directory;
        if (noOverwriteDirNonDir && there.IsDirectory != directory)
        {
            throw EngineException.Invalid(there.IsDirectory
                ? $"cannot overwrite directory \"{Inside(entry.Name)}\" with non-directory \"{target}\""
                : $"cannot overwrite non-directory \"{Inside(entry.Name)}\" with directory \"{target}\"");
        }

        if (there.IsDirectory && directory)
        {
            return true;
        }

        if (there.IsDirectory)
        {
            parent.RemoveTree(last);
        }
        else
        {
            Remove(parent, last, there);
        }

        return false;
    }

    // What a large file held is given back when the last reference to it goes; that takes its time, in which the new one is written.
    private void Remove(DirHandle parent, string last, FileStat there)
    {
        if (!there.IsRegular || there.Size < Large)
        {
            parent.Remove(last);
            return;
        }

        var old = parent.Reference(last);
        try
        {
            parent.Remove(last);
        }
        finally
        {
            _leaving.Add(Task.Run(old.Dispose, CancellationToken.None));
        }
    }

    private void Create(TarInput tar, DirHandle parent, string last, string name, TarEntry entry)
    {
        switch (entry.Kind)
        {
            case TarKind.File:
                CreateFile(tar, parent, last, entry);
                break;
            case TarKind.Directory:
                parent.CreateDirectory(last, entry.Mode);
                break;
            case TarKind.SymbolicLink:
                parent.CreateSymlink(entry.LinkName, last);
                break;
            case TarKind.HardLink:
                CreateHardLink(parent, last, name, Clean(entry.LinkName));
                break;
            case TarKind.Fifo:
                parent.CreateFifo(last, entry.Mode);
                break;
            default:
                var type = entry.Kind == TarKind.BlockDevice ? 0x6000u : 0x2000u;
                parent.CreateNode(last, type | (uint)entry.Mode, new DeviceNumber(entry.Major, entry.Minor));
                break;
        }
    }

    private void CreateFile(TarInput tar, DirHandle parent, string last, TarEntry entry, bool hashed = false)
    {
        using var file = parent.CreateFile(last, entry.Mode);
        var (uid, gid) = (owner?.Uid ?? entry.Uid, owner?.Gid ?? entry.Gid);
        if ((uid, gid) != (0u, 0u))
        {
            OpenFileAttributes.SetOwner(file, uid, gid);
        }

        _hash ??= hashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        FileBody.Write(tar, file, entry, cancel, hashed ? _hash : null);
        if ((uid, gid) != (0u, 0u) || (entry.Mode & SetIds) != 0)
        {
            // Both the owner's change and writing take these bits away.
            OpenFileAttributes.SetMode(file, entry.Mode);
        }

        foreach (var (attribute, value) in Attributes(entry))
        {
            LayerAttributes.Try(() => OpenFileAttributes.SetXattr(file, attribute, value));
        }

        OpenFileAttributes.SetTimes(file, entry.ModifiedNs, entry.ModifiedNs);
    }

    private void CreateHardLink(DirHandle parent, string last, string name, string linkName)
    {
        if (linkName.Length == 0 || linkName == name)
        {
            throw new TarException($"invalid hard link \"{name}\"");
        }

        using var source = root.OpenParent(Inside(linkName), out var existing);
        parent.CreateHardLink(source, existing, last);
    }

    // What a file carries was set through its descriptor; a hard link carries nothing of its own.
    private void Finish(DirHandle parent, string last, string name, TarEntry entry)
    {
        if (entry.Kind is TarKind.File or TarKind.HardLink)
        {
            return;
        }

        parent.SetOwner(last, owner?.Uid ?? entry.Uid, owner?.Gid ?? entry.Gid);
        if (entry.Kind != TarKind.SymbolicLink)
        {
            parent.SetMode(last, entry.Mode);
        }

        foreach (var (attribute, value) in Attributes(entry))
        {
            LayerAttributes.Try(() => parent.SetXattr(last, attribute, value));
        }

        parent.SetTimes(last, entry.ModifiedNs, entry.ModifiedNs);
        if (entry.Kind == TarKind.Directory && _directoryTimes.Count < MostDeferredTimes)
        {
            _directoryTimes.Add((Inside(name), entry.ModifiedNs));
        }
    }

    // A digest belongs to the file's true path: through a link another name would keep the digest of what it was before.
    private void Note(string last, byte[]? digest) => Digests?.Invoke(_realPath.Length == 0 ? last : $"{_realPath}/{last}", digest);

    private DirHandle Parent(string path)
    {
        if (_open is null || _openPath != path)
        {
            _open?.Dispose();
            _open = null;
            root.EnsureDirectories(path, ImpliedDirectory);
            (_open, _openPath) = (root.OpenDirectory(path), path);
            _realPath = Digests is null ? "" : root.Resolve(path).Trim('/');
        }

        return _open;
    }

    private string Inside(string name) => target == "/" ? "/" + name : $"{target}/{name}";

    private static IEnumerable<KeyValuePair<string, byte[]>> Attributes(TarEntry entry) =>
        LayerAttributes.Wanted(entry).Where(attribute => attribute.Key == "security.capability" || attribute.Key.StartsWith("user.", StringComparison.Ordinal));

    // A path inside the target: no leading slash, no "." and "..". A name that leaves the target is refused, as Docker does.
    private string Clean(string name)
    {
        var parts = new List<string>();
        foreach (var part in name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                throw new TarException($"\"{name}\" is outside of \"{target}\"");
            }
        }

        return string.Join('/', parts);
    }
}
