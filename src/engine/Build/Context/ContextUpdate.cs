using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Slipway.Engine;
using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Build.Context;

/// <summary>
/// Makes a mirror like a client's directory: every object is told by <see cref="Add"/>, parents first; content follows for those that are asked
/// for; <see cref="Finish"/> takes away what was not told. What the client says is not believed: every path stays in the mirror.
/// </summary>
public sealed class ContextUpdate : IDisposable
{
    private const int MostEntries = 5_000_000;
    private const int MostOpen = 64;
    private const int LongestName = 255;

    private readonly ContextMirror _mirror;
    private readonly SafePath _root;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly List<ContextEntry> _links = [];
    private readonly List<ContextEntry> _directories = [];
    private readonly Dictionary<string, OpenFile> _open = new(StringComparer.Ordinal);
    private (string Path, DirHandle Handle)? _parent;
    private bool _hasAttributes;

    internal ContextUpdate(ContextMirror mirror)
    {
        (_mirror, _root) = (mirror, mirror.Files.Root);
        foreach (var path in mirror.Unfinished)
        {
            Clear(path);
        }

        mirror.Unfinished.Clear();
    }

    /// <summary>Takes an object.</summary>
    /// <returns>Whether its content is wanted.</returns>
    /// <exception cref="EngineException">InvalidArgument for a path that is none, or whose parent is no directory.</exception>
    public bool Add(ContextEntry entry) => Guard(() =>
    {
        Check(entry);
        _hasAttributes |= entry.Attributes.Count > 0;
        if (entry.IsDirectory)
        {
            _directories.Add(entry);
        }

        if (entry.IsRegular && entry.Link.Length > 0)
        {
            // Made when what they link has its content.
            _links.Add(entry);
            return false;
        }

        if ((entry.Mode & ContextEntry.TypeMask) == ContextEntry.Socket)
        {
            return false;
        }

        var known = Known(entry.Path);
        if (known is not null && known.Equivalent(entry))
        {
            return false;
        }

        return Make(entry, known);
    });

    /// <summary>Appends to the content of an object that was asked for.</summary>
    /// <exception cref="EngineException">It cannot be written.</exception>
    public void Write(ContextEntry entry, ReadOnlySpan<byte> data)
    {
        try
        {
            var file = Open(entry);
            RandomAccess.Write(file.Handle, data, file.Length);
            file.Hash.AppendData(data);
            file.Length += data.Length;
        }
        catch (Exception e) when (Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>The content of an object is complete.</summary>
    public void End(ContextEntry entry) => Guard(() =>
    {
        var file = Open(entry);
        _open.Remove(entry.Path);
        using (file)
        {
            _mirror.Files.Digests[entry.Path] = file.Hash.GetHashAndReset();
        }

        Dress(entry);
        Remember(entry);
        return true;
    });

    /// <summary>Everything was told: takes away what was not, and completes links and directories.</summary>
    public void Finish() => Guard(() =>
    {
        List<string> gone;
        lock (_mirror.Known)
        {
            gone = [.. _mirror.Known.Keys.Where(path => !_told.Contains(path)).OrderByDescending(path => path, StringComparer.Ordinal)];
        }

        gone.ForEach(Clear);
        foreach (var link in _links)
        {
            Clear(link.Path);
            _mirror.Unfinished.Add(link.Path);
            var target = Known(link.Link) is { IsRegular: true } known && _told.Contains(link.Link) ? known : throw EngineException.Invalid($"{Shown(link.Path)} is another name of {Shown(link.Link)}, which was not sent");
            _root.CreateHardLink(link.Link, link.Path);
            Remember(target with { Path = link.Path, Link = link.Link });
        }

        foreach (var directory in Enumerable.Reverse(_directories))
        {
            _root.SetTimes(directory.Path, directory.ModifiedNs, directory.ModifiedNs);
        }

        _mirror.Files.HasAttributes = _hasAttributes;
        return true;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _open.Values)
        {
            file.Dispose();
        }

        _parent?.Handle.Dispose();
    }

    private void Check(ContextEntry entry)
    {
        var path = entry.Path;
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal) || path.Split('/').Any(part => part is "" or "." or ".." || part.Length > LongestName))
        {
            throw EngineException.Invalid($"invalid path in the context: {Shown(path)}");
        }

        if (!_told.Add(path) || _told.Count > MostEntries)
        {
            throw EngineException.Invalid($"the context has {Shown(path)} twice, or too many files");
        }

        var parent = ParentOf(path);
        if (parent.Length > 0 && !(_told.Contains(parent) && Known(parent) is { IsDirectory: true }))
        {
            throw EngineException.Invalid($"the context has {Shown(path)} without its directory");
        }
    }

    private bool Make(ContextEntry entry, ContextEntry? known)
    {
        if (entry.IsDirectory && known is { IsDirectory: true } && entry.Attributes.Count == 0 && known.Attributes.Count == 0)
        {
            _root.SetMode(entry.Path, entry.Permissions);
            Remember(entry);
            return false;
        }

        Clear(entry.Path);
        _mirror.Unfinished.Add(entry.Path);
        var (parent, name) = Parent(entry.Path);
        if (entry.IsDirectory)
        {
            parent.CreateDirectory(name, entry.Permissions);
        }
        else if (entry.IsRegular)
        {
            return true;
        }
        else if ((entry.Mode & ContextEntry.TypeMask) == ContextEntry.SymbolicLink)
        {
            parent.CreateSymlink(entry.Link, name);
        }
        else
        {
            parent.CreateNode(name, entry.Mode, entry.Device);
        }

        Dress(entry);
        Remember(entry);
        return false;
    }

    private void Dress(ContextEntry entry)
    {
        var (parent, name) = Parent(entry.Path);
        if (entry.IsRegular)
        {
            parent.SetMode(name, entry.Permissions);
        }

        foreach (var (attribute, value) in entry.Attributes.Where(pair => LayerAttributes.IsContent(pair.Key)))
        {
            LayerAttributes.Try(() => parent.SetXattr(name, attribute, value));
        }

        parent.SetTimes(name, entry.ModifiedNs, entry.ModifiedNs);
    }

    private OpenFile Open(ContextEntry entry)
    {
        if (_open.TryGetValue(entry.Path, out var open))
        {
            return open;
        }

        if (_open.Count >= MostOpen)
        {
            throw EngineException.Invalid("the client sends too many files at once");
        }

        var (parent, name) = Parent(entry.Path);
        return _open[entry.Path] = new OpenFile(parent.CreateFile(name, UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    // Files come directory by directory.
    private (DirHandle Directory, string Name) Parent(string path)
    {
        var parent = ParentOf(path);
        if (_parent is not { } held || held.Path != parent)
        {
            _parent?.Handle.Dispose();
            _parent = null;
            _parent = held = (parent, _root.OpenDirectory(parent.Length == 0 ? "." : parent));
        }

        return (held.Handle, path[(parent.Length == 0 ? 0 : parent.Length + 1)..]);
    }

    private ContextEntry? Known(string path)
    {
        lock (_mirror.Known)
        {
            return _mirror.Known.GetValueOrDefault(path);
        }
    }

    private void Remember(ContextEntry entry)
    {
        lock (_mirror.Known)
        {
            _mirror.Known[entry.Path] = entry;
        }

        _mirror.Unfinished.Remove(entry.Path);
    }

    // Takes away what is at a path, with everything below.
    private void Clear(string path)
    {
        _parent?.Handle.Dispose();
        _parent = null;
        lock (_mirror.Known)
        {
            var below = path + "/";
            var wasDirectory = _mirror.Known.Remove(path, out var known) && known.IsDirectory;
            foreach (var child in wasDirectory ? _mirror.Known.Keys.Where(other => other.StartsWith(below, StringComparison.Ordinal)).ToList() : [])
            {
                _mirror.Known.Remove(child);
                _mirror.Files.Digests.TryRemove(child, out _);
            }
        }

        _mirror.Files.Digests.TryRemove(path, out _);
        if (_root.Stat(path) is not null)
        {
            _root.RemoveTree(path);
        }
    }

    private static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    private static EngineException? Translate(Exception e) => e is EngineException ? null : LayerErrors.Translate(e);

    private static string ParentOf(string path) => path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "";

    private static string Shown(string path) => path.Length > 200 ? path[..200] + "…" : path;

    private sealed class OpenFile(SafeFileHandle handle) : IDisposable
    {
        internal SafeFileHandle Handle { get; } = handle;

        internal IncrementalHash Hash { get; } = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        internal long Length { get; set; }

        public void Dispose()
        {
            Handle.Dispose();
            Hash.Dispose();
        }
    }
}
