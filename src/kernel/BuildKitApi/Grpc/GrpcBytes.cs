using Google.Protobuf;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKitApi.Grpc;

/// <summary>A call whose messages are pieces of a stream of bytes, as that stream.</summary>
internal sealed class GrpcBytes(GrpcStream call) : Stream
{
    private const int MostPiece = 256 * 1024;

    private ReadOnlyMemory<byte> _rest;
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty && !_ended)
        {
            var message = await call.ReadAsync(BytesMessage.Parser, cancellationToken).ConfigureAwait(false);
            _ended = message is null;
            _rest = message?.Data.Memory ?? default;
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (; !buffer.IsEmpty; buffer = buffer[Math.Min(MostPiece, buffer.Length)..])
        {
            var piece = buffer[..Math.Min(MostPiece, buffer.Length)];
            await call.WriteAsync(new BytesMessage { Data = ByteString.CopyFrom(piece.Span) }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that nothing more is written, and waits until the peer has taken everything.</summary>
    internal async Task FinishAsync(CancellationToken cancel)
    {
        call.EndWriting();
        while (await call.ReadAsync(BytesMessage.Parser, cancel).ConfigureAwait(false) is not null)
        {
            // Nothing that it says matters but the end.
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
        // Every write is on its way.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
