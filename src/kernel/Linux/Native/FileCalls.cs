using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux.Native;

/// <summary>open(2), *at(2) and what works on a descriptor. Flag values hold for x86_64 and arm64 unless they are looked up.</summary>
internal static partial class FileCalls
{
    internal const int CurrentDirectory = -100;
    internal const int ReadOnly = 0;
    internal const int WriteOnly = 1;
    internal const int ReadWrite = 2;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int NoControllingTerminal = 0x100;
    internal const int NonBlocking = 0x800;
    internal const int CloseOnExec = 0x80000;
    internal const int PathOnly = 0x200000;

    internal const int AtSymlinkNoFollow = 0x100;
    internal const int AtRemoveDirectory = 0x200;
    internal const int AtSymlinkFollow = 0x400;
    internal const int AtEmptyPath = 0x1000;

    internal const ulong ResolveNoCrossDevice = 1;
    internal const ulong ResolveNoMagicLinks = 2;
    internal const ulong ResolveBeneath = 8;
    internal const ulong ResolveInRoot = 16;

    internal const uint SyncFileRangeWrite = 2;

    internal const uint RenameNoReplace = 1;
    internal const uint RenameExchange = 2;

    private const long Openat2Number = 437;

    // These two differ between the architectures (asm/fcntl.h).
    internal static int DirectoryOnly { get; } = IsArm ? 0x4000 : 0x10000;
    internal static int NoFollow { get; } = IsArm ? 0x8000 : 0x20000;

    internal static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenHow
    {
        internal ulong Flags;
        internal ulong Mode;
        internal ulong Resolve;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct StatxTime
    {
        internal long Seconds;
        internal uint Nanoseconds;
        internal int Reserved;
    }

    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct Statx
    {
        internal uint Mask;
        internal uint BlockSize;
        internal ulong Attributes;
        internal uint Links;
        internal uint Uid;
        internal uint Gid;
        internal ushort Mode;
        internal ushort Padding;
        internal ulong Inode;
        internal ulong Size;
        internal ulong Blocks;
        internal ulong AttributesMask;
        internal StatxTime Access;
        internal StatxTime Birth;
        internal StatxTime Change;
        internal StatxTime Modify;
        internal uint RdevMajor;
        internal uint RdevMinor;
        internal uint DevMajor;
        internal uint DevMinor;
        internal ulong MountId;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Openat2(long number, SafeFileHandle dir, byte[] path, in OpenHow how, nuint size);

    internal static int OpenIn(SafeFileHandle dir, byte[] path, int flags, uint mode, ulong resolve)
    {
        var how = new OpenHow { Flags = (ulong)(uint)(flags | CloseOnExec), Mode = mode, Resolve = resolve };
        for (var tries = 0; ; tries++)
        {
            var fd = (int)Openat2(Openat2Number, dir, path, in how, 24);
            // EAGAIN: a rename elsewhere raced with the resolution of ".." (openat2(2)).
            if (fd >= 0 || tries == 1000 || Marshal.GetLastPInvokeError() is not (Errno.Again or Errno.Interrupted))
            {
                return fd;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    internal static partial int Open(byte[] path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    internal static partial int OpenAt(SafeFileHandle dir, byte[] path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    internal static partial int MakeDirectoryAt(SafeFileHandle dir, byte[] path, uint mode);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true)]
    internal static partial int SymlinkAt(byte[] target, SafeFileHandle dir, byte[] path);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
    internal static partial int LinkAt(SafeFileHandle oldDir, byte[] oldPath, SafeFileHandle newDir, byte[] newPath, int flags);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true)]
    internal static partial int MakeNodeAt(SafeFileHandle dir, byte[] path, uint mode, ulong dev);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    internal static partial int UnlinkAt(SafeFileHandle dir, byte[] path, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    internal static partial int RenameAt(SafeFileHandle oldDir, byte[] oldPath, SafeFileHandle newDir, byte[] newPath, uint flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    internal static partial int RenameAt(int oldDir, byte[] oldPath, int newDir, byte[] newPath, uint flags);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    internal static partial nint ReadLinkAt(SafeFileHandle dir, byte[] path, byte[] buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    internal static partial int StatAt(SafeFileHandle dir, byte[] path, int flags, uint mask, out Statx stat);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true)]
    internal static partial int ChownAt(SafeFileHandle dir, byte[] path, uint uid, uint gid, int flags);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    internal static partial int Chown(SafeFileHandle file, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true)]
    internal static partial int Chmod(byte[] path, uint mode);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int Chmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
    internal static partial int SetTimesAt(SafeFileHandle dir, byte[] path, TimeSpec[] times, int flags);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    internal static partial int SetTimes(SafeFileHandle file, TimeSpec[] times);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    internal static partial nint ReadEntries(SafeFileHandle dir, byte[] buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(SafeFileHandle file, int command, long argument);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    internal static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int GetAttributeFlags(SafeFileHandle file, ulong request, out long flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int SetAttributeFlags(SafeFileHandle file, ulong request, in long flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    internal static partial int SyncFileSystem(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "copy_file_range", SetLastError = true)]
    internal static partial nint CopyFileRange(SafeFileHandle from, nint fromOffset, SafeFileHandle to, nint toOffset, nuint length, uint flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle file, Span<byte> buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(SafeFileHandle file, ReadOnlySpan<byte> buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true)]
    internal static partial int Chown(byte[] path, uint uid, uint gid);
}
