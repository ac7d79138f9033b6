using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Unix sockets of kinds and path lengths that the base library does not offer, handed out as ordinary async sockets.</summary>
public static class UnixSockets
{
    private const int LongestPath = 107;
    private const int Backlog = 4096;
    private const int AddressInUse = 98;

    /// <summary>Two connected stream sockets: ours for async use, theirs to be given to a child. Both are close-on-exec.</summary>
    public static (Socket ours, SafeFileHandle theirs) CreatePair()
    {
        var pair = new int[2];
        LinuxException.Check(SocketCalls.CreatePair(SocketCalls.Unix, SocketCalls.Stream | SocketCalls.CloseOnExec, 0, pair), "socketpair");
        var theirs = new SafeFileHandle((nint)pair[1], ownsHandle: true);
        return (new Socket(new SafeSocketHandle(pair[0], ownsHandle: true)), theirs);
    }

    /// <summary>Connects to a SOCK_SEQPACKET socket; each send is one message and each receive yields one.</summary>
    public static Socket ConnectSeqPacket(string path) => Connect(path, SocketCalls.SequencedPacket);

    /// <summary>
    /// Listens on a stream socket file with that mode and group (-1: ours). A file left by a listener that is gone is replaced; EADDRINUSE
    /// when somebody listens there. The file is not removed when the socket closes.
    /// </summary>
    public static Socket ListenStream(string path, int mode, int gid) => Listen(path, SocketCalls.Stream, mode, gid);

    /// <summary>Listens on a SOCK_SEQPACKET socket file.</summary>
    public static Socket ListenSeqPacket(string path, int mode, int gid) => Listen(path, SocketCalls.SequencedPacket, mode, gid);

    private static Socket Listen(string path, int type, int mode, int gid)
    {
        using var address = new Address(path);
        using var socket = Create(type);
        if (SocketCalls.Bind(socket, address.Bytes, address.Length) < 0)
        {
            var failure = LinuxException.Last("bind", path);
            if (failure.Errno != AddressInUse || !IsAbandoned(path, type))
            {
                throw failure;
            }

            File.Delete(path);
            LinuxException.Check(SocketCalls.Bind(socket, address.Bytes, address.Length), "bind", path);
        }

        var raw = PathText.Terminated(path);
        LinuxException.Check(FileCalls.Chown(raw, uint.MaxValue, (uint)gid), "chown", path);
        LinuxException.Check(FileCalls.Chmod(raw, (uint)mode), "chmod", path);
        LinuxException.Check(SocketCalls.Listen(socket, Backlog), "listen", path);
        return Wrap(socket);
    }

    private static Socket Connect(string path, int type)
    {
        using var address = new Address(path);
        using var socket = Create(type);
        LinuxException.Check(SocketCalls.Connect(socket, address.Bytes, address.Length), "connect", path);
        return Wrap(socket);
    }

    private static bool IsAbandoned(string path, int type)
    {
        if (FileStat.OfPath(path, followLast: false) is not { IsSocket: true })
        {
            return false;
        }

        try
        {
            using var probe = Connect(path, type);
            return false;
        }
        catch (LinuxException refused) when (refused.Errno == Errno.ConnectionRefused)
        {
            return true;
        }
    }

    private static SafeFileHandle Create(int type) =>
        Descriptors.Own(SocketCalls.Create(SocketCalls.Unix, type | SocketCalls.CloseOnExec, 0), "socket");

    private static Socket Wrap(SafeFileHandle socket)
    {
        var fd = socket.DangerousGetHandle();
        socket.SetHandleAsInvalid();
        return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    /// <summary>sockaddr_un; a path that is too long for it goes by its directory's descriptor.</summary>
    private sealed class Address : IDisposable
    {
        private readonly SafeFileHandle? directory;

        internal Address(string path)
        {
            var raw = PathText.Encode(path);
            if (raw.Length > LongestPath)
            {
                directory = Descriptors.OpenPath(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
                raw = PathText.Encode(Descriptors.PathOf(directory) + "/" + Path.GetFileName(path));
            }

            if (raw.Length > LongestPath)
            {
                directory?.Dispose();
                throw new LinuxException("connect", path, Errno.NameTooLong);
            }

            Bytes = new byte[sizeof(ushort) + raw.Length + 1];
            var family = (ushort)SocketCalls.Unix;
            MemoryMarshal.Write(Bytes, in family);
            raw.CopyTo(Bytes, sizeof(ushort));
        }

        internal byte[] Bytes { get; }

        internal uint Length => (uint)Bytes.Length;

        public void Dispose() => directory?.Dispose();
    }
}
