using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// Tells when something changes in a directory: a file is written, closed after writing, created or renamed in. One inotify
/// instance and one thread for the whole process, since the kernel gives a user 128 instances. A signal fires once and is then
/// disarmed in the kernel, so that a file that is written all the time costs nothing while nobody waits.
/// </summary>
public sealed class DirectorySignals : IDisposable
{
    private const uint Changes =
        InotifyCalls.Modify | InotifyCalls.CloseWrite | InotifyCalls.MovedTo | InotifyCalls.Created | InotifyCalls.OneShot;

    private readonly Lock _lock = new();
    private readonly SafeFileHandle _inotify;
    private readonly Dictionary<int, List<TaskCompletionSource>> _waiting = [];
    private readonly int _wakeup;
    private bool _disposed;

    /// <summary>Starts the thread.</summary>
    public DirectorySignals()
    {
        _inotify = Descriptors.Own(InotifyCalls.Init(InotifyCalls.CloseOnExec), "inotify_init1");
        // A watch that never fires; taking it away is what wakes the thread at the end.
        _wakeup = InotifyCalls.AddWatch(_inotify, "/\0"u8.ToArray(), InotifyCalls.DeleteSelf);
        LinuxException.Check(_wakeup, "inotify_add_watch", "/");
        new Thread(Read) { IsBackground = true, Name = "directory signals" }.UnsafeStart();
    }

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
            var watch = _disposed ? -1 : InotifyCalls.AddWatch(_inotify, PathText.Terminated(directory), Changes);
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

    /// <summary>Ends the thread; signals that wait fire.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                _ = InotifyCalls.RemoveWatch(_inotify, _wakeup);
            }
        }
    }

    internal void Disarm(int watch, TaskCompletionSource source)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(watch, out var sources) && sources.Remove(source) && sources.Count == 0)
            {
                _waiting.Remove(watch);
                _ = InotifyCalls.RemoveWatch(_inotify, watch);
            }
        }
    }

    private void Read()
    {
        var buffer = new byte[16 << 10];
        while (true)
        {
            var count = (int)InotifyCalls.Read(_inotify, buffer, (nuint)buffer.Length);
            lock (_lock)
            {
                if (_disposed || (count < 0 && Marshal.GetLastPInvokeError() != Errno.Interrupted))
                {
                    FireAll();
                    _inotify.Dispose();
                    return;
                }

                Fire(buffer.AsSpan(0, Math.Max(count, 0)));
            }
        }
    }

    private void Fire(ReadOnlySpan<byte> events)
    {
        while (events.Length >= InotifyCalls.EventHeader)
        {
            var watch = BinaryPrimitives.ReadInt32LittleEndian(events);
            if ((BinaryPrimitives.ReadUInt32LittleEndian(events[4..]) & InotifyCalls.Overflow) != 0)
            {
                FireAll();
            }
            else if (_waiting.Remove(watch, out var sources))
            {
                sources.ForEach(source => source.TrySetResult());
            }

            events = events[(InotifyCalls.EventHeader + (int)BinaryPrimitives.ReadUInt32LittleEndian(events[12..]))..];
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
