using Slipway.Oci;

namespace Slipway.Engine.Content;

/// <summary>Hashes what is read through it, and refuses to pass on more than a bound. Does not own the stream below.</summary>
internal sealed class HashingStream(Stream inner, long mostBytes = long.MaxValue) : Stream
{
    private readonly DigestHash _hash = new();
    private long _length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The digest of everything read.</summary>
    internal Digest Finish() => _hash.Finish();

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        _hash.Append(buffer[..read]);
        _length += read;
        return _length <= mostBytes ? read : throw new InvalidDataException($"more than {mostBytes} bytes come out of it");
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
        _hash.Dispose();
        base.Dispose(disposing);
    }
}
