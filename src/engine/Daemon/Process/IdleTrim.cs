using System.Globalization;
using Slipway.Linux;

namespace Slipway.Daemon.Process;

/// <summary>
/// Gives memory back after work: when a busy time is over and has left more than there was, the heap is collected, compacted, and its free
/// pages and those of the native heap are returned to the system; once more when the runtime's pools let go of what nobody asked for since.
/// While requests come, nothing happens.
/// </summary>
internal sealed class IdleTrim : IDisposable
{
    private const long Quiet = 512 << 10;
    private const long Worthwhile = 4 << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    // A pool drops arrays in a collection that comes half a minute or more after the one that first saw them unused.
    private static readonly TimeSpan PoolLife = TimeSpan.FromSeconds(35);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _allocated;
    private long _least = PrivateMemory();
    private long? _trimmedAt;

    /// <summary>Starts watching.</summary>
    public IdleTrim(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var quiet = allocated - _allocated < Quiet;
        _allocated = allocated;
        if (!quiet)
        {
            return;
        }

        var held = PrivateMemory();
        var grown = held > _least + Worthwhile;
        if (grown || (_trimmedAt is { } at && _time.GetElapsedTime(at) > PoolLife))
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            NativeHeap.Trim();
            _trimmedAt = grown ? _time.GetTimestamp() : null;
            _least = PrivateMemory();
        }
        else
        {
            _least = Math.Min(held, _least);
        }
    }

    // proc(5): what is resident less what is a file's, in pages.
    private static long PrivateMemory()
    {
        var sizes = File.ReadAllText("/proc/self/statm").Split(' ');
        return (long.Parse(sizes[1], CultureInfo.InvariantCulture) - long.Parse(sizes[2], CultureInfo.InvariantCulture)) * Environment.SystemPageSize;
    }
}
