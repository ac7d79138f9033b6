using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>A blob that was fetched: complete in the staging directory, and unpacking.</summary>
internal sealed class BlobCargo(BlobWriter writer) : IDisposable
{
    internal BlobWriter Writer { get; } = writer;

    internal LayerUnpack? Unpack { get; set; }

    /// <summary>Keeps what arrived for a later attempt, unless it was published or dropped.</summary>
    public void Dispose()
    {
        Unpack?.Dispose();
        Writer.Dispose();
    }
}

/// <summary>A transfer that several callers wait for.</summary>
internal sealed class BlobFlight(Descriptor blob, Func<BlobFlight, bool> leave)
{
    private readonly Lock _lock = new();
    private readonly List<BlobSeat> _seats = [];
    private readonly CancellationTokenSource _empty = new();
    private Task<BlobCargo> _work = Task.FromCanceled<BlobCargo>(new CancellationToken(true));
    private FlightNews _last;

    internal Descriptor Blob { get; } = blob;

    internal bool HasPassengers
    {
        get
        {
            lock (_lock)
            {
                return _seats.Count > 0;
            }
        }
    }

    internal Task<BlobCargo> Landed => _work;

    internal void Begin(Func<CancellationToken, Task<BlobCargo>> work) => _work = Task.Run(() => work(_empty.Token));

    internal BlobSeat Board(Action<FlightNews> news)
    {
        var seat = new BlobSeat(this, news);
        lock (_lock)
        {
            _seats.Add(seat);
        }

        news(_last);
        return seat;
    }

    internal void Tell(FlightNews news)
    {
        List<BlobSeat> seats;
        lock (_lock)
        {
            _last = news;
            seats = [.. _seats];
        }

        seats.ForEach(seat => seat.News(news));
    }

    internal void Leave(BlobSeat seat)
    {
        lock (_lock)
        {
            if (!_seats.Remove(seat) || _seats.Count > 0)
            {
                return;
            }
        }

        if (leave(this))
        {
            _empty.Cancel();
            _ = _work.ContinueWith(Unload, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void Unload(Task<BlobCargo> work)
    {
        _ = work.Exception;
        if (work.IsCompletedSuccessfully)
        {
            work.Result.Dispose();
        }

        _empty.Dispose();
    }
}

/// <summary>One caller's share in a transfer.</summary>
internal sealed class BlobSeat(BlobFlight flight, Action<FlightNews> news) : IDisposable
{
    internal Action<FlightNews> News { get; } = news;

    /// <summary>Completes when the blob is there. A caller who stops waiting does not stop the transfer for the others.</summary>
    internal Task<BlobCargo> WhenLanded => flight.Landed;

    /// <inheritdoc/>
    public void Dispose() => flight.Leave(this);
}
