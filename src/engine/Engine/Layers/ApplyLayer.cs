using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>What unpacking one layer found; what needs the layers below is left for <see cref="AttachLayer"/>.</summary>
internal sealed record AppliedLayer
{
    /// <summary>Bytes of its regular files.</summary>
    internal long Size { get; init; }

    /// <summary>Directories that no entry described: their attributes come from below.</summary>
    internal required IReadOnlyCollection<string> Implied { get; init; }

    /// <summary>Hard links (name → target) whose target is not in this layer.</summary>
    internal required IReadOnlyDictionary<string, string> LinksBelow { get; init; }

    /// <summary>Whether the layer hides everything below its root.</summary>
    internal bool HidesRoot { get; init; }
}

/// <summary>
/// Unpacks a layer's tar (OCI image-spec, layer.md) into a fresh directory, in the form overlayfs reads: whiteouts are character devices 0:0,
/// opaque directories carry trusted.overlay.opaque. Nothing an archive names is reached outside that directory.
/// </summary>
internal sealed class ApplyLayer : IDisposable
{
    private const string Whiteout = ".wh.";
    private const string WhiteoutMeta = ".wh..wh.";
    private const string Opaque = ".wh..wh..opq";
    private const string OpaqueAttribute = "trusted.overlay.opaque";
    private const uint CharacterDevice = 0x2000;

    private readonly TarInput _tar;
    private readonly LayerTree _tree;
    private readonly SafePath _root;
    private readonly Dictionary<string, long> _directoryTimes = [];
    private readonly Dictionary<string, string> _linksBelow = [];
    private readonly CancellationToken _cancel;
    private long _size;
    private bool _hidesRoot;

    private ApplyLayer(TarInput tar, SafePath root, CancellationToken cancel) =>
        (_tar, _root, _tree, _cancel) = (tar, root, new LayerTree(root), cancel);

    /// <summary>Unpacks a plain tar stream into an empty directory; reads the stream to its end.</summary>
    /// <exception cref="TarException">The archive is broken or hostile.</exception>
    /// <exception cref="LinuxException">The file system refused something.</exception>
    internal static AppliedLayer Run(Stream stream, string directory, CancellationToken cancel)
    {
        using var root = SafePath.Open(directory);
        using var tar = new TarInput(stream);
        using var apply = new ApplyLayer(tar, root, cancel);
        while (tar.Next() is { } entry)
        {
            cancel.ThrowIfCancellationRequested();
            apply.Add(entry);
        }

        apply.SetDirectoryTimes();
        tar.Drain();
        return new AppliedLayer
        {
            Size = apply._size, Implied = apply._tree.Implied, LinksBelow = apply._linksBelow, HidesRoot = apply._hidesRoot,
        };
    }

    public void Dispose() => _tree.Dispose();

    private void Add(TarEntry entry)
    {
        var path = LayerPath.Clean(entry.Name);
        if (path.Length == 0)
        {
            AddRoot(entry);
            return;
        }

        var name = LayerPath.Base(path);
        var parent = LayerPath.Parent(path);
        if (name.StartsWith(Whiteout, StringComparison.Ordinal))
        {
            AddWhiteout(parent, name);
            return;
        }

        var directory = _tree.Directory(parent);
        switch (entry.Kind)
        {
            case TarKind.File:
                AddFile(directory, path, name, entry);
                break;
            case TarKind.Directory:
                AddDirectory(directory, path, name, entry);
                break;
            case TarKind.HardLink:
                AddHardLink(directory, path, name, LayerPath.Clean(entry.LinkName));
                break;
            case TarKind.SymbolicLink:
                AddSymbolicLink(directory, path, name, entry);
                break;
            case TarKind.Other:
                break;
            default:
                AddNode(directory, path, name, entry);
                break;
        }
    }

    private void AddRoot(TarEntry entry)
    {
        if (entry.Kind == TarKind.Directory)
        {
            _root.SetOwner(".", entry.Uid, entry.Gid);
            _root.SetMode(".", entry.Mode);
            _directoryTimes[""] = entry.ModifiedNs;
        }
    }

    private void AddFile(DirHandle directory, string path, string name, TarEntry entry)
    {
        using var file = CreateFile(directory, path, name, entry.Mode);
        OpenFileAttributes.SetOwner(file, entry.Uid, entry.Gid);
        FileBody.Write(_tar, file, entry, _cancel);
        if ((entry.Mode & (UnixFileMode.SetUser | UnixFileMode.SetGroup)) != 0)
        {
            OpenFileAttributes.SetMode(file, entry.Mode);
        }

        foreach (var (attribute, value) in LayerAttributes.Wanted(entry))
        {
            LayerAttributes.Try(() => OpenFileAttributes.SetXattr(file, attribute, value));
        }

        OpenFileAttributes.SetTimes(file, entry.ModifiedNs, entry.ModifiedNs);
        _size += entry.Size;
    }

    private SafeFileHandle CreateFile(DirHandle directory, string path, string name, UnixFileMode mode)
    {
        try
        {
            return directory.CreateFile(name, mode);
        }
        catch (LinuxException e) when (e.IsExists)
        {
            Replace(directory, path, name);
            return directory.CreateFile(name, mode);
        }
    }

    private void AddDirectory(DirHandle directory, string path, string name, TarEntry entry)
    {
        if (directory.Stat(name) is not { } found)
        {
            directory.CreateDirectory(name, entry.Mode);
        }
        else if (!found.IsDirectory)
        {
            var hidden = IsWhiteout(found);
            Replace(directory, path, name);
            directory.CreateDirectory(name, entry.Mode);
            if (hidden)
            {
                // The layer removed the old directory first: nothing of it may show through the new one.
                directory.SetXattr(name, OpaqueAttribute, "y"u8);
            }
        }

        directory.SetOwner(name, entry.Uid, entry.Gid);
        directory.SetMode(name, entry.Mode);
        SetAttributes(directory, name, entry);
        _tree.Implied.Remove(path);
        _directoryTimes[path] = entry.ModifiedNs;
    }

    private void AddHardLink(DirHandle directory, string path, string name, string target)
    {
        if (target == path)
        {
            return;
        }

        if (target.Length == 0)
        {
            throw new TarException($"\"{LayerPath.Shown(path)}\" is a hard link to a directory");
        }

        // Looked up first: opening it may drop the directory in use from the cache.
        var targetParent = _tree.Existing(LayerPath.Parent(target));
        var found = targetParent?.Stat(LayerPath.Base(target));
        directory = _tree.Directory(LayerPath.Parent(path));
        Replace(directory, path, name);
        if (found is null)
        {
            _linksBelow[path] = target;
            return;
        }

        using var source = _root.OpenParent(target);
        directory.CreateHardLink(source, LayerPath.Base(target), name);
    }

    private void AddSymbolicLink(DirHandle directory, string path, string name, TarEntry entry)
    {
        if (entry.LinkName.Length == 0 || entry.LinkName.Contains('\0', StringComparison.Ordinal))
        {
            throw new TarException($"\"{LayerPath.Shown(path)}\" is a link to nothing");
        }

        Replace(directory, path, name);
        directory.CreateSymlink(entry.LinkName, name);
        Finish(directory, name, entry);
    }

    private void AddNode(DirHandle directory, string path, string name, TarEntry entry)
    {
        Replace(directory, path, name);
        var type = entry.Kind switch { TarKind.CharacterDevice => CharacterDevice, TarKind.BlockDevice => 0x6000u, _ => 0x1000u };
        directory.CreateNode(name, type | (uint)entry.Mode, new DeviceNumber(entry.Major, entry.Minor));
        directory.SetOwner(name, entry.Uid, entry.Gid);
        directory.SetMode(name, entry.Mode);
        SetAttributes(directory, name, entry);
        directory.SetTimes(name, entry.ModifiedNs, entry.ModifiedNs);
    }

    private void AddWhiteout(string parent, string name)
    {
        if (name == Opaque)
        {
            if (parent.Length == 0)
            {
                _hidesRoot = true;
                return;
            }

            _tree.Directory(parent);
            _root.SetXattr(parent, OpaqueAttribute, "y"u8);
            return;
        }

        if (name.StartsWith(WhiteoutMeta, StringComparison.Ordinal))
        {
            return;
        }

        var hidden = name[Whiteout.Length..];
        if (hidden is "" or "." or "..")
        {
            throw new TarException($"invalid whiteout \"{name}\"");
        }

        Hide(_tree.Directory(parent), hidden);
    }

    // A whiteout speaks of the layers below: what this layer itself brought stays, but nothing from below may merge into it.
    private static void Hide(DirHandle directory, string hidden)
    {
        switch (directory.Stat(hidden))
        {
            case null:
                directory.CreateNode(hidden, CharacterDevice, new DeviceNumber(0, 0));
                break;
            case { IsDirectory: true }:
                directory.SetXattr(hidden, OpaqueAttribute, "y"u8);
                break;
        }
    }

    private static void Finish(DirHandle directory, string name, TarEntry entry)
    {
        directory.SetOwner(name, entry.Uid, entry.Gid);
        SetAttributes(directory, name, entry);
        directory.SetTimes(name, entry.ModifiedNs, entry.ModifiedNs);
    }

    private static void SetAttributes(DirHandle directory, string name, TarEntry entry)
    {
        foreach (var (attribute, value) in LayerAttributes.Wanted(entry))
        {
            LayerAttributes.Try(() => directory.SetXattr(name, attribute, value));
        }
    }

    private static bool IsWhiteout(FileStat stat) => stat.IsCharacterDevice && stat.Rdev == new DeviceNumber(0, 0);

    private void Replace(DirHandle directory, string path, string name)
    {
        _linksBelow.Remove(path);
        if (directory.Stat(name) is { } found)
        {
            _tree.Clear(directory, name, found);
            if (found.IsDirectory)
            {
                ForgetBelow(path);
            }
        }
    }

    private void ForgetBelow(string path)
    {
        var inside = path + "/";
        foreach (var gone in _directoryTimes.Keys.Where(Gone).ToList())
        {
            _directoryTimes.Remove(gone);
        }

        _tree.Implied.RemoveWhere(Gone);
        foreach (var gone in _linksBelow.Keys.Where(Gone).ToList())
        {
            _linksBelow.Remove(gone);
        }

        bool Gone(string other) => other == path || other.StartsWith(inside, StringComparison.Ordinal);
    }

    private void SetDirectoryTimes()
    {
        foreach (var (path, time) in _directoryTimes)
        {
            if (path.Length == 0)
            {
                _root.SetTimes(".", time, time);
            }
            else if (_tree.Existing(LayerPath.Parent(path)) is { } parent && parent.Stat(LayerPath.Base(path)) is { IsDirectory: true })
            {
                parent.SetTimes(LayerPath.Base(path), time, time);
            }
        }
    }
}
