using System.Net.Sockets;
using Slipway.Linux;

namespace Slipway.Engine.Attach;

/// <summary>
/// Connects to the attach socket that conmon keeps in a bundle: AF_UNIX, SOCK_SEQPACKET. What conmon 2.1.6 does there, as measured:
/// <list type="bullet">
/// <item>it sends one packet per read of the container's output: a byte (2 stdout, 3 stderr; with a terminal only 2) and up to 8192 bytes;</item>
/// <item>its writes block: a connected client that does not receive stops the container's output, its log and every other client;</item>
/// <item>what it receives (at most 32768 bytes per packet) goes to the container's stdin, which it stops reading from us while that is full;</item>
/// <item>when any client ends its sending side, be it by shutdown or by closing, the container's stdin is closed, unless conmon was
/// given <c>--leave-stdin-open</c>. A client that must leave without that shuts down its receiving side and keeps the descriptor, see
/// <see cref="AttachGate"/>;</item>
/// <item>one connection is accepted per turn of its loop, before output of that turn is read, and 10 may wait: a connection that exists
/// before the process starts gets every byte;</item>
/// <item>at the end of the container it drains the output, closes the connections and only then writes the exit file;</item>
/// <item>for an exec (<c>--exec --exec-attach -b EXECDIR</c>) the socket is EXECDIR/attach; <c>{"data": 0}</c> on _OCI_ATTACHPIPE says that
/// it listens, and the second byte on _OCI_STARTPIPE lets the process run. When <c>runc exec</c> fails, the connection is reset.</item>
/// </list>
/// </summary>
public static class ConmonSocket
{
    /// <summary>conmon's mark of a packet of standard output.</summary>
    public const byte StdoutMark = 2;

    /// <summary>conmon's mark of a packet of standard error.</summary>
    public const byte StderrMark = 3;

    /// <summary>The largest packet that conmon sends: the mark and its 8 KiB buffer.</summary>
    public const int MaxPacket = 8192 + 1;

    /// <summary>How much is sent to conmon in a packet; half of what it takes, since a longer one would be cut.</summary>
    public const int MaxInput = 16 << 10;

    /// <summary>Connects to the attach socket of a container's bundle or of an exec's directory.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.Conflict"/> when no monitor listens there.</exception>
    public static async ValueTask<Socket> ConnectAsync(string bundlePath, TimeProvider time, CancellationToken cancel)
    {
        // The address of a Unix socket has 108 bytes, the path of an exec's directory more: it is reached through its descriptor.
        try
        {
            using var bundle = Descriptors.OpenPath(bundlePath);
            var address = new UnixDomainSocketEndPoint(Descriptors.PathOf(bundle) + "/attach");
            return await ConnectAsync(address, time, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or LinuxException)
        {
            throw new EngineException(ErrorKind.Conflict, "the container's monitor does not accept attachments: " + e.Message, e);
        }
    }

    private static async ValueTask<Socket> ConnectAsync(UnixDomainSocketEndPoint address, TimeProvider time, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified) { Blocking = false };
            try
            {
                socket.Connect(address);
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain && attempt < 500)
            {
                // Ten connections wait for conmon to accept them: a crowd of clients came at once.
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time, cancel).ConfigureAwait(false);
        }
    }
}
