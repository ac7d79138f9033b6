using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux.Native;

/// <summary>epoll(7), poll(2), eventfd(2), inotify(7) and usleep(3).</summary>
internal static partial class PollCalls
{
    internal const int Add = 1;
    internal const int Delete = 2;
    internal const int Modify = 3;
    internal const uint In = 1;
    internal const uint OneShot = 1u << 30;
    internal const int CloseOnExec = 0x80000;
    internal const int NonBlocking = 0x800;

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        internal int Fd;
        internal short Events;
        internal short Returned;
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int ControlEpoll(SafeFileHandle epoll, int operation, SafeFileHandle file, Span<byte> epollEvent);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int WaitEpoll(SafeFileHandle epoll, Span<byte> events, int count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int CreateEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollDescriptor[] descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "usleep")]
    internal static partial int Sleep(uint microseconds);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    internal static partial int CreateInotify(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true)]
    internal static partial int AddWatch(SafeFileHandle inotify, byte[] path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    internal static partial int RemoveWatch(SafeFileHandle inotify, int watch);
}
