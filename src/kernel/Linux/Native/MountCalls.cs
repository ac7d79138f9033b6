using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux.Native;

/// <summary>mount(2) and the calls of the newer mount interface (fsopen(2), numbers alike on x86_64 and arm64).</summary>
internal static partial class MountCalls
{
    internal const long OpenTreeNumber = 428;
    internal const long MoveMountNumber = 429;
    internal const long FsOpenNumber = 430;
    internal const long FsConfigNumber = 431;
    internal const long FsMountNumber = 432;

    internal const long SetAttributesNumber = 442;

    internal const ulong AttributeReadOnly = 1;
    internal const uint SetFlag = 0;
    internal const uint SetString = 1;
    internal const uint CreateCommand = 6;
    internal const long MoveFromEmptyPath = 4;
    internal const long CloneTree = 1;
    internal const long CloseOnExec = 0x80000;
    internal const int UnmountDetach = 2;
    internal const int UnmountNoFollow = 8;

    /// <summary>struct mount_attr (mount_setattr(2)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AttributeChange
    {
        internal ulong Set;
        internal ulong Clear;
        internal ulong Propagation;
        internal ulong UserNamespace;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long SetAttributes(long number, long dir, byte[] path, long flags, in AttributeChange change, nuint size);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true)]
    internal static partial int Mount(byte[]? source, byte[] target, byte[]? type, nuint flags, byte[]? data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true)]
    internal static partial int Unmount(byte[] target, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long OpenTree(long number, long dir, byte[] path, long flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long FsOpen(long number, byte[] type, long flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long FsConfig(long number, SafeFileHandle context, long command, byte[]? key, byte[]? value, long aux);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long FsMount(long number, SafeFileHandle context, long flags, long attributes);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial long MoveMount(long number, SafeFileHandle from, byte[] fromPath, long toDir, byte[] toPath, long flags);
}
