namespace Slipway.BuildKit.Transport;

/// <summary>
/// gRPC's metadata may have a name several times, in fields of their own; .NET's HTTP/2 client joins them into one. This stream stands below
/// that client and takes fields apart again whose values are joined by <see cref="Separator"/> (RFC 9113 section 4, RFC 7541 section 6).
/// </summary>
internal sealed class RepeatedHeaders(Stream inner) : Stream
{
    /// <summary>Between two values of one name. No value has it.</summary>
    internal const char Separator = '\t';

    private const int PrefaceSize = 24;
    private const int FrameHead = 9;
    private const int MostPayload = 16384;
    private const byte HeadersType = 1;
    private const byte ContinuationType = 9;
    private const byte EndHeaders = 4;

    private readonly MemoryStream _waiting = new();
    private readonly List<byte> _block = [];
    private byte[]? _first;
    private bool _begun;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _waiting.Write(buffer.Span);
        var output = new MemoryStream();
        var rest = Take(_waiting.GetBuffer().AsSpan(0, (int)_waiting.Length), output);
        var left = _waiting.GetBuffer().AsSpan((int)_waiting.Length - rest, rest).ToArray();
        _waiting.SetLength(0);
        _waiting.Write(left);
        if (output.Length > 0)
        {
            await inner.WriteAsync(output.GetBuffer().AsMemory(0, (int)output.Length), cancellationToken).ConfigureAwait(false);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // Whole frames only; returns how many bytes wait for more.
    private int Take(ReadOnlySpan<byte> input, Stream output)
    {
        if (!_begun)
        {
            if (input.Length < PrefaceSize)
            {
                return input.Length;
            }

            output.Write(input[..PrefaceSize]);
            input = input[PrefaceSize..];
            _begun = true;
        }

        while (input.Length >= FrameHead)
        {
            var size = FrameHead + ((input[0] << 16) | (input[1] << 8) | input[2]);
            if (input.Length < size)
            {
                break;
            }

            Frame(input[..size], output);
            input = input[size..];
        }

        return input.Length;
    }

    private void Frame(ReadOnlySpan<byte> frame, Stream output)
    {
        if (frame[3] is not (HeadersType or ContinuationType))
        {
            output.Write(frame);
            return;
        }

        _first ??= frame[..FrameHead].ToArray();
        _block.AddRange(frame[FrameHead..]);
        if ((frame[4] & EndHeaders) == 0)
        {
            return;
        }

        var fields = Split([.. _block]);
        var head = _first[..];
        for (var at = 0; at < fields.Length || at == 0; at += MostPayload)
        {
            var part = fields.AsSpan(at, Math.Min(MostPayload, fields.Length - at));
            (head[0], head[1], head[2]) = ((byte)(part.Length >> 16), (byte)(part.Length >> 8), (byte)part.Length);
            head[3] = at == 0 ? HeadersType : ContinuationType;
            var flags = at == 0 ? _first[4] & ~EndHeaders : 0;
            head[4] = (byte)(at + part.Length == fields.Length ? flags | EndHeaders : flags);
            output.Write(head);
            output.Write(part);
        }

        _first = null;
        _block.Clear();
    }

    private static byte[] Split(byte[] block)
    {
        var output = new MemoryStream();
        for (var at = 0; at < block.Length;)
        {
            var start = at;
            var kind = block[at];
            if ((kind & 0x80) != 0 || (kind & 0xE0) == 0x20)
            {
                // An indexed field, or a change of the table's size.
                Integer(block, ref at, (kind & 0x80) != 0 ? 7 : 5);
                output.Write(block.AsSpan(start, at - start));
                continue;
            }

            if (Integer(block, ref at, (kind & 0x40) != 0 ? 6 : 4) == 0)
            {
                Text(block, ref at);
            }

            var name = block.AsSpan(start, at - start);
            var value = Text(block, ref at);
            if (value.Plain.IndexOf((byte)Separator) < 0)
            {
                output.Write(block.AsSpan(start, at - start));
                continue;
            }

            foreach (var range in value.Plain.Split((byte)Separator))
            {
                output.Write(name);
                WriteText(output, value.Plain[range]);
            }
        }

        return output.ToArray();
    }

    private static int Integer(ReadOnlySpan<byte> block, ref int at, int bits)
    {
        var most = (1 << bits) - 1;
        var value = block[at++] & most;
        if (value < most)
        {
            return value;
        }

        for (var shift = 0; ; shift += 7)
        {
            var next = block[at++];
            value += (next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }
    }

    // Text in Huffman's code is passed on unseen.
    private static PlainText Text(ReadOnlySpan<byte> block, ref int at)
    {
        var coded = (block[at] & 0x80) != 0;
        var length = Integer(block, ref at, 7);
        var text = block.Slice(at, length);
        at += length;
        return new PlainText(coded ? default : text);
    }

    private static void WriteText(MemoryStream output, ReadOnlySpan<byte> text)
    {
        if (text.Length < 0x7F)
        {
            output.WriteByte((byte)text.Length);
        }
        else
        {
            output.WriteByte(0x7F);
            var rest = text.Length - 0x7F;
            for (; rest >= 0x80; rest >>= 7)
            {
                output.WriteByte((byte)((rest & 0x7F) | 0x80));
            }

            output.WriteByte((byte)rest);
        }

        output.Write(text);
    }

    private readonly ref struct PlainText(ReadOnlySpan<byte> plain)
    {
        internal ReadOnlySpan<byte> Plain { get; } = plain;
    }
}
