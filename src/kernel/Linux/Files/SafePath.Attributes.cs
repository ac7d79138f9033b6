using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

public sealed partial class SafePath
{
    // MAXSYMLINKS of the kernel.
    private const int MostLinks = 40;

    /// <summary>Creates the directory and its missing parents (mkdir -p) and returns the new ones, outermost first, as paths inside the root without a leading '/'.</summary>
    public IReadOnlyList<string> EnsureDirectories(string path, UnixFileMode mode)
    {
        var made = new List<string>();
        var current = "";
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            current = current.Length == 0 ? part : current + "/" + part;
            if (part is "." or ".." || Stat(current, followLast: true) is { IsDirectory: true })
            {
                continue;
            }

            // A dangling link on the way: make the directory it means.
            var target = Stat(current) is { IsSymlink: true } ? Resolve(current)[1..] : current;
            try
            {
                CreateDirectory(target, mode);
                made.Add(target);
            }
            catch (LinuxException raced) when (raced.IsExists && Stat(target, followLast: true) is { IsDirectory: true })
            {
                continue;
            }
        }

        return made;
    }

    /// <summary>A link's text.</summary>
    public string ReadLink(string path)
    {
        using var link = Reach(path, FileCalls.PathOnly | FileCalls.NoFollow);
        return LinkText.Read(link, [0], path);
    }

    /// <summary>The entries of a directory but "." and "..", in the file system's order, read while they are enumerated.</summary>
    public IEnumerable<DirEntry> ReadDirectory(string path) =>
        DirectoryReader.Read(Reach(path, FileCalls.ReadOnly | FileCalls.DirectoryOnly));

    /// <summary>Changes the owner of the object itself. Clears set-id bits, so set the mode afterwards.</summary>
    public void SetOwner(string path, uint uid, uint gid)
    {
        using var entry = Entry(path);
        LinuxException.Check(FileCalls.ChownAt(entry, [0], uid, gid, FileCalls.AtEmptyPath), "chown", path);
    }

    /// <summary>Changes the permission bits; EOPNOTSUPP for a link, which has none.</summary>
    public void SetMode(string path, UnixFileMode mode)
    {
        using var entry = Entry(path);
        EntryAttributes.SetMode(entry, mode, path);
    }

    /// <summary>Sets both times of the object itself, nanoseconds since 1970.</summary>
    public void SetTimes(string path, long atimeNs, long mtimeNs)
    {
        using var entry = Entry(path);
        LinuxException.Check(
            FileCalls.SetTimesAt(entry, [0], OpenFileAttributes.Times(atimeNs, mtimeNs), FileCalls.AtEmptyPath), "utimensat", path);
    }

    /// <summary>Sets an extended attribute of the object itself.</summary>
    public void SetXattr(string path, string name, ReadOnlySpan<byte> value)
    {
        using var entry = Entry(path);
        EntryAttributes.SetXattr(entry, name, value);
    }

    /// <summary>An extended attribute's value, or null when the object has no such attribute.</summary>
    public byte[]? GetXattr(string path, string name)
    {
        using var entry = Entry(path);
        return EntryAttributes.GetXattr(entry, name);
    }

    /// <summary>The names of the object's extended attributes.</summary>
    public IReadOnlyList<string> ListXattr(string path)
    {
        using var entry = Entry(path);
        return EntryAttributes.ListXattr(entry);
    }

    /// <summary>Removes an extended attribute; ENODATA when there is none.</summary>
    public void RemoveXattr(string path, string name)
    {
        using var entry = Entry(path);
        EntryAttributes.RemoveXattr(entry, name);
    }

    /// <summary>
    /// The canonical path inside the root, beginning with '/', all links resolved. What does not exist is kept as it is written, so that the
    /// result can be created. The answer is text: use it with this root again, never as a host path.
    /// </summary>
    public string Resolve(string path)
    {
        var waiting = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var done = new List<string>();
        var links = 0;
        while (waiting.TryPop(out var part))
        {
            switch (part)
            {
                case ".":
                    continue;
                case "..":
                    done.RemoveRange(Math.Max(0, done.Count - 1), Math.Min(1, done.Count));
                    continue;
            }

            done.Add(part);
            if (Stat(string.Join('/', done)) is not { IsSymlink: true })
            {
                continue;
            }

            if (++links > MostLinks)
            {
                throw new LinuxException("open", path, Errno.Loop);
            }

            Expand(ReadLink(string.Join('/', done)), done, waiting);
        }

        return "/" + string.Join('/', done);
    }

    private static void Expand(string target, List<string> done, Stack<string> waiting)
    {
        done.RemoveRange(target.StartsWith('/') ? 0 : done.Count - 1, target.StartsWith('/') ? done.Count : 1);
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            waiting.Push(part);
        }
    }

    private SafeFileHandle Entry(string path) => Reach(path, FileCalls.PathOnly | FileCalls.NoFollow);
}
