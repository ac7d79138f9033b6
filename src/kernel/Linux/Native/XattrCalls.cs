using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux.Native;

/// <summary>xattr(7). Objects that were opened with O_PATH are reached as /proc/self/fd/N.</summary>
internal static partial class XattrCalls
{
    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true)]
    internal static partial int Set(byte[] path, byte[] name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "fsetxattr", SetLastError = true)]
    internal static partial int Set(SafeFileHandle file, byte[] name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true)]
    internal static partial nint Get(byte[] path, byte[] name, Span<byte> value, nuint size);

    [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true)]
    internal static partial nint List(byte[] path, Span<byte> names, nuint size);

    [LibraryImport("libc", EntryPoint = "removexattr", SetLastError = true)]
    internal static partial int Remove(byte[] path, byte[] name);
}
