using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>What every descriptor can do.</summary>
public static class Descriptors
{
    private const int GetStatusFlags = 3;
    private const int SetStatusFlags = 4;
    private const int DuplicateCloseOnExec = 1030;

    /// <summary>AT_FDCWD as a handle.</summary>
    internal static SafeFileHandle WorkingDirectory { get; } = new((nint)FileCalls.CurrentDirectory, ownsHandle: false);

    /// <summary>The path under which any call of this process reaches what the descriptor stands for, also when it was opened with O_PATH.</summary>
    public static string PathOf(SafeFileHandle file) => $"/proc/self/fd/{(int)file.DangerousGetHandle()}";

    /// <summary>A second descriptor for the same open file, closed on exec.</summary>
    public static SafeFileHandle Duplicate(SafeFileHandle file) =>
        Own(FileCalls.Control(file, DuplicateCloseOnExec, 3), "fcntl");

    /// <summary>Opens a host path as O_PATH: a reference that reads and writes nothing, usable as a directory root or through <see cref="PathOf"/>.</summary>
    public static SafeFileHandle OpenPath(string path, bool followLast = true) =>
        Own(FileCalls.Open(PathText.Terminated(path), FileCalls.PathOnly | FileCalls.CloseOnExec | (followLast ? 0 : FileCalls.NoFollow), 0), "open", path);

    internal static SafeFileHandle Own(int fd, string call, string? path = null)
    {
        LinuxException.Check(fd, call, path);
        return new SafeFileHandle((nint)fd, ownsHandle: true);
    }

    internal static void SetNonBlocking(SafeFileHandle file, bool on)
    {
        var flags = FileCalls.Control(file, GetStatusFlags, 0);
        LinuxException.Check(flags, "fcntl");
        var wanted = on ? flags | FileCalls.NonBlocking : flags & ~FileCalls.NonBlocking;
        if (wanted != flags)
        {
            LinuxException.Check(FileCalls.Control(file, SetStatusFlags, wanted), "fcntl");
        }
    }
}
