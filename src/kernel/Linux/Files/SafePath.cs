using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// A directory as the root of every path that an image, a container or an archive controls. Paths are resolved by the kernel inside that
/// root (openat2(2), RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS): "..", absolute paths and absolute links stay within. The last component of
/// a path is not followed unless an operation says so. Names are text as <see cref="PathText"/> defines it.
/// </summary>
public sealed partial class SafePath : IDisposable
{
    private const ulong InRoot = FileCalls.ResolveInRoot | FileCalls.ResolveNoMagicLinks;

    private SafePath(SafeFileHandle fd) => Fd = fd;

    /// <summary>The root directory.</summary>
    public SafeFileHandle Fd { get; }

    /// <summary>A host directory as root. The host path itself is trusted and followed.</summary>
    public static SafePath Open(string hostDir) =>
        new(Descriptors.Own(
            FileCalls.Open(PathText.Terminated(hostDir), FileCalls.PathOnly | FileCalls.DirectoryOnly | FileCalls.CloseOnExec, 0), "open", hostDir));

    /// <summary>An open directory (for example a detached mount) as root; the handle is owned from now on.</summary>
    public static SafePath FromFd(SafeFileHandle fd) => new(fd);

    /// <inheritdoc/>
    public void Dispose() => Fd.Dispose();

    /// <summary>A directory below as a root of its own: paths below it can no longer reach this root.</summary>
    public SafePath OpenSubroot(string path) => new(Reach(path, FileCalls.PathOnly | FileCalls.DirectoryOnly));

    /// <summary>Opens whatever is at the path as a reference (O_PATH) that reads and acts on nothing; for a bind mount through <see cref="Descriptors.PathOf"/>.</summary>
    public SafeFileHandle OpenPath(string path, bool followLast = true) => Reach(path, FileCalls.PathOnly | (followLast ? 0 : FileCalls.NoFollow));

    /// <summary>Opens the directory for many operations on its entries.</summary>
    public DirHandle OpenDirectory(string path) => new(Reach(path, FileCalls.PathOnly | FileCalls.DirectoryOnly));

    /// <summary>Opens the directory that holds the path's last component.</summary>
    public DirHandle OpenParent(string path) => OpenParent(path, out _);

    /// <summary>Opens the directory that holds the path's last component; EINVAL when the path is the root or ends in "..".</summary>
    /// <param name="path">A path inside the root.</param>
    /// <param name="name">Its last component.</param>
    public DirHandle OpenParent(string path, out string name)
    {
        var trimmed = path.AsSpan().TrimEnd('/');
        var slash = trimmed.LastIndexOf('/');
        name = trimmed[(slash + 1)..].ToString();
        if (name is "" or "." or "..")
        {
            throw new LinuxException("open", path, Errno.Invalid);
        }

        return OpenDirectory(slash < 0 ? "." : trimmed[..(slash + 1)].ToString());
    }

    /// <summary>Opens a regular file for reading; EINVAL for anything else (a fifo or device is never waited for).</summary>
    public SafeFileHandle OpenRead(string path, bool followLast = true)
    {
        var flags = FileCalls.ReadOnly | FileCalls.NonBlocking | FileCalls.NoControllingTerminal | (followLast ? 0 : FileCalls.NoFollow);
        // A device or fifo may act on being opened, so look before.
        using var found = Reach(path, FileCalls.PathOnly | (followLast ? 0 : FileCalls.NoFollow));
        var stat = FileStat.Of(found);
        if (!stat.IsRegular)
        {
            throw new LinuxException("open", path, stat.IsSymlink ? Errno.Loop : stat.IsDirectory ? Errno.IsDirectory : Errno.Invalid);
        }

        return DirHandle.RegularOnly(Reach(path, flags), path);
    }

    /// <summary>Creates a regular file for writing with exactly this mode; EEXIST when the name is taken.</summary>
    public SafeFileHandle CreateFile(string path, UnixFileMode mode)
    {
        using var parent = OpenParent(path, out var name);
        return parent.CreateFile(name, mode);
    }

    /// <summary>Creates a directory with exactly this mode.</summary>
    public void CreateDirectory(string path, UnixFileMode mode)
    {
        using var parent = OpenParent(path, out var name);
        parent.CreateDirectory(name, mode);
    }

    /// <summary>Creates a symbolic link with that text as target; the target is not looked at.</summary>
    public void CreateSymlink(string target, string path)
    {
        using var parent = OpenParent(path, out var name);
        parent.CreateSymlink(target, name);
    }

    /// <summary>Gives a file a second name. If the existing path is a link, the link itself is linked.</summary>
    public void CreateHardLink(string existingPath, string newPath)
    {
        using var from = OpenParent(existingPath, out var existing);
        using var to = OpenParent(newPath, out var name);
        to.CreateHardLink(from, existing, name);
    }

    /// <summary>mknod(2); <paramref name="mode"/> carries the type bits too (S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK).</summary>
    public void CreateNode(string path, uint mode, DeviceNumber dev)
    {
        using var parent = OpenParent(path, out var name);
        parent.CreateNode(name, mode, dev);
    }

    /// <summary>Creates a fifo.</summary>
    public void CreateFifo(string path, UnixFileMode mode)
    {
        using var parent = OpenParent(path, out var name);
        parent.CreateFifo(name, mode);
    }

    /// <summary>Removes a file, link, node or empty directory.</summary>
    public void Remove(string path)
    {
        using var parent = OpenParent(path, out var name);
        parent.Remove(name);
    }

    /// <summary>Removes an object with everything below it. Links are removed, not followed; EXDEV when something is still mounted below.</summary>
    public void RemoveTree(string path)
    {
        using var parent = OpenParent(path, out var name);
        parent.RemoveTree(name);
    }

    /// <summary>Renames, replacing what has the new name. Neither name is followed.</summary>
    public void Rename(string from, string to)
    {
        using var source = OpenParent(from, out var name);
        using var target = OpenParent(to, out var newName);
        source.Rename(name, target, newName);
    }

    /// <summary>The object's status, or null when there is none.</summary>
    public FileStat? Stat(string path, bool followLast = false)
    {
        using var found = TryReach(path, FileCalls.PathOnly | (followLast ? 0 : FileCalls.NoFollow));
        return found is null ? null : FileStat.Of(found);
    }

    private SafeFileHandle Reach(string path, int flags) =>
        Descriptors.Own(FileCalls.OpenIn(Fd, Inside(path), flags, 0, InRoot), "open", path);

    private SafeFileHandle? TryReach(string path, int flags)
    {
        var fd = FileCalls.OpenIn(Fd, Inside(path), flags, 0, InRoot);
        if (fd >= 0)
        {
            return new SafeFileHandle((nint)fd, ownsHandle: true);
        }

        var failure = new LinuxException("open", path, Marshal.GetLastPInvokeError());
        return failure.IsNotFound ? null : throw failure;
    }

    private static byte[] Inside(string path) => PathText.Terminated(path.Length == 0 ? "." : path);
}
