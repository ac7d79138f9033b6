using Slipway.DockerApi;

namespace Slipway.Build.Solve;

/// <summary>A piece of a step's output.</summary>
/// <param name="Stream">Where it was printed.</param>
/// <param name="Data">The bytes.</param>
internal sealed record OutputPiece(StdStream Stream, byte[] Data);

/// <summary>
/// Work that several builds wait for: it runs once, its output goes to all, and it is stopped only when the last of them has left.
/// </summary>
internal sealed class Flight
{
    // What those who join late are shown of the output so far.
    private const int MostReplayed = 1 << 20;

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<Action<OutputPiece>> _listeners = [];
    private readonly Queue<OutputPiece> _output = [];
    private int _replayed;
    private int _waiting;
    private bool _abandoned;
    private Task<Solved>? _work;

    /// <summary>Whether the work has ended well.</summary>
    internal bool Succeeded => _work is { IsCompletedSuccessfully: true };

    /// <summary>Begins to wait; false when everybody had left and the work is being stopped.</summary>
    internal bool TryEnter()
    {
        lock (_lock)
        {
            if (_abandoned)
            {
                return false;
            }

            _waiting++;
            return true;
        }
    }

    /// <summary>Waits for the work, which the first to come starts. Call after <see cref="TryEnter"/>.</summary>
    /// <param name="start">The work; its token ends it when nobody waits any more.</param>
    /// <param name="listen">Receives output, that so far first.</param>
    /// <param name="cancel">Leaves.</param>
    internal async Task<Solved> WaitAsync(Func<Flight, CancellationToken, Task<Solved>> start, Action<OutputPiece> listen, CancellationToken cancel)
    {
        Task<Solved> work;
        bool own;
        lock (_lock)
        {
            foreach (var piece in _output)
            {
                listen(piece);
            }

            _listeners.Add(listen);
            own = _work is null;
            work = _work ??= Task.Run(() => start(this, _stop.Token));
        }

        try
        {
            return await work.WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            await LeaveAsync(listen, work, own).ConfigureAwait(false);
        }
    }

    /// <summary>Passes output on to everybody who waits.</summary>
    internal ValueTask Publish(StdStream stream, ReadOnlyMemory<byte> data)
    {
        var piece = new OutputPiece(stream, data.ToArray());
        lock (_lock)
        {
            _output.Enqueue(piece);
            _replayed += piece.Data.Length;
            while (_replayed > MostReplayed)
            {
                _replayed -= _output.Dequeue().Data.Length;
            }

            _listeners.ForEach(listen => listen(piece));
        }

        return ValueTask.CompletedTask;
    }

    // The last one out stops the work and sees it end, so that a cancelled build leaves nothing running. Who started it sees it end too, though
    // it goes on for others: it reads the starter's files, which others may change when the starter has gone.
    private async Task LeaveAsync(Action<OutputPiece> listen, Task<Solved> work, bool own)
    {
        bool last;
        lock (_lock)
        {
            _listeners.Remove(listen);
            last = --_waiting == 0 && !work.IsCompleted;
            _abandoned |= last;
        }

        if (last)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }

        if (last || own)
        {
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
