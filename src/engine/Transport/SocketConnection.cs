using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Slipway.Transport;

/// <summary>
/// One client. Reads happen on demand and writes go straight to the socket, so a slow client holds back whoever writes to it and an
/// idle one costs no buffer but its first. The end of input completes the reader and nothing else.
/// </summary>
internal sealed class SocketConnection : ConnectionContext, IDuplexPipe,
    IConnectionIdFeature, IConnectionItemsFeature, IConnectionLifetimeFeature, IConnectionTransportFeature
{
    // As much as waits in a unix socket, and as the reader of archives takes. Of a buffer that is not filled only the beginning is touched.
    private const int ReadSize = 128 * 1024;
    private static long s_lastId;

    private readonly Socket _socket;
    private readonly WaitingStream? _received;
    private readonly CancellationTokenSource _closed = new();
    private int _disposed;

    public SocketConnection(Socket socket, BoundEndPoint endPoint)
    {
        _socket = socket;
        LocalEndPoint = endPoint;
        RemoteEndPoint = socket.AddressFamily == AddressFamily.Unix ? null : socket.RemoteEndPoint;
        ConnectionId = Interlocked.Increment(ref s_lastId).ToString("x", System.Globalization.CultureInfo.InvariantCulture);
        ConnectionClosed = _closed.Token;
        Stream = new NetworkStream(socket, ownsSocket: false);
        _received = endPoint.Tls is null ? new WaitingStream(socket) : null;
        Input = new ConnectionInput(PipeReader.Create(_received ?? (System.IO.Stream)Stream, new StreamPipeReaderOptions(bufferSize: ReadSize, leaveOpen: true, useZeroByteReads: true)));
        var files = new FileSending(socket);
        Output = new SocketWriter(Stream, this, files);
        Transport = this;
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set(this);
        if (endPoint.Tls is null)
        {
            Features.Set(files);
        }
    }

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc/>
    public override string ConnectionId { get; set; }

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; } = new FeatureCollection(6);

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get => field ??= new ConnectionItems(); set; }

    /// <inheritdoc/>
    public PipeReader Input { get; }

    /// <inheritdoc/>
    public PipeWriter Output { get; }

    /// <summary>The socket as a stream, for a TLS layer.</summary>
    internal NetworkStream Stream { get; }

    /// <summary>The TLS layer above the socket, if there is one.</summary>
    internal SslStream? Tls { get; set; }

    /// <summary>Says a proper good-bye on the TLS layer; the socket itself is closed by whoever aborts the connection.</summary>
    internal async Task FinishAsync()
    {
        try
        {
            await (Tls?.ShutdownAsync() ?? Task.CompletedTask);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or SocketException)
        {
            // The client left first.
        }
    }

    /// <summary>
    /// Whether the client is gone altogether, as opposed to having merely stopped sending. On a unix socket an empty send fails once
    /// the peer has closed; over TCP only a real write or the keep-alive tells.
    /// </summary>
    internal bool PeerClosed()
    {
        if (_closed.IsCancellationRequested)
        {
            return true;
        }

        try
        {
            _socket.Send(ReadOnlySpan<byte>.Empty, SocketFlags.None);
            return false;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return e is not SocketException { SocketErrorCode: SocketError.WouldBlock };
        }
    }

    /// <summary>A write found the client gone: whoever works for it is told to stop.</summary>
    internal void ReportGone() => ThreadPool.UnsafeQueueUserWorkItem(static c => c.Cancel(), this, preferLocal: false);

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        CloseSocket();
        ReportGone();
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            CloseSocket();
            Cancel();
            _closed.Dispose();
        }

        return base.DisposeAsync();
    }

    private void Cancel()
    {
        try
        {
            _closed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Closed in the meantime.
        }
    }

    // What the client has sent and nobody read is taken out first: closing over it would turn the client's end of stream into
    // a connection reset.
    private void CloseSocket()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
            _socket.Blocking = false;
            Span<byte> rest = stackalloc byte[4096];
            for (var i = 0; i < 64 && _socket.Available > 0; i++)
            {
                _socket.Receive(rest);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        _received?.Dispose();
        _socket.Dispose();
    }
}
