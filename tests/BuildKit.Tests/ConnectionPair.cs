using System.IO.Pipelines;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Http2;

namespace Slipway.BuildKit.Tests;

/// <summary>Two ends of a connection in memory; the far one answers every call in the same way.</summary>
internal sealed class ConnectionPair : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _near;
    private readonly Task _far;

    internal ConnectionPair(Func<GrpcCall, Task> answer)
    {
        var (there, back) = (new Pipe(), new Pipe());
        var near = new Http2Connection(new Duplex(back.Reader, there.Writer), null);
        var far = new Http2Connection(new Duplex(there.Reader, back.Writer), async stream => await answer(new GrpcCall(stream, await stream.Head)));
        _near = near.RunAsync(_stop.Token);
        _far = far.RunAsync(_stop.Token);
        (Near, Channel) = (near, new GrpcChannel(near));
    }

    internal Http2Connection Near { get; }

    internal GrpcChannel Channel { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_near, _far);
        _stop.Dispose();
    }

    /// <summary>One direction of each of two pipes.</summary>
    internal sealed class Duplex(PipeReader reader, PipeWriter writer) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => reader.AsStream(leaveOpen: true).ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => writer.AsStream(leaveOpen: true).WriteAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
