using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// Tells when something changes in a directory: a file is written, closed after writing, created or renamed in. One inotify
/// instance for all, and any number of waits for one directory. A signal fires once and is then disarmed in the kernel
/// (IN_ONESHOT), so that a file that is written all the time costs nothing while nobody waits.
/// </summary>
public sealed class DirectorySignals : IDisposable
{
    private const int HeaderSize = 16;
    private const uint OneShot = 0x80000000;
    private const uint Changes = (uint)(InotifyMask.Modify | InotifyMask.CloseWrite | InotifyMask.MovedTo | InotifyMask.Create) | OneShot;

    private readonly Lock _lock = new();
    private readonly SafeFileHandle _inotify = Descriptors.Own(PollCalls.CreateInotify(PollCalls.CloseOnExec | PollCalls.NonBlocking), "inotify_init1");
    private readonly Dictionary<int, List<TaskCompletionSource>> _waiting = [];
    private readonly byte[] _buffer = new byte[16 << 10];
    private readonly IDisposable _reading;
    private bool _disposed;

    /// <summary>Reads events whenever the watch says so.</summary>
    public DirectorySignals(ProcessWatch watch) => _reading = watch.OnReadable(_inotify, Read, oneShot: false);

    /// <summary>
    /// Arms a signal for the next change in a directory. Look for changes after this call and before waiting: what happened
    /// before it is not told.
    /// </summary>
    /// <returns>A signal that fires at once when the directory cannot be watched, so that the caller looks.</returns>
    public DirectorySignal Arm(string directory)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            var watch = _disposed ? -1 : PollCalls.AddWatch(_inotify, PathText.Terminated(directory), Changes);
            if (watch < 0)
            {
                source.TrySetResult();
                return new DirectorySignal(this, -1, source);
            }

            if (!_waiting.TryGetValue(watch, out var sources))
            {
                _waiting[watch] = sources = [];
            }

            sources.Add(source);
            return new DirectorySignal(this, watch, source);
        }
    }

    /// <summary>Fires the signals that wait.</summary>
    public void Dispose()
    {
        _reading.Dispose();
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                FireAll();
                _inotify.Dispose();
            }
        }
    }

    internal void Disarm(int watch, TaskCompletionSource source)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(watch, out var sources) && sources.Remove(source) && sources.Count == 0 && !_disposed)
            {
                _waiting.Remove(watch);
                _ = PollCalls.RemoveWatch(_inotify, watch);
            }
        }
    }

    private void Read()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                Fire(_buffer.AsSpan(0, Math.Max((int)FileCalls.Read(_inotify, _buffer, (nuint)_buffer.Length), 0)));
            }
        }
    }

    private void Fire(ReadOnlySpan<byte> events)
    {
        while (events.Length >= HeaderSize)
        {
            var watch = BinaryPrimitives.ReadInt32LittleEndian(events);
            if ((BinaryPrimitives.ReadUInt32LittleEndian(events[4..]) & (uint)InotifyMask.Overflow) != 0)
            {
                FireAll();
            }
            else if (_waiting.Remove(watch, out var sources))
            {
                sources.ForEach(source => source.TrySetResult());
            }

            events = events[(HeaderSize + (int)BinaryPrimitives.ReadUInt32LittleEndian(events[12..]))..];
        }
    }

    private void FireAll()
    {
        foreach (var sources in _waiting.Values)
        {
            sources.ForEach(source => source.TrySetResult());
        }

        _waiting.Clear();
    }
}

/// <summary>One wait for a change in a directory. Disposing it gives up the wait.</summary>
public readonly struct DirectorySignal : IDisposable
{
    private readonly DirectorySignals _signals;
    private readonly int _watch;
    private readonly TaskCompletionSource _source;

    internal DirectorySignal(DirectorySignals signals, int watch, TaskCompletionSource source)
    {
        _signals = signals;
        _watch = watch;
        _source = source;
    }

    /// <summary>Completes at the change.</summary>
    public Task Changed => _source.Task;

    /// <inheritdoc/>
    public void Dispose() => _signals.Disarm(_watch, _source);
}
