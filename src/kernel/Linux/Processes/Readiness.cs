using Microsoft.Win32.SafeHandles;

namespace Slipway.Linux;

/// <summary>Waits for one descriptor, as often as it is asked to; between two waits the kernel reports nothing. One wait at a time.</summary>
public sealed class Readiness : IDisposable
{
    private readonly Lock gate = new();
    private readonly ProcessWatch watch;
    private readonly SafeFileHandle fd;
    private IDisposable? registration;
    private TaskCompletionSource? waiter;
    private bool disposed;

    internal Readiness(ProcessWatch watch, SafeFileHandle fd) => (this.watch, this.fd) = (watch, fd);

    /// <summary>Returns when the descriptor is readable, at its end or broken; now and then without a reason, and when this is disposed.</summary>
    /// <exception cref="OperationCanceledException">Cancelled first.</exception>
    public async ValueTask WaitAsync(CancellationToken cancel)
    {
        var wait = new TaskCompletionSource();
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            waiter = wait;
            registration = watch.Demand(registration, fd, Wake);
        }

        using (cancel.UnsafeRegister(_ => wait.TrySetCanceled(cancel), null))
        {
            await wait.Task.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            registration?.Dispose();
        }

        Wake();
    }

    private void Wake() => Interlocked.Exchange(ref waiter, null)?.TrySetResult();
}
