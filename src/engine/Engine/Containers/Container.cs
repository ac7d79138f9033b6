using System.Text.Json;
using Slipway.Engine.Attach;
using Slipway.Engine.State;

namespace Slipway.Engine.Containers;

/// <summary>How a container's run ended.</summary>
/// <param name="Code">0-255; 128 + signal when killed; 255 when it could not be learnt.</param>
public readonly record struct ExitStatus(int Code);

/// <summary>
/// A container: its persisted record, its task while one runs, and those who wait for it. Life-cycle verbs hold
/// <see cref="Gate"/> while they change it; readers take <see cref="Record"/> at any time.
/// </summary>
public sealed class Container(ContainerRecord record, StateStore state, EnginePaths paths, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ContainerRecord _record = record;
    private TaskCompletionSource<ExitStatus> _nextExit = NewSource<ExitStatus>();
    private readonly TaskCompletionSource _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _copyLock = new();
    private bool _deleted;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public string Id { get; } = record.Id;

    /// <summary>The present record. Immutable: a later read may give another one.</summary>
    public ContainerRecord Record => Volatile.Read(ref _record);

    /// <summary>The present name, without a leading slash.</summary>
    public string Name => Record.Name;

    /// <summary>Held by whoever changes the container's life; never while waiting for its process to end.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Takes <see cref="Gate"/> for a verb.</summary>
    /// <exception cref="EngineException">NotFound: the container was removed meanwhile.</exception>
    internal async Task EnterAsync(CancellationToken cancel)
    {
        await Gate.WaitAsync(cancel).ConfigureAwait(false);
        if (_removed.Task.IsCompleted)
        {
            Gate.Release();
            throw NoSuchContainer();
        }
    }

    /// <summary>Where attach clients get their connection to the container's stdio.</summary>
    public AttachGate Attaches { get; } = new(time);

    /// <summary>The running process, or null.</summary>
    public TaskHandle? Task { get; internal set; }

    /// <summary>What its networks gave it, from the moment at which it is connected until its start is recorded; else null.</summary>
    internal Networks.NetworkAttachment? Attachment { get; set; }

    /// <summary>Ends waits between restarts, and everything else that lives as long as one run.</summary>
    internal CancellationTokenSource? PendingRestart { get; set; }

    /// <summary>When the delay of the restart policy was last applied, and how long it was.</summary>
    internal TimeSpan RestartDelay { get; set; }

    /// <summary>Removal of what the last run left in the kernel; a new run waits for it.</summary>
    internal Task Cleanup { get; set; } = System.Threading.Tasks.Task.CompletedTask;

    /// <summary>Execs made in this container, by id.</summary>
    internal Dictionary<string, Execs.Exec> Execs { get; } = [];

    /// <summary>Whether a process exists (running or paused).</summary>
    public bool IsRunning => Record.State.Status is ContainerStatus.Running or ContainerStatus.Paused;

    /// <summary>Completes when the present or next run ends.</summary>
    public Task<ExitStatus> NextExit
    {
        get
        {
            lock (_lock)
            {
                return _nextExit.Task;
            }
        }
    }

    /// <summary>Completes when the container is gone.</summary>
    public Task Removed => _removed.Task;

    /// <summary>Replaces the record and makes that durable.</summary>
    /// <exception cref="EngineException">Unavailable: the disk is full; NotFound: the container was removed. The record is unchanged.</exception>
    internal async Task UpdateAsync(Func<ContainerRecord, ContainerRecord> change)
    {
        ContainerRecord before, after;
        Task written;
        lock (_lock)
        {
            if (_deleted)
            {
                throw NoSuchContainer();
            }

            before = _record;
            after = change(before);
            Volatile.Write(ref _record, after);
            written = WriteAsync(after, mayUseReserve: false);
        }

        try
        {
            await written.ConfigureAwait(false);
        }
        catch
        {
            Interlocked.CompareExchange(ref _record, before, after);
            throw;
        }
    }

    /// <summary>
    /// Replaces the record in memory at once; what the kernel has already done is true whether or not the disk can take it. The row
    /// follows when it can, unless the container was removed.
    /// </summary>
    /// <param name="change">Makes the new record.</param>
    /// <param name="mayUseReserve">Whether a full disk is worth the space kept back: for ends, which must not be lost or refused, not for starts.</param>
    internal async Task RecordFactAsync(Func<ContainerRecord, ContainerRecord> change, bool mayUseReserve = true)
    {
        Task written;
        lock (_lock)
        {
            var after = change(_record);
            Volatile.Write(ref _record, after);
            written = _deleted ? System.Threading.Tasks.Task.CompletedTask : WriteAsync(after, mayUseReserve);
        }

        await written.ConfigureAwait(false);
    }

    /// <summary>Makes the present record durable; for a container that has just been made.</summary>
    internal Task CommitAsync() => WriteAsync(Record, mayUseReserve: false);

    /// <summary>Deletes the row and its copy. What is told of the container afterwards is not written any more, or it would be back at the next start.</summary>
    /// <exception cref="EngineException">Unavailable: the disk is failing; the container stays.</exception>
    internal async Task DeleteAsync()
    {
        // The copy goes first: a copy without a row would mean that the row was lost.
        Task deleted;
        lock (_lock)
        {
            _deleted = true;
            lock (_copyLock)
            {
                var copy = paths.RecordCopy(Id);
                if (Directory.Exists(Path.GetDirectoryName(copy)))
                {
                    File.Delete(copy);
                }
            }

            deleted = state.CommitAsync(new StateChange(StateRoom.Containers, Id, null));
        }

        try
        {
            await deleted.ConfigureAwait(false);
        }
        catch
        {
            lock (_lock)
            {
                _deleted = false;
            }

            throw;
        }
    }

    /// <summary>Tells everybody who waits that the run ended.</summary>
    internal void CompleteExit(ExitStatus status)
    {
        TaskCompletionSource<ExitStatus> ended;
        lock (_lock)
        {
            ended = _nextExit;
            _nextExit = NewSource<ExitStatus>();
        }

        ended.TrySetResult(status);
    }

    /// <summary>Tells everybody who waits that the container is gone.</summary>
    internal void CompleteRemoval()
    {
        CompleteExit(new ExitStatus(Record.State.ExitCode));
        _removed.TrySetResult();
    }

    // Rows are queued in the order in which records follow one another.
    private Task WriteAsync(ContainerRecord record, bool mayUseReserve)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(record, EngineJson.Default.ContainerRecord);
        return FinishAsync(state.CommitAsync([new StateChange(StateRoom.Containers, Id, json)], mayUseReserve), record, json);
    }

    // The copy beside the container's files is for the day on which the database is lost; it need not be flushed. It follows the row, so
    // that a copy without a row means a lost row.
    private async Task FinishAsync(Task committed, ContainerRecord record, byte[] json)
    {
        await committed.ConfigureAwait(false);
        var copy = paths.RecordCopy(Id);
        lock (_copyLock)
        {
            if (_deleted || !ReferenceEquals(Record, record))
            {
                return;
            }

            try
            {
                File.WriteAllBytes(copy + ".new", json);
                File.Move(copy + ".new", copy, overwrite: true);
            }
            catch (IOException)
            {
                // The disk is full; the row is what counts.
            }
        }
    }

    private EngineException NoSuchContainer() => EngineException.NotFound($"No such container: {Id}");

    private static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
