using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// rm -r by descriptors. Symbolic links are removed, not followed, and mount points are not entered (EXDEV). A directory deeper than
/// <see cref="Deepest"/> is moved up first, so that hostile depth costs neither stack nor descriptors.
/// </summary>
internal static class TreeRemoval
{
    private const int Deepest = 64;

    internal static void RemoveOne(SafeFileHandle parent, byte[] name, string shown)
    {
        if (FileCalls.UnlinkAt(parent, name, 0) == 0)
        {
            return;
        }

        var errno = Marshal.GetLastPInvokeError();
        if (errno is Errno.IsDirectory or Errno.NotPermitted
            && FileStat.At(parent, name, followLast: false, shown) is { IsDirectory: true })
        {
            LinuxException.Check(FileCalls.UnlinkAt(parent, name, FileCalls.AtRemoveDirectory), "rmdir", shown);
            return;
        }

        throw new LinuxException("unlink", shown, errno);
    }

    internal static void Remove(SafeFileHandle parent, byte[] name, string shown)
    {
        switch (FileStat.At(parent, name, followLast: false, shown))
        {
            case null:
                throw new LinuxException("unlink", shown, Errno.NoEntry);
            case { IsDirectory: true }:
                var moved = 0;
                using (var top = Open(parent, name, shown))
                {
                    while (Empty(top, top, 0, ref moved, shown))
                    {
                    }
                }

                LinuxException.Check(FileCalls.UnlinkAt(parent, name, FileCalls.AtRemoveDirectory), "rmdir", shown);
                break;
            default:
                LinuxException.Check(FileCalls.UnlinkAt(parent, name, 0), "unlink", shown);
                break;
        }
    }

    /// <summary>Empties a directory; true when something was moved up into the top and another round is needed.</summary>
    private static bool Empty(SafeFileHandle dir, SafeFileHandle top, int depth, ref int moved, string shown)
    {
        var again = false;
        foreach (var entry in DirectoryReader.Read(Open(dir, ".\0"u8.ToArray(), shown)).ToList())
        {
            var name = PathText.Terminated(entry.Name);
            if (entry.Kind is not (EntryKind.Directory or EntryKind.Unknown) || !IsDirectory(dir, name, entry))
            {
                Unlink(dir, name, 0, shown);
            }
            else if (depth == Deepest)
            {
                MoveUp(dir, name, top, ref moved, shown);
                again = true;
            }
            else
            {
                using (var child = Open(dir, name, shown))
                {
                    again |= Empty(child, top, depth + 1, ref moved, shown);
                }

                Unlink(dir, name, FileCalls.AtRemoveDirectory, shown);
            }
        }

        return again;
    }

    private static bool IsDirectory(SafeFileHandle dir, byte[] name, DirEntry entry) =>
        entry.Kind == EntryKind.Directory || FileStat.At(dir, name, followLast: false, entry.Name) is { IsDirectory: true };

    private static void MoveUp(SafeFileHandle dir, byte[] name, SafeFileHandle top, ref int moved, string shown)
    {
        while (true)
        {
            var target = PathText.Terminated(string.Create(CultureInfo.InvariantCulture, $".removed-{moved++}"));
            if (FileCalls.RenameAt(dir, name, top, target, FileCalls.RenameNoReplace) == 0)
            {
                return;
            }

            var failure = LinuxException.Last("rename", shown);
            if (!failure.IsExists)
            {
                throw failure;
            }
        }
    }

    private static void Unlink(SafeFileHandle dir, byte[] name, int flags, string shown)
    {
        if (FileCalls.UnlinkAt(dir, name, flags) != 0 && Marshal.GetLastPInvokeError() != Errno.NoEntry)
        {
            throw LinuxException.Last(flags == 0 ? "unlink" : "rmdir", shown);
        }
    }

    private static SafeFileHandle Open(SafeFileHandle parent, byte[] name, string shown) =>
        Descriptors.Own(
            FileCalls.OpenIn(parent, name, FileCalls.DirectoryOnly | FileCalls.NoFollow, 0, FileCalls.ResolveNoCrossDevice | FileCalls.ResolveBeneath),
            "open",
            shown);
}
