namespace Slipway.BuildKit.Transport;

/// <summary>A connection whose end is told: when it is read to its end, fails, or is given up. After <see cref="EndAsync"/> nobody uses the one below any more.</summary>
internal sealed class WatchedStream(Stream inner, Action ended) : Stream
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task _reading = Task.CompletedTask;
    private Task _writing = Task.CompletedTask;
    private int _told;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var done = Begin(ref _reading);
        try
        {
            var count = await inner.ReadAsync(buffer, _stop.Token).ConfigureAwait(false);
            if (count == 0 && buffer.Length > 0)
            {
                Tell();
            }

            return count;
        }
        catch
        {
            Tell();
            throw;
        }
        finally
        {
            done.SetResult();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var done = Begin(ref _writing);
        try
        {
            await inner.WriteAsync(buffer, _stop.Token).ConfigureAwait(false);
        }
        catch
        {
            Tell();
            throw;
        }
        finally
        {
            done.SetResult();
        }
    }

    /// <summary>Stops reading and writing, and waits until they have stopped.</summary>
    internal async Task EndAsync()
    {
        Task reading, writing;
        lock (_lock)
        {
            _stop.Cancel();
            (reading, writing) = (_reading, _writing);
        }

        await Task.WhenAll(reading, writing).ConfigureAwait(false);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        Tell();
        base.Dispose(disposing);
    }

    // HTTP/2 reads and writes by one caller each.
    private TaskCompletionSource Begin(ref Task work)
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested)
            {
                throw new IOException("the connection has ended");
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            work = done.Task;
            return done;
        }
    }

    private void Tell()
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
        {
            ended();
        }
    }
}
