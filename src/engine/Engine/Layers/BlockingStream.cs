namespace Slipway.Engine.Layers;

/// <summary>
/// Lets a thread of its own read a stream that can only be read asynchronously (a request's body). The thread waits; none of the pool's does.
/// </summary>
internal sealed class BlockingStream(Stream inner, CancellationToken cancel) : Stream
{
    private const int CancelMilliseconds = 500;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (inner.CanTimeout)
        {
            return Wait(buffer, offset, count);
        }

        var read = inner.ReadAsync(buffer.AsMemory(offset, count), cancel);
        return read.IsCompletedSuccessfully ? read.Result : read.AsTask().GetAwaiter().GetResult();
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // What can time out can be waited for here, which spares the wake-ups of the threads between the socket and this one.
    private int Wait(byte[] buffer, int offset, int count)
    {
        inner.ReadTimeout = CancelMilliseconds;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                return inner.Read(buffer, offset, count);
            }
            catch (IOException e) when (e.InnerException is TimeoutException)
            {
                // Time to see whether the work was cancelled.
            }
        }
    }
}

/// <summary>A stream whose first bytes were already read to look at them.</summary>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
{
    private ReadOnlyMemory<byte> _prefix = prefix;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads up to <paramref name="count"/> bytes to look at.</summary>
    internal static (byte[] Head, PrefixedStream Whole) Peek(Stream stream, int count)
    {
        var head = new byte[count];
        var length = stream.ReadAtLeast(head, count, throwOnEndOfStream: false);
        return (head[..length], new PrefixedStream(head.AsMemory(0, length), stream));
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_prefix.IsEmpty)
        {
            return rest.Read(buffer, offset, count);
        }

        var part = _prefix[..Math.Min(count, _prefix.Length)];
        part.CopyTo(buffer.AsMemory(offset));
        _prefix = _prefix[part.Length..];
        return part.Length;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
