using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Slipway.Transport;

/// <summary>
/// A socket that already listens, as the address that Kestrel is told to serve. Opening sockets is apart from serving them, so that a
/// bad address is reported before anything starts.
/// </summary>
/// <param name="socket">Listening stream socket; owned by the server from now on.</param>
/// <param name="display">The address as the user wrote it, such as <c>unix:///run/slipway/slipway.sock</c>.</param>
/// <param name="tls">When set, connections must pass this handshake first.</param>
public sealed class BoundEndPoint(Socket socket, string display, SslServerAuthenticationOptions? tls = null) : EndPoint
{
    /// <summary>The listening socket.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>TLS options, or null for plain connections.</summary>
    public SslServerAuthenticationOptions? Tls { get; } = tls;

    /// <summary>Path of the socket in the file system, which goes when the socket is closed; null for sockets that have none or belong to others.</summary>
    public string? SocketFile { get; init; }

    /// <inheritdoc/>
    public override AddressFamily AddressFamily => Socket.AddressFamily;

    /// <inheritdoc/>
    public override string ToString() => display;
}
