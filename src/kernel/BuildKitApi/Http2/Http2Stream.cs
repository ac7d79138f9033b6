using System.IO.Pipelines;

namespace Slipway.BuildKitApi.Http2;

/// <summary>One exchange of a connection: fields and bytes both ways. One reader and one writer at a time.</summary>
internal sealed class Http2Stream(Http2Connection connection, int id, int sendWindow)
{
    // Bounded by the window that the peer is given.
    private readonly Pipe _input = new(new PipeOptions(pauseWriterThreshold: 0, resumeWriterThreshold: 0, minimumSegmentSize: 16 * 1024, useSynchronizationContext: false));
    private readonly TaskCompletionSource<IReadOnlyList<KeyValuePair<string, string>>> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private readonly Lock _lock = new();
    private int _unacknowledged;
    private bool _inputEnded;

    internal int Id => id;

    /// <summary>The first fields that the peer sent.</summary>
    internal Task<IReadOnlyList<KeyValuePair<string, string>>> Head => _head.Task;

    /// <summary>The fields after the last byte; none before the input's end.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Trailers { get; private set; } = [];

    /// <summary>The bytes that the peer sends.</summary>
    internal PipeReader Input => _input.Reader;

    /// <summary>Cancelled when the peer resets the stream or the connection ends.</summary>
    internal CancellationToken Gone => _gone.Token;

    /// <summary>Whether everything of ours is on its way.</summary>
    internal bool OutputEnded { get; private set; }

    /// <summary>How many bytes the peer takes; guarded by the connection's lock.</summary>
    internal long SendWindow { get; set; } = sendWindow;

    /// <summary>Sends fields.</summary>
    internal void WriteHead(IEnumerable<KeyValuePair<string, string>> fields, bool end)
    {
        OutputEnded |= end;
        connection.WriteHead(id, HeaderWriter.Write(fields), end);
    }

    /// <summary>Sends bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="more">Whether they may wait for others to go with them, until <see cref="Flush"/>.</param>
    /// <param name="cancel">Stops waiting for room.</param>
    /// <exception cref="IOException">The peer is gone or has reset the stream.</exception>
    internal Task WriteAsync(ReadOnlyMemory<byte> bytes, bool more, CancellationToken cancel) => connection.WriteAsync(this, bytes, more, cancel);

    /// <summary>Sends what waits.</summary>
    internal void Flush() => connection.Frames.Flush();

    /// <summary>Says that nothing more is sent.</summary>
    internal void EndOutput()
    {
        if (!OutputEnded)
        {
            OutputEnded = true;
            connection.Frames.Write(FrameType.Data, Frame.EndStream, id, default);
        }
    }

    /// <summary>Says that bytes were read, so that the peer may send more.</summary>
    internal void Consumed(long count)
    {
        const int often = Http2Connection.StreamWindow / 4;
        _unacknowledged += (int)count;
        if (_unacknowledged >= often && !_inputEnded)
        {
            connection.Grant(id, _unacknowledged);
            _unacknowledged = 0;
        }
    }

    /// <summary>Ends the exchange, whatever is still to come.</summary>
    internal void Close()
    {
        const uint noError = 0, cancel = 8;
        if (!_inputEnded || !OutputEnded)
        {
            connection.Reset(id, OutputEnded ? noError : cancel);
            OutputEnded = true;
        }

        connection.Forget(this);
        End(new IOException("the stream was closed"));
    }

    /// <summary>Fields came.</summary>
    internal void Told(IReadOnlyList<KeyValuePair<string, string>> fields, bool end)
    {
        if (!_head.TrySetResult(fields) || end)
        {
            Trailers = fields;
        }

        if (end)
        {
            End(null);
        }
    }

    /// <summary>Bytes came.</summary>
    internal void Received(ReadOnlySpan<byte> bytes, bool end)
    {
        lock (_lock)
        {
            if (!_inputEnded && !bytes.IsEmpty)
            {
                bytes.CopyTo(_input.Writer.GetSpan(bytes.Length));
                _input.Writer.Advance(bytes.Length);
                Finish(_input.Writer.FlushAsync());
            }
        }

        if (end)
        {
            End(null);
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="error">Why; null when the peer said so.</param>
    internal void End(Exception? error)
    {
        if (error is not null)
        {
            _gone.Cancel();
        }

        lock (_lock)
        {
            if (_inputEnded)
            {
                return;
            }

            _inputEnded = true;
            _head.TrySetException(error ?? new IOException("the peer ended the stream without an answer"));
            _ = _head.Task.Exception;
            _input.Writer.Complete(error);
        }
    }

    // Without a threshold a flush ends at once.
    private static void Finish(ValueTask<FlushResult> flush)
    {
        if (flush.IsCompleted)
        {
            flush.GetAwaiter().GetResult();
        }
    }
}
