namespace Slipway.Distribution.Transport;

/// <summary>Cancels a transfer that crawls: a peer that sends a byte a minute would hold a place in the queue for ever.</summary>
internal sealed class StallWatch : IDisposable
{
    private readonly CancellationTokenSource _stalled;
    private readonly CancellationToken _caller;
    private readonly ITimer _timer;
    private readonly long _least;
    private long _moved;
    private bool _paused;

    internal StallWatch(DistributionOptions options, TimeProvider time, CancellationToken cancel)
    {
        (_least, _caller) = (options.StallBytes, cancel);
        _stalled = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _timer = time.CreateTimer(_ => Look(), null, options.StallTime, options.StallTime);
    }

    /// <summary>Cancelled by the caller's token or when nothing moves.</summary>
    internal CancellationToken Token => _stalled.Token;

    /// <summary>Whether it was the peer that was too slow.</summary>
    internal bool HasStalled => _stalled.IsCancellationRequested && !_caller.IsCancellationRequested;

    internal void Moved(long bytes) => Interlocked.Add(ref _moved, bytes);

    /// <summary>From now on the peer may take its time: everything was sent, and it has work to do.</summary>
    internal void Pause() => Volatile.Write(ref _paused, true);

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _stalled.Dispose();
    }

    private void Look()
    {
        if (Interlocked.Exchange(ref _moved, 0) >= _least || Volatile.Read(ref _paused))
        {
            return;
        }

        try
        {
            _stalled.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The transfer ended this moment.
        }
    }
}
