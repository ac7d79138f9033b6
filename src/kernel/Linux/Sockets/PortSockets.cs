using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Sockets that hold a port of this machine. IPv6 ones are for IPv6 alone. All are close-on-exec.</summary>
public static class PortSockets
{
    private const int Stream = 1;
    private const int Datagram = 2;
    private const int ReuseAddress = 2;
    private const int ReceiveBuffer = 8;
    private const int IPv6Level = 41;
    private const int IPv6Only = 26;
    private const int Backlog = 4096;

    /// <summary>
    /// Holds a port without serving it: others get EADDRINUSE whatever options they set, and whoever connects is refused. Null for SCTP
    /// where the kernel has none.
    /// </summary>
    /// <exception cref="LinuxException">EADDRINUSE, EADDRNOTAVAIL, EACCES.</exception>
    public static SafeFileHandle? Hold(ProtocolType protocol, IPEndPoint at)
    {
        if (Create(protocol, at) is not { } socket)
        {
            return null;
        }

        try
        {
            // What arrives nevertheless is not kept.
            Set(socket, NetlinkCalls.SocketLevel, ReceiveBuffer, 0);
            if (TryBind(socket, at))
            {
                return socket;
            }
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        // Connections that ended a minute ago may be all that is in the way; only one who listens may then keep others off.
        socket.Dispose();
        return protocol == ProtocolType.Tcp ? Listen(protocol, at) : throw new LinuxException("bind", at.ToString(), Errno.AddressInUse);
    }

    /// <summary>A port that is served: listening, or for UDP bound.</summary>
    /// <exception cref="LinuxException">EADDRINUSE, EADDRNOTAVAIL, EACCES.</exception>
    public static SafeFileHandle Listen(ProtocolType protocol, IPEndPoint at)
    {
        var socket = Create(protocol, at) ?? throw new LinuxException("socket", at.ToString(), Errno.NotSupported);
        try
        {
            if (protocol == ProtocolType.Tcp)
            {
                Set(socket, NetlinkCalls.SocketLevel, ReuseAddress, 1);
            }

            if (!TryBind(socket, at) || (protocol == ProtocolType.Tcp && SocketCalls.Listen(socket, Backlog) < 0))
            {
                throw new LinuxException("bind", at.ToString(), Errno.AddressInUse);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether this machine has IPv6.</summary>
    public static bool HasIPv6()
    {
        try
        {
            using var probe = Listen(ProtocolType.Udp, new IPEndPoint(IPAddress.IPv6Any, 0));
            return true;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    /// <summary>A descriptor of a socket as an object for asynchronous use, which owns it from now on.</summary>
    public static Socket Wrap(SafeFileHandle socket)
    {
        var fd = socket.DangerousGetHandle();
        socket.SetHandleAsInvalid();
        return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    private static SafeFileHandle? Create(ProtocolType protocol, IPEndPoint at)
    {
        var type = (protocol == ProtocolType.Udp ? Datagram : Stream) | SocketCalls.CloseOnExec;
        var fd = SocketCalls.Create(at.AddressFamily == AddressFamily.InterNetwork ? 2 : 10, type, (int)protocol);
        if (fd < 0 && Marshal.GetLastPInvokeError() is Errno.ProtocolNotSupported or Errno.SocketTypeNotSupported && protocol is not (ProtocolType.Tcp or ProtocolType.Udp))
        {
            return null;
        }

        var socket = Descriptors.Own(fd, "socket", at.ToString());
        if (at.AddressFamily == AddressFamily.InterNetworkV6)
        {
            Set(socket, IPv6Level, IPv6Only, 1);
        }

        return socket;
    }

    // False when the port is taken.
    private static bool TryBind(SafeFileHandle socket, IPEndPoint at)
    {
        // The base library lays the address out as the kernel does.
        var address = at.Serialize();
        if (SocketCalls.Bind(socket, address.Buffer[..address.Size].ToArray(), (uint)address.Size) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Errno.AddressInUse ? false : throw LinuxException.Last("bind", at.ToString());
    }

    private static void Set(SafeFileHandle socket, int level, int option, int value) =>
        LinuxException.Check(NetlinkCalls.SetOption(socket, level, option, in value, sizeof(int)), "setsockopt");
}
