using Slipway.Platform.Model;

namespace Slipway.Platform.Builds;

/// <summary>Lets as many builds run on a server as it may have; the others wait in the order in which they came.</summary>
public sealed class BuildSlots
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _used = new(StringComparer.Ordinal);
    private readonly List<(Server Server, TaskCompletionSource Turn)> _waiting = [];

    /// <summary>How many builds run or wait there.</summary>
    public int Used(Server server)
    {
        lock (_gate)
        {
            return _used.GetValueOrDefault(server.Id) + _waiting.Count(waiting => waiting.Server.Id == server.Id);
        }
    }

    internal async Task<IDisposable> TakeAsync(Server server, Action whenWaiting, CancellationToken cancellation)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((server, turn));
            Admit();
        }

        if (!turn.Task.IsCompleted)
        {
            whenWaiting();
        }

        try
        {
            await turn.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Leave(server, turn);
            throw;
        }

        return new Slot(() => Leave(server, turn));
    }

    private void Leave(Server server, TaskCompletionSource turn)
    {
        lock (_gate)
        {
            if (_waiting.RemoveAll(waiting => waiting.Turn == turn) == 0)
            {
                _used[server.Id]--;
            }

            Admit();
        }
    }

    private void Admit()
    {
        foreach (var waiting in _waiting.ToList())
        {
            if (_used.GetValueOrDefault(waiting.Server.Id) < waiting.Server.ConcurrentBuilds)
            {
                _used[waiting.Server.Id] = _used.GetValueOrDefault(waiting.Server.Id) + 1;
                _waiting.Remove(waiting);
                waiting.Turn.SetResult();
            }
        }
    }

    private sealed class Slot(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
