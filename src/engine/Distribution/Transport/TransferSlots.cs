namespace Slipway.Distribution.Transport;

/// <summary>Lets so many transfers run at once; how many may change while others wait.</summary>
internal sealed class TransferSlots(Func<int> most)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private int _taken;

    /// <summary>Takes a slot if one is free.</summary>
    internal bool TryTake()
    {
        lock (_lock)
        {
            if (_waiting.Count > 0 || _taken >= most())
            {
                return false;
            }

            _taken++;
            return true;
        }
    }

    /// <summary>Waits for a slot, in order of arrival.</summary>
    internal async Task TakeAsync(CancellationToken cancel)
    {
        if (TryTake())
        {
            return;
        }

        var place = new LinkedListNode<TaskCompletionSource>(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            _waiting.AddLast(place);
            Admit();
        }

        using var leaving = cancel.Register(() => Leave(place, cancel));
        await place.Value.Task.ConfigureAwait(false);
    }

    /// <summary>Gives a slot back.</summary>
    internal void Free()
    {
        lock (_lock)
        {
            _taken--;
            Admit();
        }
    }

    private void Admit()
    {
        while (_waiting.First is { } first && _taken < most())
        {
            _waiting.Remove(first);
            _taken++;
            first.Value.SetResult();
        }
    }

    private void Leave(LinkedListNode<TaskCompletionSource> place, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (place.List is not null)
            {
                _waiting.Remove(place);
                place.Value.SetCanceled(cancel);
            }
        }
    }
}
