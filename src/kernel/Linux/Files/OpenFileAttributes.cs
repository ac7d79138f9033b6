using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Owner, mode, times and extended attributes of an open file (not O_PATH): one call each, no path resolution.</summary>
public static class OpenFileAttributes
{
    /// <summary>fchown(2). It clears set-id bits, so set the mode afterwards.</summary>
    public static void SetOwner(SafeFileHandle file, uint uid, uint gid) =>
        LinuxException.Check(FileCalls.Chown(file, uid, gid), "fchown");

    /// <summary>fchmod(2), all twelve bits.</summary>
    public static void SetMode(SafeFileHandle file, UnixFileMode mode) =>
        LinuxException.Check(FileCalls.Chmod(file, (uint)mode), "fchmod");

    /// <summary>futimens(2), nanoseconds since 1970.</summary>
    public static void SetTimes(SafeFileHandle file, long atimeNs, long mtimeNs) =>
        LinuxException.Check(FileCalls.SetTimes(file, Times(atimeNs, mtimeNs)), "futimens");

    /// <summary>The names of an open file's extended attributes.</summary>
    public static IReadOnlyList<string> ListXattr(SafeFileHandle file) => EntryAttributes.ListXattr(file);

    /// <summary>An extended attribute of an open file, or null when it has no such attribute.</summary>
    public static byte[]? GetXattr(SafeFileHandle file, string name) => EntryAttributes.GetXattr(file, name);

    /// <summary>fsetxattr(2).</summary>
    public static void SetXattr(SafeFileHandle file, string name, ReadOnlySpan<byte> value) =>
        LinuxException.Check(XattrCalls.Set(file, PathText.Terminated(name), value, (nuint)value.Length, 0), "fsetxattr", name);

    internal static FileCalls.TimeSpec[] Times(long atimeNs, long mtimeNs) => [Time(atimeNs), Time(mtimeNs)];

    private static FileCalls.TimeSpec Time(long ns)
    {
        var (seconds, rest) = Math.DivRem(ns, 1_000_000_000);
        return rest < 0
            ? new FileCalls.TimeSpec { Seconds = seconds - 1, Nanoseconds = rest + 1_000_000_000 }
            : new FileCalls.TimeSpec { Seconds = seconds, Nanoseconds = rest };
    }
}
