using System.Globalization;

namespace Slipway.Client.Http;

/// <summary>
/// The body of an answer: of known length, chunked, or up to the end of the connection. Read to its end it gives the
/// connection back; disposed before, it closes the connection.
/// </summary>
internal sealed class ResponseBody : ReadOnlyStream
{
    private readonly HttpConnection _connection;
    private readonly Action<HttpConnection> _finished;
    private readonly bool _chunked;
    private readonly bool _toEnd;
    private readonly bool _reusable;
    private long _remaining;
    private bool _firstChunk = true;
    private bool _done;

    internal ResponseBody(HttpConnection connection, ResponseHead head, bool hasBody, Action<HttpConnection> finished)
    {
        _connection = connection;
        _finished = finished;
        _chunked = hasBody && head.IsChunked;
        _remaining = hasBody && !_chunked ? head.ContentLength ?? 0 : 0;
        _toEnd = hasBody && !_chunked && head.ContentLength is null;
        _reusable = head.KeepsAlive && !_toEnd;
        if (!_chunked && !_toEnd && _remaining == 0)
        {
            Finish();
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_done || buffer.Length == 0)
        {
            return 0;
        }

        if (_chunked && _remaining == 0 && !await NextChunkAsync(cancellationToken).ConfigureAwait(false))
        {
            Finish();
            return 0;
        }

        var wanted = _toEnd ? buffer : buffer[..(int)Math.Min(buffer.Length, _remaining)];
        var count = await _connection.ReadAsync(wanted, cancellationToken).ConfigureAwait(false);
        if (count == 0)
        {
            Finish();
            return _toEnd ? 0 : throw new EndOfStreamException("the engine closed the connection in the middle of an answer");
        }

        _remaining -= _toEnd ? 0 : count;
        if (!_chunked && !_toEnd && _remaining == 0)
        {
            Finish();
        }

        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (!_done)
        {
            _done = true;
            _connection.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<bool> NextChunkAsync(CancellationToken cancellation)
    {
        const int MaxLine = 4096;
        if (!_firstChunk)
        {
            await _connection.ReadLineAsync(MaxLine, cancellation).ConfigureAwait(false);
        }

        _firstChunk = false;
        var line = await _connection.ReadLineAsync(MaxLine, cancellation).ConfigureAwait(false);
        var size = line.Split(';')[0].Trim();
        if (!long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _remaining) || _remaining < 0)
        {
            throw new InvalidDataException("malformed chunk from the engine");
        }

        while (_remaining == 0 && line.Length > 0)
        {
            line = await _connection.ReadLineAsync(MaxLine, cancellation).ConfigureAwait(false);
        }

        return _remaining > 0;
    }

    private void Finish()
    {
        _done = true;
        if (_reusable)
        {
            _finished(_connection);
        }
        else
        {
            _connection.Dispose();
        }
    }
}
