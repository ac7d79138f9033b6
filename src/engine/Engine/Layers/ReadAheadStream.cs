using System.Collections.Concurrent;

namespace Slipway.Engine.Layers;

/// <summary>
/// Reads a stream on a thread of its own into a few large buffers, so that making the data (inflating, hashing) and using it go on at the
/// same time. Memory is bounded: the thread waits when the reader lags. Does not own the stream, but its disposal waits until the thread has
/// left it, so that the owner may then close it.
/// </summary>
internal sealed class ReadAheadStream : Stream
{
    private const int BufferSize = 256 << 10;
    private const int Buffers = 4;

    private readonly Stream _inner;
    private readonly BlockingCollection<(byte[] Data, int Length)> _full = new(Buffers);
    private readonly ConcurrentBag<byte[]> _spare = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private Exception? _failure;
    private (byte[] Data, int Length) _current = ([], 0);
    private int _at;

    /// <summary>Begins to read at once.</summary>
    internal ReadAheadStream(Stream inner)
    {
        _inner = inner;
        _thread = new Thread(Work) { IsBackground = true, Name = "read ahead" };
        _thread.Start();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads what is there, waiting for more if nothing is; fails as the stream below does, after everything read before.</summary>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || (_at == _current.Length && !Next()))
        {
            return 0;
        }

        var part = _current.Data.AsSpan(_at, Math.Min(buffer.Length, _current.Length - _at));
        part.CopyTo(buffer);
        _at += part.Length;
        return part.Length;
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
        _stop.Cancel();
        _thread.Join();
        _full.Dispose();
        _stop.Dispose();
        base.Dispose(disposing);
    }

    private bool Next()
    {
        if (_current.Data.Length > 0)
        {
            _spare.Add(_current.Data);
        }

        (_current, _at) = (([], 0), 0);
        if (_full.TryTake(out var next, Timeout.Infinite))
        {
            _current = next;
            return true;
        }

        if (_failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        }

        return false;
    }

    private void Work()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                var data = _spare.TryTake(out var spare) ? spare : new byte[BufferSize];
                var length = _inner.ReadAtLeast(data, data.Length, throwOnEndOfStream: false);
                if (length > 0)
                {
                    _full.Add((data, length), _stop.Token);
                }

                if (length < data.Length)
                {
                    return;
                }
            }
        }
        catch (Exception e)
        {
            _failure = e;
        }
        finally
        {
            _full.CompleteAdding();
        }
    }
}
