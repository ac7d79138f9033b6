using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Slipway.Transport;

/// <summary>
/// A chunked request body (RFC 9112, 7.1) read straight from the connection. Kestrel hands such a body from one thread to another, piece
/// by piece, which costs more than all the rest of receiving it; archives and build contexts come this way. What the
/// request leaves unread is Kestrel's again, framed anew from where reading stopped.
/// </summary>
public sealed class ChunkedBodyStream : Stream
{
    private const int MaxSizeLine = 1024;
    private const int MaxTrailers = 32 * 1024;

    private readonly ConnectionInput _input;
    private readonly Socket _socket;
    private Part _part;
    private long _left;
    private int _trailers;

    private ChunkedBodyStream(ConnectionInput input, Socket socket) => (_input, _socket) = (input, socket);

    private enum Part
    {
        Size,
        Data,
        DataEnd,
        Trailers,
        End,
        Broken,
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

    /// <summary>Answers a request whose body is read this way if it is chunked and comes over plain HTTP/1.1; all others stay as they are.</summary>
    public static Task RunAsync(HttpContext http, RequestDelegate answer) => TryTake(http) is { } body ? body.ReplaceAsync(http, answer) : answer(http);

    /// <inheritdoc/>
    public override bool CanTimeout => true;

    /// <summary>Milliseconds that <see cref="Read(byte[], int, int)"/> waits for the client before it fails with an <see cref="IOException"/>.</summary>
    public override int ReadTimeout { get; set; } = Timeout.Infinite;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var filled = 0;
        while (!IsDone(buffer.Length) && !TryTake(await _input.Inner.ReadAsync(cancellationToken), buffer.Span, out filled))
        {
        }

        return filled;
    }

    /// <summary>Reads and waits on the caller's thread, which should be one of its own: no other is woken.</summary>
    public override int Read(byte[] buffer, int offset, int count)
    {
        var filled = 0;
        while (!IsDone(count) && !TryTake(Receive(), buffer.AsSpan(offset, count), out filled))
        {
        }

        return filled;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

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

    // A client that waits for "100 Continue" or wants another protocol is Kestrel's.
    private static ChunkedBodyStream? TryTake(HttpContext http)
    {
        var headers = http.Request.Headers;
        return headers.TransferEncoding.Count == 1
            && string.Equals(headers.TransferEncoding[0], "chunked", StringComparison.OrdinalIgnoreCase)
            && http.Request.Protocol == HttpProtocol.Http11
            && !headers.ContainsKey(HeaderNames.Expect)
            && !headers.ContainsKey(HeaderNames.Upgrade)
            && http.Features.Get<SocketConnection>() is { Transport.Input: ConnectionInput input } connection
            ? new ChunkedBodyStream(input, connection.Stream.Socket)
            : null;
    }

    private async Task ReplaceAsync(HttpContext http, RequestDelegate answer)
    {
        var kestrels = http.Request.Body;
        http.Request.Body = this;
        try
        {
            await answer(http);
        }
        finally
        {
            http.Request.Body = kestrels;
            GiveBack();
        }
    }

    // Kestrel has seen no byte of the body yet, so it expects the line that says a chunk's size.
    private void GiveBack()
    {
        switch (_part)
        {
            case Part.Data:
                _input.Prepend(Encoding.ASCII.GetBytes(_left.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
                break;
            case Part.DataEnd:
                _input.Prepend("1\r\n-"u8.ToArray());
                break;
            case Part.Trailers:
                _input.Prepend("0\r\n"u8.ToArray());
                break;
            case Part.End:
                _input.Prepend("0\r\n\r\n"u8.ToArray());
                break;
            case Part.Broken:
                _input.End();
                break;
        }
    }

    private ReadResult Receive()
    {
        if (_input.Inner.TryRead(out var result))
        {
            return result;
        }

        if (!_socket.Poll(ReadTimeout < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(ReadTimeout), SelectMode.SelectRead))
        {
            throw new IOException("The client sent nothing for a while.", new TimeoutException());
        }

        var read = _input.Inner.ReadAsync();
        return read.IsCompletedSuccessfully ? read.Result : read.AsTask().GetAwaiter().GetResult();
    }

    // False: more must be received first.
    private bool TryTake(in ReadResult received, Span<byte> to, out int filled)
    {
        var rest = received.Buffer;
        filled = 0;
        try
        {
            filled = Take(ref rest, to);
            return filled > 0 || _part == Part.End || (received.IsCompleted ? throw Incomplete() : false);
        }
        catch
        {
            _part = Part.Broken;
            throw;
        }
        finally
        {
            _input.Inner.AdvanceTo(rest.Start, filled > 0 || _part == Part.End ? rest.Start : rest.End);
        }
    }

    private int Take(ref ReadOnlySequence<byte> from, Span<byte> to)
    {
        var filled = 0;
        while (filled < to.Length && _part != Part.End)
        {
            if (_part == Part.Data)
            {
                var data = from.Slice(0, Math.Min(Math.Min(_left, from.Length), to.Length - filled));
                data.CopyTo(to[filled..]);
                filled += (int)data.Length;
                from = from.Slice(data.End);
                _left -= data.Length;
                if (_left > 0)
                {
                    break;
                }

                _part = Part.DataEnd;
            }
            else if (!TakeLine(ref from))
            {
                break;
            }
        }

        return filled;
    }

    private bool TakeLine(ref ReadOnlySequence<byte> from)
    {
        var most = _part switch { Part.DataEnd => 0, Part.Size => MaxSizeLine, _ => MaxTrailers - _trailers };
        var reader = new SequenceReader<byte>(from);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, "\r\n"u8))
        {
            return from.Length > most + 1 ? throw Malformed() : false;
        }

        if (line.Length > most)
        {
            throw Malformed();
        }

        from = reader.UnreadSequence;
        switch (_part)
        {
            case Part.Size:
                _left = Size(line);
                _part = _left > 0 ? Part.Data : Part.Trailers;
                break;
            case Part.DataEnd:
                _part = Part.Size;
                break;
            default:
                _trailers += (int)line.Length;
                _part = line.IsEmpty ? Part.End : Part.Trailers;
                break;
        }

        return true;
    }

    private static long Size(in ReadOnlySequence<byte> line)
    {
        Span<byte> text = stackalloc byte[MaxSizeLine];
        text = text[..(int)line.Length];
        line.CopyTo(text);
        if (!Utf8Parser.TryParse(text, out uint size, out var used, 'x') || (used < text.Length && text[used] != ';'))
        {
            throw Malformed();
        }

        return size;
    }

    private bool IsDone(int wanted) => wanted == 0 || (_part == Part.Broken ? throw Incomplete() : _part == Part.End);

    private static BadHttpRequestException Incomplete() => new("Unexpected end of request content.");

    private static BadHttpRequestException Malformed() => new("Bad chunk in the request's body.");
}
