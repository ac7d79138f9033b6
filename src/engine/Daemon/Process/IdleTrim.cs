using Slipway.Linux;

namespace Slipway.Daemon.Process;

/// <summary>
/// Gives memory back after work: when a busy time is over, the heap is collected once, compacted, and its free pages and those of the
/// native heap are returned to the system. While requests come, nothing happens.
/// </summary>
internal sealed class IdleTrim : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);
    private const long Quiet = 512 << 10;
    private const long Worthwhile = 8 << 20;

    private readonly ITimer _timer;
    private long _last;
    private long _trimmed;

    /// <summary>Starts watching.</summary>
    public IdleTrim(TimeProvider time) => _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        if (allocated - _last < Quiet && allocated - _trimmed > Worthwhile)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            NativeHeap.Trim();
            _trimmed = allocated;
        }

        _last = allocated;
    }
}
