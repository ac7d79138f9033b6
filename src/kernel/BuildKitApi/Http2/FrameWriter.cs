namespace Slipway.BuildKitApi.Http2;

/// <summary>Writes frames to a connection: those that come while others are being written go together.</summary>
internal sealed class FrameWriter(Stream stream, CancellationToken stop)
{
    private const int Batch = 32 * 1024;
    private const int MuchWaiting = 256 * 1024;
    private const int TooMuchWaiting = 16 << 20;

    private readonly Lock _lock = new();
    private byte[] _waiting = new byte[16 * 1024];
    private byte[] _spare = new byte[16 * 1024];
    private int _count;
    private bool _writing;
    private bool _failed;
    private TaskCompletionSource? _less;
    private Task _loop = Task.CompletedTask;

    /// <summary>Ends when nothing is being written any more.</summary>
    internal Task Idle
    {
        get
        {
            lock (_lock)
            {
                return _loop;
            }
        }
    }

    /// <summary>Ends when there is room for more, so that what waits stays bounded.</summary>
    internal Task RoomAsync()
    {
        lock (_lock)
        {
            return _count < MuchWaiting || _failed ? Task.CompletedTask : (_less ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Bytes that are no frame, a client's first words. They wait for others to go with them.</summary>
    internal void Raw(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            bytes.CopyTo(Take(bytes.Length));
        }
    }

    /// <summary>Writes what waits for more to go with it.</summary>
    internal void Flush()
    {
        lock (_lock)
        {
            if (_count > 0)
            {
                Begin();
            }
        }
    }

    /// <summary>Writes a frame, soon.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="flags">Its flags.</param>
    /// <param name="id">Its stream.</param>
    /// <param name="payload">What it carries.</param>
    /// <param name="more">Whether it may wait for others to go with it: call <see cref="Flush"/> in the end.</param>
    internal void Write(FrameType type, byte flags, int id, ReadOnlySpan<byte> payload, bool more = false)
    {
        lock (_lock)
        {
            if (_failed || stop.IsCancellationRequested)
            {
                return;
            }

            var room = Take(Frame.HeadSize + payload.Length);
            new Frame(payload.Length, type, flags, id).Write(room);
            payload.CopyTo(room[Frame.HeadSize..]);
            if (!more || _count >= Batch)
            {
                Begin();
            }
        }
    }

    // A peer that asks for answers and takes none.
    private Span<byte> Take(int size)
    {
        if (_count + size > TooMuchWaiting)
        {
            throw new IOException("the peer does not take what it asks for");
        }

        if (_count + size > _waiting.Length)
        {
            Array.Resize(ref _waiting, Math.Max(_waiting.Length * 2, _count + size));
        }

        _count += size;
        return _waiting.AsSpan(_count - size, size);
    }

    private void Begin()
    {
        if (!_writing)
        {
            _writing = true;
            _loop = Task.Run(WriteAsync, CancellationToken.None);
        }
    }

    private async Task WriteAsync()
    {
        while (Next() is { Length: > 0 } batch)
        {
            try
            {
                await stream.WriteAsync(batch, stop).ConfigureAwait(false);
                await stream.FlushAsync(stop).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or System.Net.Sockets.SocketException)
            {
                // Reading tells the end of the connection.
                lock (_lock)
                {
                    (_failed, _count) = (true, 0);
                }
            }
        }
    }

    private ReadOnlyMemory<byte> Next()
    {
        TaskCompletionSource? less;
        ReadOnlyMemory<byte> batch;
        lock (_lock)
        {
            (less, _less) = (_less, null);
            _writing = _count > 0;
            batch = _waiting.AsMemory(0, _count);
            (_waiting, _spare) = (_spare, _waiting);
            _count = 0;
        }

        less?.TrySetResult();
        return batch;
    }
}
