using System.IO.Pipelines;
using System.Net.Sockets;

namespace Slipway.Transport;

/// <summary>
/// Writes to the client; a flush returns when the kernel has taken the bytes. A client that is gone ends the writer quietly, since
/// Kestrel knows completion but takes an exception here for a fault of the server.
/// </summary>
internal sealed class SocketWriter(Stream stream, SocketConnection connection, FileSending? files = null) : PipeWriter
{
    private const int BufferSize = 16 * 1024;

    private readonly PipeWriter _inner = Create(stream, new StreamPipeWriterOptions(minimumBufferSize: BufferSize, leaveOpen: true));
    private bool _gone;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _inner.UnflushedBytes + (files?.Pending ?? 0);

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (files is { IsActive: true })
        {
            files.Advance(bytes);
            return;
        }

        _inner.Advance(bytes);
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => files is { IsActive: true } ? FileSending.Memory : _inner.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        // With an exception the inner writer drops what is unflushed instead of writing it synchronously.
        _inner.Complete(exception ?? new IOException("connection ended"));
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        GuardAsync(default, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        GuardAsync(source, cancellationToken);

    private async ValueTask<FlushResult> GuardAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        if (_gone)
        {
            return new FlushResult(isCanceled: false, isCompleted: true);
        }

        try
        {
            if (files is { Pending: > 0 })
            {
                await files.FlushAsync();
                return default;
            }

            return source.IsEmpty ? await _inner.FlushAsync(cancellationToken) : await _inner.WriteAsync(source, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            _gone = true;
            connection.ReportGone();
            return new FlushResult(isCanceled: false, isCompleted: true);
        }
    }
}
