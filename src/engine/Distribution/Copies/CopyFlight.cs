using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Distribution.Copies;

/// <summary>One blob on its way into a repository, and those who read it meanwhile. When the last of them leaves, it stops; what arrived stays.</summary>
internal sealed class CopyFlight(Descriptor blob) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _empty = new();
    private readonly TaskCompletionSource<BlobWriter> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _readers;
    private long _readable;
    private Exception? _failure;

    /// <summary>Cancelled when nobody reads any more.</summary>
    internal CancellationToken Abandoned => _empty.Token;

    /// <summary>Boards; false when it stops already.</summary>
    internal bool TryBoard()
    {
        lock (_lock)
        {
            if (_empty.IsCancellationRequested || _failure is not null)
            {
                return false;
            }

            _readers++;
            return true;
        }
    }

    internal void Leave()
    {
        lock (_lock)
        {
            if (--_readers > 0 || _readable == blob.Size)
            {
                return;
            }
        }

        _empty.Cancel();
    }

    /// <summary>Opens the blob for one who has boarded.</summary>
    internal async Task<ArrivingBlob> OpenAsync(ContentStore content, CancellationToken cancel)
    {
        try
        {
            var writer = await _opened.Task.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                return new ArrivingBlob(writer.OpenGrowing(), blob.Size, BeyondAsync, Leave);
            }
            catch (FileNotFoundException)
            {
                // It has got its final name meanwhile.
                return new ArrivingBlob(content.Open(blob.Digest, FileOptions.Asynchronous), blob.Size, BeyondAsync, Leave);
            }
        }
        catch
        {
            Leave();
            throw;
        }
    }

    internal void Opened(BlobWriter writer)
    {
        _opened.TrySetResult(writer);
        Grown(writer.Length);
    }

    // The last byte is shown when everything was found to be right.
    internal void Grown(long length) => Change(() => _readable = Math.Min(length, blob.Size - 1));

    internal void Whole() => Change(() => _readable = blob.Size);

    internal void Fail(Exception failure)
    {
        Change(() => _failure = failure);
        _opened.TrySetException(failure);
        _ = _opened.Task.Exception;
    }

    public void Dispose() => _empty.Dispose();

    private async ValueTask<long> BeyondAsync(long offset, CancellationToken cancel)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (_readable > offset)
                {
                    return _readable;
                }

                if (_failure is { } failure)
                {
                    throw new EngineException(ErrorKind.Unavailable, failure.Message, failure);
                }

                grown = _grown.Task;
            }

            await grown.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource before;
        lock (_lock)
        {
            change();
            (before, _grown) = (_grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        before.SetResult();
    }
}
