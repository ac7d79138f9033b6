using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>
/// Copies a tree of an image into another directory with owners, modes, times, extended attributes and hard links. Files appear whole, by
/// rename; what already exists is left alone, so that an interrupted copy can be repeated.
/// </summary>
internal sealed class TreeCopy(CancellationToken cancel)
{
    private const string Unfinished = ".slipway-copy-unfinished";
    private const int Deepest = 500;

    private readonly Dictionary<(DeviceNumber, ulong), string> _linked = [];
    private SafePath? _target;
    private bool _any;

    /// <summary>Copies the content and the attributes of the directory itself. True when there was content.</summary>
    internal bool Run(SafePath from, SafePath to)
    {
        _target = to;
        using (var root = to.OpenDirectory("."))
        {
            CopyChildren(from, root, "", 0);
        }

        var stat = FileStat.Of(from.Fd);
        to.SetOwner(".", stat.Uid, stat.Gid);
        to.SetMode(".", stat.Permissions);
        foreach (var (name, value) in Xattrs(from, "."))
        {
            Try(() => to.SetXattr(".", name, value));
        }

        to.SetTimes(".", stat.ATimeNs, stat.MTimeNs);
        return _any;
    }

    private void CopyChildren(SafePath from, DirHandle to, string path, int depth)
    {
        if (depth > Deepest)
        {
            throw new LinuxException("open", path, Errno.NameTooLong);
        }

        foreach (var entry in from.ReadDirectory(".").ToList())
        {
            cancel.ThrowIfCancellationRequested();
            if (from.Stat(entry.Name) is { IsSocket: false } stat && !(stat.IsCharacterDevice && stat.Rdev == default))
            {
                _any = true;
                CopyEntry(from, to, entry.Name, $"{path}/{entry.Name}", stat, depth);
            }
        }
    }

    private void CopyEntry(SafePath from, DirHandle to, string name, string path, FileStat stat, int depth)
    {
        var there = to.Stat(name);
        if (stat.IsDirectory)
        {
            CopyDirectory(from, to, name, path, stat, there, depth);
        }
        else if (there is not null)
        {
            _linked.TryAdd((stat.Dev, stat.Ino), path);
        }
        else if (stat.NLink > 1 && !_linked.TryAdd((stat.Dev, stat.Ino), path))
        {
            _target!.CreateHardLink(_linked[(stat.Dev, stat.Ino)], path);
        }
        else
        {
            CopyLeaf(from, to, name, stat);
        }
    }

    private void CopyDirectory(SafePath from, DirHandle to, string name, string path, FileStat stat, FileStat? there, int depth)
    {
        if (there is { IsDirectory: false })
        {
            return;
        }

        if (there is null)
        {
            to.CreateDirectory(name, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        using (var source = from.OpenSubroot(name))
        {
            using var target = to.OpenChild(name);
            CopyChildren(source, target, path, depth + 1);
        }

        Attributes(from, to, name, stat);
    }

    private static void CopyLeaf(SafePath from, DirHandle to, string name, FileStat stat)
    {
        if (to.Stat(Unfinished) is not null)
        {
            to.Remove(Unfinished);
        }

        if (stat.IsRegular)
        {
            using var file = to.CreateFile(Unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            CopyContent(from, name, file, stat.Size);
        }
        else if (stat.IsSymlink)
        {
            to.CreateSymlink(from.ReadLink(name), Unfinished);
        }
        else
        {
            to.CreateNode(Unfinished, stat.Mode, stat.Rdev);
        }

        Attributes(from, to, name, stat, Unfinished);
        to.Rename(Unfinished, to, name);
    }

    private static void CopyContent(SafePath from, string name, SafeFileHandle file, long size)
    {
        if (size > 0)
        {
            using var source = from.OpenRead(name, followLast: false);
            FileCopy.CopyFileRange(source, file, size);
        }
    }

    private static void Attributes(SafePath from, DirHandle to, string name, FileStat stat, string? written = null)
    {
        var target = written ?? name;
        to.SetOwner(target, stat.Uid, stat.Gid);
        if (!stat.IsSymlink)
        {
            to.SetMode(target, stat.Permissions);
        }

        foreach (var (attribute, value) in Xattrs(from, name))
        {
            Try(() => to.SetXattr(target, attribute, value));
        }

        to.SetTimes(target, stat.ATimeNs, stat.MTimeNs);
    }

    private static IEnumerable<(string Name, byte[] Value)> Xattrs(SafePath root, string path)
    {
        foreach (var name in root.ListXattr(path).Where(name => !name.StartsWith("trusted.overlay.", StringComparison.Ordinal)))
        {
            if (root.GetXattr(path, name) is { } value)
            {
                yield return (name, value);
            }
        }
    }

    // What the target's file system does not keep (labels, file capabilities on nfs) is left out.
    private static void Try(Action set)
    {
        try
        {
            set();
        }
        catch (LinuxException e) when (e.IsNotSupported || e.IsPermission)
        {
            return;
        }
    }
}
