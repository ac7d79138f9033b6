using Slipway.DockerApi;

namespace Slipway.Client;

/// <summary>Takes a multiplexed connection or log apart into standard output and standard error.</summary>
public sealed class MultiplexedStream(Stream source)
{
    private readonly byte[] _header = new byte[StreamFrame.HeaderSize];
    private StreamFrame _frame;
    private uint _remaining;

    /// <summary>Reads the next piece, at most one frame's.</summary>
    /// <returns>The stream it belongs to and its bytes; zero bytes at the end.</returns>
    /// <exception cref="InvalidDataException">The source is not multiplexed.</exception>
    /// <exception cref="EndOfStreamException">The source ended inside a frame.</exception>
    public async ValueTask<(StdStream Stream, int Count)> ReadAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        while (_remaining == 0)
        {
            var got = await source.ReadAtLeastAsync(_header, _header.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            if (got == 0)
            {
                return (StdStream.Stdout, 0);
            }

            if (got < _header.Length)
            {
                throw new EndOfStreamException("the stream ended inside a frame");
            }

            if (!StreamFrame.TryRead(_header, out _frame))
            {
                throw new InvalidDataException("unrecognized input header");
            }

            _remaining = _frame.Length;
        }

        var piece = buffer[..(int)Math.Min((uint)buffer.Length, _remaining)];
        var count = await source.ReadAsync(piece, cancellation).ConfigureAwait(false);
        if (count == 0)
        {
            throw new EndOfStreamException("the stream ended inside a frame");
        }

        _remaining -= (uint)count;
        return (_frame.Stream, count);
    }

    /// <summary>Copies everything to two targets; each piece is flushed, since somebody may be watching.</summary>
    /// <exception cref="InvalidDataException">The source is not multiplexed, or carries an error of the engine.</exception>
    public async Task CopyToAsync(Stream stdout, Stream stderr, CancellationToken cancellation = default)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var (stream, count) = await ReadAsync(buffer, cancellation).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            if (stream == StdStream.SystemError)
            {
                throw new InvalidDataException(
                    "error from daemon in stream: " + System.Text.Encoding.UTF8.GetString(buffer, 0, count));
            }

            var target = stream == StdStream.Stderr ? stderr : stdout;
            await target.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            await target.FlushAsync(cancellation).ConfigureAwait(false);
        }
    }
}
