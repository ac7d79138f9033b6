using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>Messages with descriptors (sendmsg(2), recvmsg(2), unix(7)). The structures are those of 64-bit Linux.</summary>
internal static partial class MessageCalls
{
    internal const int SocketLevel = 1;
    internal const int Rights = 1;
    internal const int NoSignal = 0x4000;
    internal const int CloseOnExec = 0x40000000;

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Vector
    {
        internal byte* Base;
        internal nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Header
    {
        internal void* Name;
        internal uint NameLength;
        internal Vector* Parts;
        internal nuint PartCount;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
    }

    /// <summary>One control message with one descriptor, filled up to eight bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct OneDescriptor
    {
        internal nuint Length;
        internal int Level;
        internal int Type;
        internal int Descriptor;
        internal int Padding;
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static unsafe partial nint Send(nint socket, Header* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    internal static unsafe partial nint Receive(nint socket, Header* message, int flags);
}
