using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Attributes of an object held by an O_PATH descriptor: the object itself, never what a link points at.</summary>
internal static class EntryAttributes
{
    private const int LongestList = 65536;
    private const int UsualList = 1024;

    internal static void SetMode(SafeFileHandle entry, UnixFileMode mode, string shown)
    {
        // Kernels before 6.6 would change a link's unused mode bits silently.
        if (FileStat.Of(entry).IsSymlink)
        {
            throw new LinuxException("chmod", shown, Errno.NotSupported);
        }

        LinuxException.Check(FileCalls.Chmod(ProcPath(entry), (uint)mode), "chmod", shown);
    }

    internal static void SetXattr(SafeFileHandle entry, string attribute, ReadOnlySpan<byte> value) =>
        LinuxException.Check(XattrCalls.Set(ProcPath(entry), PathText.Terminated(attribute), value, (nuint)value.Length, 0), "setxattr", attribute);

    internal static byte[]? GetXattr(SafeFileHandle entry, string attribute)
    {
        // XATTR_SIZE_MAX is 64 KiB.
        var buffer = new byte[LongestList];
        var length = XattrCalls.Get(ProcPath(entry), PathText.Terminated(attribute), buffer, LongestList);
        if (length >= 0)
        {
            return buffer[..(int)length];
        }

        var failure = LinuxException.Last("getxattr", attribute);
        return failure.Errno is Errno.NoData or Errno.NotSupported ? null : throw failure;
    }

    internal static IReadOnlyList<string> ListXattr(SafeFileHandle entry)
    {
        // Most objects have none or few: the full size is only taken for those that need it.
        Span<byte> buffer = stackalloc byte[UsualList];
        var length = XattrCalls.List(ProcPath(entry), buffer, UsualList);
        if (length < 0 && Marshal.GetLastPInvokeError() == Errno.Range)
        {
            buffer = new byte[LongestList];
            length = XattrCalls.List(ProcPath(entry), buffer, LongestList);
        }

        if (length < 0)
        {
            var failure = LinuxException.Last("listxattr");
            return failure.IsNotSupported ? [] : throw failure;
        }

        var names = new List<string>();
        for (ReadOnlySpan<byte> rest = buffer[..(int)length]; !rest.IsEmpty;)
        {
            var end = rest.IndexOf((byte)0);
            names.Add(PathText.Decode(rest[..end]));
            rest = rest[(end + 1)..];
        }

        return names;
    }

    internal static void RemoveXattr(SafeFileHandle entry, string attribute) =>
        LinuxException.Check(XattrCalls.Remove(ProcPath(entry), PathText.Terminated(attribute)), "removexattr", attribute);

    private static byte[] ProcPath(SafeFileHandle entry) => PathText.Terminated(Descriptors.PathOf(entry));
}
