using System.Net.Sockets;
using Slipway.Linux;

namespace Slipway.Transport;

/// <summary>What a client sends, as a stream. The socket is watched only while somebody waits (<see cref="ProcessWatch.Watch(Socket)"/>).</summary>
internal sealed class WaitingStream : Stream
{
    private static readonly Lazy<ProcessWatch> s_watch = new(() => new ProcessWatch());

    private readonly Socket _socket;
    private readonly Readiness _readiness;

    /// <summary>Reads from a socket that stays the caller's. Only its reading is taken over.</summary>
    internal WaitingStream(Socket socket)
    {
        _socket = socket;
        _readiness = s_watch.Value.Watch(socket);
        socket.Blocking = false;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads what is there, or waits for it. An empty buffer waits only.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            int received;
            while (!TryReceive(buffer.Span, out received))
            {
                await _readiness.WaitAsync(cancellationToken);
            }

            return received;
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _readiness.Dispose();
        base.Dispose(disposing);
    }

    private bool TryReceive(Span<byte> buffer, out int received)
    {
        if (buffer.IsEmpty)
        {
            received = 0;
            return _socket.Poll(0, SelectMode.SelectRead);
        }

        received = _socket.Receive(buffer, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => true,
            SocketError.WouldBlock => false,
            _ => throw new IOException("The client's connection broke.", new SocketException((int)error)),
        };
    }
}
