using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>
/// The directory a layer is unpacked into. Parents are resolved inside it by the kernel and kept open, so that a file costs few calls; the
/// cache is dropped whenever something that paths may lead through is removed, so that it never outlives what it stands for.
/// </summary>
internal sealed class LayerTree(SafePath root) : IDisposable
{
    private const int MostOpen = 200;
    private const UnixFileMode ImpliedMode = (UnixFileMode)0x1ED; // 0755

    private readonly Dictionary<string, DirHandle> _open = [];
    private string? _lastPath;
    private DirHandle? _last;

    /// <summary>Directories that no entry described, outermost first.</summary>
    internal HashSet<string> Implied { get; } = [];

    /// <summary>The open directory of a clean path, created with its parents when it is missing.</summary>
    internal DirHandle Directory(string path)
    {
        if (_lastPath == path)
        {
            return _last!;
        }

        if (!_open.TryGetValue(path, out var handle))
        {
            if (_open.Count >= MostOpen)
            {
                Forget();
            }

            handle = Open(path);
            _open.Add(path, handle);
        }

        (_lastPath, _last) = (path, handle);
        return handle;
    }

    /// <summary>The open directory of a clean path, or null when there is none.</summary>
    internal DirHandle? Existing(string path)
    {
        try
        {
            return _open.TryGetValue(path, out var handle) ? handle : Keep(path, root.OpenDirectory(path));
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Removes whatever has this name.</summary>
    internal void Clear(DirHandle parent, string name, FileStat found)
    {
        if (found.IsDirectory)
        {
            parent.RemoveTree(name);
        }
        else
        {
            parent.Remove(name);
        }

        if (!found.IsRegular)
        {
            // The directory in use stays open: it is not what was removed.
            ForgetBut(parent);
        }
    }

    public void Dispose() => Forget();

    private void Forget() => ForgetBut(null);

    private void ForgetBut(DirHandle? kept)
    {
        var path = _open.FirstOrDefault(entry => entry.Value == kept).Key;
        foreach (var handle in _open.Values.Where(handle => handle != kept))
        {
            handle.Dispose();
        }

        _open.Clear();
        (_lastPath, _last) = (null, null);
        if (kept is not null && path is not null)
        {
            _open.Add(path, kept);
        }
    }

    private DirHandle Keep(string path, DirHandle handle)
    {
        if (_open.Count >= MostOpen)
        {
            Forget();
        }

        _open[path] = handle;
        return handle;
    }

    private DirHandle Open(string path)
    {
        try
        {
            return root.OpenDirectory(path);
        }
        catch (LinuxException e) when (e.IsNotFound && path.Length > 0)
        {
            RemoveWhiteouts(path);
            foreach (var made in root.EnsureDirectories(path, ImpliedMode))
            {
                Implied.Add(made.Trim('/'));
            }

            return root.OpenDirectory(path);
        }
    }

    // The layer removed a name before and now brings a directory there: nothing from below may show through it.
    private void RemoveWhiteouts(string path)
    {
        for (var end = path.IndexOf('/', StringComparison.Ordinal); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            if (root.Stat(part) is { IsCharacterDevice: true } stat && stat.Rdev == new DeviceNumber(0, 0))
            {
                root.Remove(part);
                root.CreateDirectory(part, ImpliedMode);
                root.SetXattr(part, "trusted.overlay.opaque", "y"u8);
            }

            if (end < 0)
            {
                return;
            }
        }
    }
}
