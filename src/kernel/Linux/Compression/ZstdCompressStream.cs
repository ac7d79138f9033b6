using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Compresses to one zstd frame with checksum by the system's libzstd.so.1. The frame ends on dispose, which leaves the inner stream open.</summary>
public sealed class ZstdCompressStream : Stream
{
    private const int OutputSize = 128 * 1024;

    private readonly Stream inner;
    private readonly byte[] output = new byte[OutputSize];
    private nint encoder;

    /// <summary>Writes compressed data to the inner stream.</summary>
    /// <param name="inner">Where to.</param>
    /// <param name="level">1 (fast) to 19.</param>
    /// <exception cref="NotSupportedException">The library is not installed.</exception>
    public ZstdCompressStream(Stream inner, int level)
    {
        this.inner = inner;
        encoder = NativeLibraries.Call(ZstdCalls.Library, ZstdCalls.CreateEncoder);
        Zstd.Check(ZstdCalls.SetParameter(encoder, ZstdCalls.CompressionLevel, level));
        Zstd.Check(ZstdCalls.SetParameter(encoder, ZstdCalls.Checksum, 1));
    }

    /// <summary>Frees the encoder if nobody disposed the stream.</summary>
    ~ZstdCompressStream() => Dispose(disposing: false);

    /// <inheritdoc/>
    public override bool CanRead => false;
    /// <inheritdoc/>
    public override bool CanSeek => false;
    /// <inheritdoc/>
    public override bool CanWrite => true;
    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();
    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var (consumed, written, _) = Step(buffer, ZstdCalls.Continue);
            buffer = buffer[consumed..];
            inner.Write(output.AsSpan(0, written));
        }
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(PumpAsync(buffer, ZstdCalls.Continue, cancellationToken));

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        PumpAsync(buffer.AsMemory(offset, count), ZstdCalls.Continue, cancellationToken);

    /// <inheritdoc/>
    public override void Flush()
    {
        Finish(ZstdCalls.Flush);
        inner.Flush();
    }

    /// <inheritdoc/>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        await PumpAsync(default, ZstdCalls.Flush, cancellationToken).ConfigureAwait(false);
        await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (encoder != 0)
        {
            await PumpAsync(default, ZstdCalls.End, CancellationToken.None).ConfigureAwait(false);
            Free();
        }

        await base.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (encoder != 0)
        {
            if (disposing)
            {
                Finish(ZstdCalls.End);
            }

            Free();
        }

        base.Dispose(disposing);
    }

    private void Finish(int directive)
    {
        nuint left;
        do
        {
            (_, var written, left) = Step(default, directive);
            inner.Write(output.AsSpan(0, written));
        }
        while (left != 0);
    }

    private void Free()
    {
        ZstdCalls.FreeEncoder(encoder);
        encoder = 0;
    }

    private unsafe (int Consumed, int Written, nuint Left) Step(ReadOnlySpan<byte> source, int directive)
    {
        ObjectDisposedException.ThrowIf(encoder == 0, this);
        fixed (byte* from = source)
        fixed (byte* to = output)
        {
            var input = new ZstdCalls.Window { Data = from, Size = (nuint)source.Length };
            var target = new ZstdCalls.Window { Data = to, Size = OutputSize };
            var left = ZstdCalls.Encode(encoder, ref target, ref input, directive);
            Zstd.Check(left);
            return ((int)input.Position, (int)target.Position, left);
        }
    }

    private async Task PumpAsync(ReadOnlyMemory<byte> buffer, int directive, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (consumed, written, left) = Step(buffer.Span, directive);
            buffer = buffer[consumed..];
            await inner.WriteAsync(output.AsMemory(0, written), cancellationToken).ConfigureAwait(false);
            if (buffer.IsEmpty && (directive == ZstdCalls.Continue || left == 0))
            {
                return;
            }
        }
    }
}
