using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Changes of files that survive a power cut: after a call returns, the change is on the disk; before, the old state is there whole.</summary>
public static class DurableFile
{
    /// <summary>Replaces a file's content: temporary file beside it, fsync, rename, fsync of the directory.</summary>
    /// <param name="path">The file; its directory exists.</param>
    /// <param name="data">The whole new content.</param>
    /// <param name="mode">The file's permissions.</param>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> data, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var dir = DirectoryOf(path);
        var temporary = Path.Combine(dir, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        try
        {
            using (var file = File.OpenHandle(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: 0))
            {
                OpenFileAttributes.SetMode(file, mode);
                RandomAccess.Write(file, data, 0);
                Sync(file);
            }

            LinuxException.Check(Rename(temporary, path, 0), "rename", path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        SyncDirectory(dir);
    }

    /// <summary>Renames (replacing) and flushes both directories.</summary>
    public static void Rename(string from, string to)
    {
        LinuxException.Check(Rename(from, to, 0), "rename", from);
        SyncParents(from, to);
    }

    /// <summary>Exchanges two paths at once (renameat2(2), RENAME_EXCHANGE) and flushes both directories.</summary>
    public static void RenameExchange(string first, string second)
    {
        LinuxException.Check(Rename(first, second, FileCalls.RenameExchange), "renameat2", first);
        SyncParents(first, second);
    }

    /// <summary>Flushes a directory's entries.</summary>
    public static void SyncDirectory(string dir)
    {
        using var handle = OpenDirectory(dir);
        LinuxException.Check(FileCalls.Sync(handle), "fsync", dir);
    }

    /// <summary>Flushes the whole file system that holds the path (syncfs(2)): cheaper than fsync for thousands of files.</summary>
    public static void SyncFileSystem(string anyPathOnIt)
    {
        using var handle = Descriptors.Own(
            FileCalls.Open(PathText.Terminated(anyPathOnIt), FileCalls.ReadOnly | FileCalls.NonBlocking | FileCalls.CloseOnExec, 0), "open", anyPathOnIt);
        LinuxException.Check(FileCalls.SyncFileSystem(handle), "syncfs", anyPathOnIt);
    }

    /// <summary>Flushes an open file.</summary>
    public static void Sync(SafeFileHandle file) => LinuxException.Check(FileCalls.Sync(file), "fsync");

    /// <summary>
    /// Starts to write part of a file to the device without waiting (sync_file_range(2)), so that the flush to come finds little left to do.
    /// Says nothing about durability: the flush is needed all the same.
    /// </summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes; 0 for all that follow.</param>
    public static void BeginWriteback(SafeFileHandle file, long offset, long length) =>
        _ = FileCalls.SyncFileRange(file, offset, length, FileCalls.SyncFileRangeWrite);

    private static int Rename(string from, string to, uint flags) =>
        FileCalls.RenameAt(
            FileCalls.CurrentDirectory, PathText.Terminated(from), FileCalls.CurrentDirectory, PathText.Terminated(to), flags);

    private static void SyncParents(string from, string to)
    {
        var (source, target) = (DirectoryOf(from), DirectoryOf(to));
        SyncDirectory(target);
        if (source != target)
        {
            SyncDirectory(source);
        }
    }

    private static string DirectoryOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";

    private static SafeFileHandle OpenDirectory(string dir) =>
        Descriptors.Own(
            FileCalls.Open(PathText.Terminated(dir), FileCalls.ReadOnly | FileCalls.DirectoryOnly | FileCalls.CloseOnExec, 0), "open", dir);
}
