using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>
/// Writes a directory tree that a container controls as tar. It walks by descriptors and follows no link; sockets are left out, fifos and
/// devices become entries and are never opened; a file under change is cut or filled to the size that its header says.
/// </summary>
public sealed class TreeArchive(TarWriter tar, CancellationToken cancel)
{
    // Every level holds two descriptors.
    private const int Deepest = 1000;

    // (device, inode) of files with several names → the first name in the archive.
    private readonly Dictionary<(DeviceNumber, ulong), string> _linked = [];

    /// <summary>Writes the directory itself and everything below it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">Its name in the archive without a slash at the end; empty leaves out the directory's own entry.</param>
    public async Task WriteDirectoryAsync(SafePath directory, string name)
    {
        if (name.Length > 0)
        {
            await tar.WriteAsync(Entry(FileStat.Of(directory.Fd), TarKind.Directory, name + "/", Xattrs(directory, ".")), cancel).ConfigureAwait(false);
        }

        await WriteChildrenAsync(directory, name.Length == 0 || name == "/" ? name : name + "/", 0).ConfigureAwait(false);
    }

    /// <summary>Writes one entry that is no directory.</summary>
    /// <param name="parent">The directory that holds it.</param>
    /// <param name="entry">Its name there.</param>
    /// <param name="name">Its name in the archive.</param>
    public async Task WriteOtherAsync(SafePath parent, string entry, string name)
    {
        if (parent.Stat(entry) is { IsSocket: false } stat)
        {
            await WriteLeafAsync(parent, entry, name, stat).ConfigureAwait(false);
        }
    }

    private async Task WriteChildrenAsync(SafePath directory, string prefix, int depth)
    {
        foreach (var child in directory.ReadDirectory(".").OrderBy(child => child.Name, StringComparer.Ordinal).ToList())
        {
            cancel.ThrowIfCancellationRequested();
            if (directory.Stat(child.Name) is not { IsSocket: false } stat)
            {
                continue;
            }

            if (stat.IsDirectory)
            {
                await WriteChildAsync(directory, child.Name, prefix + child.Name, depth).ConfigureAwait(false);
            }
            else
            {
                await WriteLeafAsync(directory, child.Name, prefix + child.Name, stat).ConfigureAwait(false);
            }
        }
    }

    private async Task WriteChildAsync(SafePath parent, string entry, string name, int depth)
    {
        if (depth == Deepest)
        {
            throw new LinuxException("open", name, Errno.NameTooLong);
        }

        if (Enter(parent, entry) is { } child)
        {
            using (child)
            {
                await tar.WriteAsync(Entry(FileStat.Of(child.Fd), TarKind.Directory, name + "/", Xattrs(child, ".")), cancel).ConfigureAwait(false);
                await WriteChildrenAsync(child, name + "/", depth + 1).ConfigureAwait(false);
            }
        }
    }

    // What the container removes or replaces by a link meanwhile is left out.
    private static SafePath? Enter(SafePath parent, string entry)
    {
        try
        {
            using var dir = parent.OpenDirectory(".");
            using var child = dir.OpenChild(entry);
            return SafePath.FromFd(Descriptors.Duplicate(child.Fd));
        }
        catch (LinuxException gone) when (gone.IsNotFound || gone.IsLoop)
        {
            return null;
        }
    }

    private async Task WriteLeafAsync(SafePath parent, string entry, string name, FileStat stat)
    {
        if (stat.NLink > 1 && !_linked.TryAdd((stat.Dev, stat.Ino), name))
        {
            await tar.WriteAsync(Entry(stat, TarKind.HardLink, name, null) with { LinkName = _linked[(stat.Dev, stat.Ino)] }, cancel).ConfigureAwait(false);
        }
        else if (stat.IsRegular)
        {
            await WriteFileAsync(parent, entry, name, stat).ConfigureAwait(false);
        }
        else if (Special(parent, entry, name, stat) is { } special)
        {
            await tar.WriteAsync(special, cancel).ConfigureAwait(false);
        }
    }

    // Without content there is nothing to open: files of procfs say 0 and may block a reader.
    private async Task WriteFileAsync(SafePath parent, string entry, string name, FileStat stat)
    {
        if (stat.Size == 0)
        {
            await tar.WriteAsync(Entry(stat, TarKind.File, name, Xattrs(parent, entry)), cancel).ConfigureAwait(false);
            return;
        }

        Microsoft.Win32.SafeHandles.SafeFileHandle file;
        try
        {
            file = parent.OpenRead(entry, followLast: false);
        }
        catch (LinuxException gone) when (gone.IsNotFound || gone.IsLoop || gone.Errno is Errno.Invalid or Errno.IsDirectory)
        {
            return;
        }

        using (file)
        {
            var open = FileStat.Of(file);
            await tar.WriteAsync(Entry(open, TarKind.File, name, Xattrs(parent, entry)) with { Size = open.Size }, cancel).ConfigureAwait(false);
            await tar.CopyAsync(file, open.Size, cancel).ConfigureAwait(false);
        }
    }

    private static TarEntry? Special(SafePath parent, string entry, string name, FileStat stat)
    {
        try
        {
            return stat switch
            {
                { IsSymlink: true } => Entry(stat, TarKind.SymbolicLink, name, null) with { LinkName = parent.ReadLink(entry), Mode = (UnixFileMode)0x1FF },
                { IsFifo: true } => Entry(stat, TarKind.Fifo, name, null),
                { IsCharacterDevice: true } => Entry(stat, TarKind.CharacterDevice, name, null) with { Major = stat.Rdev.Major, Minor = stat.Rdev.Minor },
                { IsBlockDevice: true } => Entry(stat, TarKind.BlockDevice, name, null) with { Major = stat.Rdev.Major, Minor = stat.Rdev.Minor },
                _ => null,
            };
        }
        catch (LinuxException gone) when (gone.IsNotFound || gone.Errno == Errno.Invalid)
        {
            return null;
        }
    }

    private static TarEntry Entry(FileStat stat, TarKind kind, string name, IReadOnlyList<KeyValuePair<string, byte[]>>? xattrs) => new()
    {
        Kind = kind,
        Name = name == "//" ? "/" : name,
        Mode = stat.Permissions,
        Uid = stat.Uid,
        Gid = stat.Gid,
        ModifiedNs = stat.MTimeNs,
        Attributes = xattrs,
    };

    // File capabilities and the user's own attributes; the rest belongs to the host's file system.
    private static IReadOnlyList<KeyValuePair<string, byte[]>>? Xattrs(SafePath root, string path)
    {
        try
        {
            var names = root.ListXattr(path);
            return names.Count == 0 ? null : [.. names
                .Where(name => name == "security.capability" || name.StartsWith("user.", StringComparison.Ordinal))
                .Select(name => KeyValuePair.Create(name, root.GetXattr(path, name)))
                .Where(pair => pair.Value is not null)
                .Select(pair => KeyValuePair.Create(pair.Key, pair.Value!))];
        }
        catch (LinuxException gone) when (gone.IsNotFound || gone.IsNotSupported)
        {
            return null;
        }
    }
}
