using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// One open directory. Every operation names a single entry of it, never follows a symbolic link there and costs one or two system calls;
/// keep one open while many files of a directory are written.
/// </summary>
public sealed class DirHandle : IDisposable
{
    private const UnixFileMode SetIds = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    internal DirHandle(SafeFileHandle fd) => Fd = fd;

    /// <summary>The directory (O_PATH).</summary>
    public SafeFileHandle Fd { get; }

    // mkdir and open subtract the umask; what it takes away is set again.
    private static UnixFileMode Umask { get; } = ReadUmask();

    /// <inheritdoc/>
    public void Dispose() => Fd.Dispose();

    /// <summary>Creates a regular file for writing with exactly this mode; EEXIST when the name is taken, even by a dangling link.</summary>
    public SafeFileHandle CreateFile(string name, UnixFileMode mode)
    {
        var flags = FileCalls.Create | FileCalls.Exclusive | FileCalls.NoFollow | FileCalls.WriteOnly | FileCalls.CloseOnExec;
        var file = Descriptors.Own(FileCalls.OpenAt(Fd, Single(name), flags, (uint)mode), "open", name);
        if ((mode & Umask) != 0)
        {
            OpenFileAttributes.SetMode(file, mode);
        }

        return file;
    }

    /// <summary>Opens an existing regular file for reading; ELOOP when it is a link, EINVAL when it is no regular file.</summary>
    public SafeFileHandle OpenRead(string name)
    {
        var flags = FileCalls.ReadOnly | FileCalls.NoFollow | FileCalls.NonBlocking | FileCalls.CloseOnExec | FileCalls.NoControllingTerminal;
        return RegularOnly(Descriptors.Own(FileCalls.OpenAt(Fd, Single(name), flags, 0), "open", name), name);
    }

    /// <summary>Creates a directory with exactly this mode.</summary>
    public void CreateDirectory(string name, UnixFileMode mode)
    {
        LinuxException.Check(FileCalls.MakeDirectoryAt(Fd, Single(name), (uint)mode), "mkdir", name);
        if ((mode & (Umask | SetIds)) != 0)
        {
            SetMode(name, mode);
        }
    }

    /// <summary>Creates a symbolic link with that text as target.</summary>
    public void CreateSymlink(string target, string name) =>
        LinuxException.Check(FileCalls.SymlinkAt(PathText.Terminated(target), Fd, Single(name)), "symlink", name);

    /// <summary>Gives an entry of another (or the same) directory a second name here. A link is linked itself.</summary>
    public void CreateHardLink(DirHandle existingParent, string existingName, string newName) =>
        LinuxException.Check(FileCalls.LinkAt(existingParent.Fd, Single(existingName), Fd, Single(newName), 0), "link", newName);

    /// <summary>mknod(2); <paramref name="mode"/> carries the type bits too (S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFREG).</summary>
    public void CreateNode(string name, uint mode, DeviceNumber dev)
    {
        LinuxException.Check(FileCalls.MakeNodeAt(Fd, Single(name), mode, dev.Packed), "mknod", name);
        var permissions = (UnixFileMode)(mode & 0xFFF);
        if ((permissions & Umask) != 0)
        {
            SetMode(name, permissions);
        }
    }

    /// <summary>Creates a fifo.</summary>
    public void CreateFifo(string name, UnixFileMode mode) => CreateNode(name, 0x1000 | (uint)mode, default);

    /// <summary>Removes a file, link, node or empty directory.</summary>
    public void Remove(string name) => TreeRemoval.RemoveOne(Fd, Single(name), name);

    /// <summary>Removes an entry with everything below it. A link is removed, not followed; EXDEV when something is still mounted below.</summary>
    public void RemoveTree(string name) => TreeRemoval.Remove(Fd, Single(name), name);

    /// <summary>The entry's status, or null when there is none.</summary>
    public FileStat? Stat(string name) => FileStat.At(Fd, Single(name), followLast: false, name);

    /// <summary>Renames an entry, replacing what has the new name.</summary>
    public void Rename(string from, DirHandle toParent, string to) =>
        LinuxException.Check(FileCalls.RenameAt(Fd, Single(from), toParent.Fd, Single(to), 0), "rename", from);

    /// <summary>A link's text.</summary>
    public string ReadLink(string name) => LinkText.Read(Fd, Single(name), name);

    /// <summary>Changes the owner of the entry itself.</summary>
    public void SetOwner(string name, uint uid, uint gid) =>
        LinuxException.Check(FileCalls.ChownAt(Fd, Single(name), uid, gid, FileCalls.AtSymlinkNoFollow), "chown", name);

    /// <summary>Changes the permission bits; EOPNOTSUPP for a link, which has none.</summary>
    public void SetMode(string name, UnixFileMode mode)
    {
        using var entry = Reference(name);
        EntryAttributes.SetMode(entry, mode, name);
    }

    /// <summary>Sets both times of the entry itself, nanoseconds since 1970.</summary>
    public void SetTimes(string name, long atimeNs, long mtimeNs) =>
        LinuxException.Check(
            FileCalls.SetTimesAt(Fd, Single(name), OpenFileAttributes.Times(atimeNs, mtimeNs), FileCalls.AtSymlinkNoFollow), "utimensat", name);

    /// <summary>Sets an extended attribute of the entry itself.</summary>
    public void SetXattr(string name, string attribute, ReadOnlySpan<byte> value)
    {
        using var entry = Reference(name);
        EntryAttributes.SetXattr(entry, attribute, value);
    }

    /// <summary>Opens a directory in this one; ELOOP or ENOTDIR for anything else.</summary>
    public DirHandle OpenChild(string name) =>
        new(Descriptors.Own(
            FileCalls.OpenAt(Fd, Single(name), FileCalls.PathOnly | FileCalls.DirectoryOnly | FileCalls.NoFollow | FileCalls.CloseOnExec, 0), "open", name));

    /// <summary>A reference (O_PATH) to an entry, not followed, that lasts when the name is gone.</summary>
    public SafeFileHandle Reference(string name) =>
        Descriptors.Own(FileCalls.OpenAt(Fd, Single(name), FileCalls.PathOnly | FileCalls.NoFollow | FileCalls.CloseOnExec, 0), "open", name);

    internal static SafeFileHandle RegularOnly(SafeFileHandle file, string path)
    {
        try
        {
            if (!FileStat.Of(file).IsRegular)
            {
                throw new LinuxException("open", path, Errno.Invalid);
            }

            Descriptors.SetNonBlocking(file, on: false);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static byte[] Single(string name)
    {
        if (name is "" or "." or ".." || name.Contains('/', StringComparison.Ordinal))
        {
            throw new LinuxException("name", name, Errno.Invalid);
        }

        return PathText.Terminated(name);
    }

    private static UnixFileMode ReadUmask()
    {
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("Umask:", StringComparison.Ordinal));
        return line is null
            ? UnixFileMode.GroupWrite | UnixFileMode.OtherWrite
            : (UnixFileMode)Convert.ToInt32(line[6..].Trim(), 8);
    }
}
