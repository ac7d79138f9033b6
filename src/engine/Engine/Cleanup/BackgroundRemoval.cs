using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Slipway.Linux;

namespace Slipway.Engine.Cleanup;

/// <summary>
/// Deletes directories without letting anybody wait: they are renamed into the trash, which is durable when the call returns, and deleted
/// there by one thread. What an earlier run left in the trash is deleted too.
/// </summary>
public sealed class BackgroundRemoval : IDisposable
{
    private readonly EnginePaths _paths;
    private readonly ReserveFile _reserve;
    private readonly ILogger _log;
    private readonly BlockingCollection<string> _queue = [];
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private int _pending;
    private TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts the thread and lets it empty the trash.</summary>
    public BackgroundRemoval(EnginePaths paths, ReserveFile reserve, ILogger log)
    {
        (_paths, _reserve, _log) = (paths, reserve, log);
        _idle.SetResult();
        foreach (var left in Directory.EnumerateFileSystemEntries(paths.Trash))
        {
            Enqueue(left);
        }

        _thread = new Thread(Work) { IsBackground = true, Name = "removal" };
        _thread.Start();
    }

    /// <summary>Completes when nothing waits for deletion; the space is free then.</summary>
    public Task WhenIdle
    {
        get
        {
            lock (_lock)
            {
                return _idle.Task;
            }
        }
    }

    /// <summary>
    /// Makes a directory or file below the data root disappear from its path, now and durably; its space is freed a little later. Nothing
    /// at the path is no error.
    /// </summary>
    /// <exception cref="LinuxException">It cannot be renamed, for example because something is mounted there (EBUSY).</exception>
    public void Remove(string path)
    {
        if (FileStat.OfPath(path, followLast: false) is null)
        {
            return;
        }

        var target = Path.Combine(_paths.Trash, $"{Path.GetFileName(path)[..Math.Min(64, Path.GetFileName(path).Length)]}.{Guid.NewGuid():N}");
        _reserve.Run(() => DurableFile.Rename(path, target));
        Enqueue(target);
    }

    /// <summary>Stops after the entry in hand; the rest stays in the trash for the next start.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        while (_queue.TryTake(out _))
        {
        }

        _thread.Join();
        _queue.Dispose();
    }

    private void Enqueue(string path)
    {
        lock (_lock)
        {
            if (_pending++ == 0)
            {
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        _queue.Add(path);
    }

    private void Work()
    {
        _reserve.Restore();
        foreach (var path in _queue.GetConsumingEnumerable())
        {
            try
            {
                Delete(path);
            }
            catch (IOException e)
            {
                _log.LogWarning("{Path} cannot be deleted: {Reason}; tried again at the next start", path, e.Message);
            }

            _reserve.Restore();
            lock (_lock)
            {
                if (--_pending == 0)
                {
                    _idle.TrySetResult();
                }
            }
        }
    }

    private void Delete(string path)
    {
        using var trash = SafePath.Open(_paths.Trash);
        _reserve.Run(() => trash.RemoveTree(Path.GetFileName(path)));
    }
}
