using System.Net.Sockets;
using System.Text;

namespace Slipway.Daemon.Process;

/// <summary>Tells the service manager how far we are (<c>sd_notify(3)</c>); does nothing when there is none.</summary>
internal static class ServiceNotify
{
    public static void Send(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } address)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address));
            socket.Send(Encoding.ASCII.GetBytes(state));
        }
        catch (SocketException)
        {
            // The manager is not listening; the daemon works without it.
        }
    }
}
