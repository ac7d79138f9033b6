using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux.Native;

/// <summary>Processes, namespaces and limits: posix_spawn(3), waitid(2), pidfd_open(2), setns(2), unshare(2), prlimit(2), mallopt(3).</summary>
internal static unsafe partial class ProcessCalls
{
    internal const int CloneNewMount = 0x00020000;
    internal const int CloneNewNet = 0x40000000;
    internal const int CloneFs = 0x00000200;

    internal const int WaitByPid = 1;
    internal const int WaitExited = 4;

    internal const short SpawnSetSignalDefault = 0x04;
    internal const short SpawnSetSignalMask = 0x08;
    internal const short SpawnSetSession = 0x80;

    private const long PidfdSendSignalNumber = 424;
    private const long PidfdOpenNumber = 434;

    /// <summary>siginfo_t as waitid fills it on 64-bit: signo, errno, code, pad, pid, uid, status.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct SignalInfo
    {
        internal int Signal;
        internal int Error;
        internal int Code;
        internal int Padding;
        internal int Pid;
        internal int Uid;
        internal int Status;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        internal ulong Soft;
        internal ulong Hard;
    }

    // Opaque types of glibc, no larger than these on either architecture (80, 336 and 128 bytes).
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct FileActions
    {
        private long first;
    }

    [StructLayout(LayoutKind.Sequential, Size = 512)]
    internal struct SpawnAttributes
    {
        private long first;
    }

    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct SignalSet
    {
        private long first;
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    internal static partial int SetMallocOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    internal static partial int TrimMalloc(nuint keep);

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    internal static partial int Spawn(
        out int pid, byte[] path, ref FileActions actions, ref SpawnAttributes attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int InitActions(out FileActions actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int DestroyActions(ref FileActions actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int AddDuplicate(ref FileActions actions, int fd, int childFd);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    internal static partial int AddOpen(ref FileActions actions, int childFd, byte[] path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np")]
    internal static partial int AddChangeDirectory(ref FileActions actions, byte[] path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    internal static partial int InitAttributes(out SpawnAttributes attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    internal static partial int DestroyAttributes(ref SpawnAttributes attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    internal static partial int SetFlags(ref SpawnAttributes attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    internal static partial int SetMask(ref SpawnAttributes attributes, in SignalSet set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    internal static partial int SetDefault(ref SpawnAttributes attributes, in SignalSet set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    internal static partial int EmptySet(out SignalSet set);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    internal static partial int Wait(int kind, uint id, out SignalInfo info, int options);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long OpenPidfd(long number, long pid, long flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SendSignal(long number, SafeFileHandle pidfd, long signal, nint info, long flags);

    internal static int OpenPidfd(int pid) => (int)OpenPidfd(PidfdOpenNumber, pid, 0);

    internal static int SendSignal(SafeFileHandle pidfd, int signal) => (int)SendSignal(PidfdSendSignalNumber, pidfd, signal, 0, 0);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    internal static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    internal static partial int SetNamespace(SafeFileHandle ns, int type);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    internal static partial int GetLimit(int pid, int resource, nint newLimit, out ResourceLimit old);

    [LibraryImport("libc", EntryPoint = "sysconf", SetLastError = true)]
    internal static partial long SystemConfiguration(int name);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int pid, int signal);
}
