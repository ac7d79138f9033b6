using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux.Native;

/// <summary>inotify(7).</summary>
internal static partial class InotifyCalls
{
    internal const int CloseOnExec = 0x80000;
    internal const uint Modify = 0x2;
    internal const uint CloseWrite = 0x8;
    internal const uint MovedTo = 0x80;
    internal const uint Created = 0x100;
    internal const uint DeleteSelf = 0x400;
    internal const uint Overflow = 0x4000;
    internal const uint OneShot = 0x80000000;

    /// <summary>Size of an event's fixed part: wd, mask, cookie, len.</summary>
    internal const int EventHeader = 16;

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    internal static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    internal static partial int AddWatch(SafeFileHandle inotify, byte[] path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    internal static partial int RemoveWatch(SafeFileHandle inotify, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle inotify, Span<byte> buffer, nuint size);
}
