using System.Buffers;
using Slipway.Engine.Layers;

namespace Slipway.Engine.Files;

/// <summary>A request body for code that reads with blocking calls on a thread of its own; its first bytes can be looked at before.</summary>
internal sealed class BlockingBody(Stream body, CancellationToken cancel) : Stream
{
    private readonly BlockingStream _body = new(body, cancel);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
    private int _start;
    private int _end;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The first bytes, fewer when the body is shorter; they are read again by <see cref="Read(Span{byte})"/>.</summary>
    internal ReadOnlySpan<byte> Peek(int count)
    {
        while (_end - _start < count && Fill() > 0)
        {
        }

        return _buffer.AsSpan(_start, Math.Min(count, _end - _start));
    }

    public override int Read(Span<byte> buffer)
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
            if (buffer.Length == 0 || Fill() == 0)
            {
                return 0;
            }
        }

        var count = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        base.Dispose(disposing);
    }

    private int Fill()
    {
        var read = _body.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read;
    }
}
