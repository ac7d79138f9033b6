using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Slipway.Transport;

/// <summary>
/// Kestrel's door to our own sockets. Kestrel's stock transport aborts a request as soon as the client stops sending, but a Docker
/// client that pipes a file into <c>run -i</c> does just that and still waits for the output.
/// </summary>
public sealed class SocketListenerFactory : IConnectionListenerFactory
{
    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        endpoint is BoundEndPoint bound
            ? new(new SocketListener(bound))
            : throw new NotSupportedException($"cannot serve {endpoint}");
}

/// <summary>Accepts connections from one listening socket until it is told to stop.</summary>
internal sealed class SocketListener : IConnectionListener
{
    // tcp(7), TCP_CONGESTION.
    private const int CongestionControl = 13;

    // Sixteen full segments (64 KiB there): with few of them the two sides wait for each other, more bring nothing.
    private const int LoopbackSendBuffer = 1 << 20;

    private readonly BoundEndPoint _endPoint;
    private readonly Socket _socket;
    private int _closed;

    internal SocketListener(BoundEndPoint endPoint)
    {
        (_endPoint, _socket) = (endPoint, endPoint.Socket);
        if (_socket.LocalEndPoint is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address))
        {
            // Connections inherit both.
            _socket.SendBufferSize = LoopbackSendBuffer;
            DoNotPace();
        }
    }

    /// <inheritdoc/>
    public EndPoint EndPoint => _endPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var client = await _socket.AcceptAsync(cancellationToken);
                if (client.AddressFamily != AddressFamily.Unix)
                {
                    client.NoDelay = true;
                    client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                }

                return new SocketConnection(client, _endPoint);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException || Stopped(e))
            {
                return null;
            }
            catch (SocketException)
            {
                // The client left before it was accepted, or descriptors ran out for a moment; neither ends the listener.
                await Task.Yield();
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _socket.Dispose();
            if (_endPoint.SocketFile is { } path)
            {
                File.Delete(path);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => UnbindAsync();

    // Where the system's choice paces what it sends (bbr), it sets timers that serve nobody on this way.
    private void DoNotPace()
    {
        try
        {
            _socket.SetRawSocketOption((int)ProtocolType.Tcp, CongestionControl, "reno"u8);
        }
        catch (SocketException)
        {
            // A kernel that lets nobody choose.
        }
    }

    private static bool Stopped(Exception e) =>
        e is SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.NotSocket or SocketError.InvalidArgument };
}
