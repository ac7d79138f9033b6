using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Names;

/// <summary>
/// The sockets at which a container asks for names: at any ports of 127.0.0.11 in its namespace, to which a rule in there leads what is
/// sent to port 53. That port itself stays free, so that a container can be a name server.
/// </summary>
/// <param name="Udp">Takes datagrams.</param>
/// <param name="Tcp">Takes connections.</param>
internal sealed record NameSockets(Socket Udp, Socket Tcp) : IDisposable
{
    private const string Table = "slipway_names";
    private const int Backlog = 16;

    /// <summary>Where containers send their questions.</summary>
    internal static readonly IPAddress Address = IPAddress.Parse("127.0.0.11");

    /// <summary>Opens them in a namespace.</summary>
    internal static NameSockets Open(SafeFileHandle netns) => NetworkNamespace.RunIn(netns, () =>
    {
        var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            udp.Bind(new IPEndPoint(Address, 0));
            tcp.Bind(new IPEndPoint(Address, 0));
            tcp.Listen(Backlog);
            using var session = NftSession.Open();
            NftRedirect.Apply(session, Table, Address, 53, new Dictionary<ProtocolType, int> { [ProtocolType.Udp] = Port(udp), [ProtocolType.Tcp] = Port(tcp) });
            return new NameSockets(udp, tcp);
        }
        catch
        {
            udp.Dispose();
            tcp.Dispose();
            throw;
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        Udp.Dispose();
        Tcp.Dispose();
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
