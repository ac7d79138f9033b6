using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using Slipway.Transport;
using Slipway.Daemon.Options;

namespace Slipway.Daemon.Listeners;

/// <summary>Opens the sockets of all addresses, or none of them.</summary>
public static class ListenSockets
{
    private const int Backlog = 512;
    private const int FirstPassedDescriptor = 3;

    /// <summary>Opens the sockets; from now on clients can connect, though they wait for their answer until the API serves.</summary>
    /// <exception cref="OptionException">An address is in use, or a certificate cannot be read.</exception>
    public static IReadOnlyList<BoundEndPoint> Open(DaemonSettings settings)
    {
        var opened = new List<BoundEndPoint>();
        try
        {
            foreach (var host in settings.Hosts)
            {
                opened.AddRange(Open(ListenAddress.Parse(host, settings), settings));
            }

            return opened;
        }
        catch
        {
            opened.ForEach(o => o.Socket.Dispose());
            throw;
        }
    }

    private static IEnumerable<BoundEndPoint> Open(ListenAddress address, DaemonSettings settings)
    {
        if (address.Path is { } path)
        {
            return [UnixListener.Open(path, settings.Group, address.Text)];
        }

        var tls = address.Activated && !settings.TlsVerify ? null : ServerTls.Options(settings);
        return address.Tcp is { } endPoint ? [new BoundEndPoint(OpenTcp(endPoint), address.Text, tls)] : Passed(address, tls);
    }

    private static Socket OpenTcp(System.Net.IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new OptionException($"cannot listen on tcp://{endPoint}: {e.Message}");
        }
    }

    // sd_listen_fds(3): LISTEN_PID is this process, LISTEN_FDS sockets start at descriptor 3.
    private static List<BoundEndPoint> Passed(ListenAddress address, SslServerAuthenticationOptions? tls)
    {
        var count = Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        var wanted = Enumerable.Range(FirstPassedDescriptor, count).Where(d => address.Descriptor is null || address.Descriptor == d).ToList();
        if (wanted.Count == 0)
        {
            throw new OptionException($"{address.Text}: no sockets were passed by the service manager");
        }

        return [.. wanted.Select(d =>
        {
            var socket = new Socket(new SafeSocketHandle(d, ownsHandle: true));
            return new BoundEndPoint(socket, $"fd://{d}", socket.AddressFamily == AddressFamily.Unix ? null : tls);
        })];
    }
}
