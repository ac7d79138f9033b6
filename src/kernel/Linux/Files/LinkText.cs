using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

internal static class LinkText
{
    // PATH_MAX: the kernel stores no longer target.
    private const int Longest = 4096;

    internal static string Read(SafeFileHandle dir, byte[] path, string shown)
    {
        var buffer = new byte[Longest];
        var length = FileCalls.ReadLinkAt(dir, path, buffer, Longest);
        LinuxException.Check(length, "readlink", shown);
        return PathText.Decode(buffer.AsSpan(0, (int)length));
    }
}
