using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux.Native;

/// <summary>Sending and receiving on netlink(7) sockets.</summary>
internal static partial class NetlinkCalls
{
    internal const int Family = 16;
    internal const int Raw = 3;
    internal const int RouteProtocol = 0;
    internal const int NetfilterProtocol = 12;

    internal const int SocketLevel = 1;
    internal const int SendBufferForce = 32;
    internal const int ReceiveBufferForce = 33;
    internal const int NetlinkLevel = 270;
    internal const int CapAcknowledge = 10;
    internal const int ExtendedAcknowledge = 11;
    internal const int StrictCheck = 12;

    internal const int DontWait = 0x40;
    internal const int Truncate = 0x20;

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    internal static partial int SetOption(SafeFileHandle socket, int level, int option, in int value, uint length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    internal static partial nint Send(SafeFileHandle socket, ReadOnlySpan<byte> data, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    internal static partial nint Receive(SafeFileHandle socket, Span<byte> data, nuint length, int flags);
}
