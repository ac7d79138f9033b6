using Slipway.BuildKitApi.Grpc;

namespace Slipway.BuildKit.Builds;

/// <summary>Things that one call of a client brings and others ask for, perhaps a little earlier.</summary>
/// <param name="what">What they are, for messages.</param>
/// <param name="time">The clock.</param>
internal sealed class Rendezvous<T>(string what, TimeProvider time)
    where T : class
{
    // A client makes the calls at the same time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, TaskCompletionSource<T>> _places = new(StringComparer.Ordinal);

    /// <summary>Brings one.</summary>
    /// <exception cref="GrpcException">The id is taken.</exception>
    internal void Add(string id, T value)
    {
        if (!Place(id).TrySetResult(value))
        {
            throw new GrpcException(GrpcStatus.FailedPrecondition, $"{what} {id} exists");
        }
    }

    /// <summary>Whether one was brought.</summary>
    internal bool Has(string id)
    {
        lock (_lock)
        {
            return _places.TryGetValue(id, out var place) && place.Task.IsCompletedSuccessfully;
        }
    }

    /// <summary>Takes one away.</summary>
    internal void Remove(string id)
    {
        lock (_lock)
        {
            _places.Remove(id);
        }
    }

    /// <summary>The one with this id, which may be about to come.</summary>
    /// <exception cref="GrpcException">NotFound.</exception>
    internal async Task<T> GetAsync(string id, CancellationToken cancel)
    {
        var place = Place(id);
        try
        {
            return await place.Task.WaitAsync(Patience, time, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                if (!place.Task.IsCompleted && _places.GetValueOrDefault(id) == place)
                {
                    _places.Remove(id);
                }
            }

            cancel.ThrowIfCancellationRequested();
            throw new GrpcException(GrpcStatus.NotFound, $"no {what} {id}", e);
        }
    }

    private TaskCompletionSource<T> Place(string id)
    {
        lock (_lock)
        {
            return _places.TryGetValue(id, out var place) ? place : _places[id] = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
