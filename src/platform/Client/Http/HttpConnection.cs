using System.Net.Sockets;

namespace Slipway.Client.Http;

/// <summary>
/// One HTTP/1.1 connection, one exchange at a time. Written by hand because HttpClient adds about 35 ms to the start of
/// a short-lived process and cannot half-close an upgraded connection.
/// </summary>
/// <param name="socket">The connection.</param>
/// <param name="patience">How long the caller's thread waits for an answer before it waits asynchronously.</param>
internal sealed class HttpConnection(Socket socket, TimeSpan patience) : IDisposable
{
    private const int MaxHeadBytes = 64 * 1024;

    // Its errors are IOExceptions, as everybody expects of a stream.
    private readonly NetworkStream _stream = new(socket, ownsSocket: false);
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private long _patientUntil;

    internal Socket Socket { get; } = socket;

    /// <summary>Whether an idle connection can carry another exchange: nothing to read, also not its end.</summary>
    internal bool IsReusable => _start == _end && Socket.Connected && !Socket.Poll(0, SelectMode.SelectRead);

    public void Dispose() => Socket.Dispose();

    /// <summary>Sends all of it.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    internal ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => _stream.WriteAsync(bytes, cancellation);

    /// <summary>Reads the head of the final answer; 1xx answers other than 101 are skipped.</summary>
    internal async ValueTask<ResponseHead> ReadHeadAsync(CancellationToken cancellation)
    {
        _patientUntil = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            var length = await FindAsync("\r\n\r\n"u8.ToArray(), MaxHeadBytes, cancellation).ConfigureAwait(false);
            var head = ResponseHead.Parse(_buffer.AsSpan(_start, length));
            _start += length;
            if (head.Status is 101 or >= 200)
            {
                return head;
            }
        }
    }

    /// <summary>Reads one line without its end.</summary>
    internal async ValueTask<string> ReadLineAsync(int maxBytes, CancellationToken cancellation)
    {
        var length = await FindAsync("\r\n"u8.ToArray(), maxBytes, cancellation).ConfigureAwait(false);
        var line = System.Text.Encoding.Latin1.GetString(_buffer, _start, length - 2);
        _start += length;
        return line;
    }

    /// <summary>Reads what is there, at most <paramref name="target"/>; zero at the end of the connection.</summary>
    internal ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (_start == _end)
        {
            return ReceiveAsync(target, cancellation);
        }

        var count = Math.Min(target.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(target.Span);
        _start += count;
        return ValueTask.FromResult(count);
    }

    private ValueTask<int> ReceiveAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (_patientUntil - Environment.TickCount64 is > 0 and var milliseconds)
        {
            Socket.Poll(TimeSpan.FromMilliseconds(milliseconds), SelectMode.SelectRead);
        }

        return _stream.ReadAsync(target, cancellation);
    }

    // Fills the buffer until it has the mark; returns the bytes up to and with it.
    private async ValueTask<int> FindAsync(byte[] mark, int maxBytes, CancellationToken cancellation)
    {
        while (true)
        {
            var index = _buffer.AsSpan(_start, _end - _start).IndexOf(mark);
            if (index >= 0)
            {
                return index + mark.Length;
            }

            if (_end - _start >= maxBytes)
            {
                throw new InvalidDataException("the engine's answer has too long a head");
            }

            MakeRoom();
            var count = await ReceiveAsync(_buffer.AsMemory(_end), cancellation).ConfigureAwait(false);
            if (count == 0)
            {
                throw new EndOfStreamException("the engine closed the connection");
            }

            _end += count;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }
}
