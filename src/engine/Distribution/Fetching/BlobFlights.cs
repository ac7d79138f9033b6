using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>What a flight is doing, for those who show it.</summary>
internal enum FlightStage
{
    /// <summary>Not begun.</summary>
    None,

    /// <summary>For its turn.</summary>
    Waiting,

    /// <summary>Bytes arrive.</summary>
    Downloading,

    /// <summary>A pause before another attempt.</summary>
    Pausing,

    /// <summary>The last byte is there.</summary>
    Verifying,

    /// <summary>It is what it should be.</summary>
    Done,
}

/// <summary>One step of a flight.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Number">Bytes that are there, or seconds of a pause.</param>
internal readonly record struct FlightNews(FlightStage Stage, long Number);

/// <summary>Fetches each blob once, whoever asks: those who want the same wait for the same transfer, and it stops when the last one leaves.</summary>
internal sealed class BlobFlights(ContentStore content, Snapshotter snapshots, Func<DistributionOptions> options, TimeProvider time)
{
    // ENOSPC as .NET's file calls report it.
    private const int NoSpace = 28;

    private readonly TransferSlots _slots = new(() => options().MaxDownloads);
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, BlobFlight> _flights = [];

    /// <summary>Fetches a blob, or joins those who do. The result is used until the returned seat is disposed.</summary>
    /// <param name="session">Where from, if this caller is the first.</param>
    /// <param name="blob">Digest and size.</param>
    /// <param name="unpack">Whether it is a layer that is to be unpacked on the way.</param>
    /// <param name="news">Told what happens.</param>
    internal BlobSeat Take(RegistrySession session, Descriptor blob, bool unpack, Action<FlightNews> news)
    {
        lock (_lock)
        {
            if (!_flights.TryGetValue(blob.Digest, out var flight) || flight.Landed.IsFaulted || flight.Landed.IsCanceled || flight.Blob.Size != blob.Size)
            {
                _flights[blob.Digest] = flight = new BlobFlight(blob, landing => Leave(blob.Digest, landing));
                flight.Begin(cancel => FlyAsync(flight, session, unpack, cancel));
            }

            return flight.Board(news);
        }
    }

    // Called without anybody aboard: nobody can board it any more.
    private bool Leave(Digest digest, BlobFlight flight)
    {
        lock (_lock)
        {
            if (flight.HasPassengers)
            {
                return false;
            }

            if (_flights.GetValueOrDefault(digest) == flight)
            {
                _flights.Remove(digest);
            }

            return true;
        }
    }

    private async Task<BlobCargo> FlyAsync(BlobFlight flight, RegistrySession session, bool unpack, CancellationToken cancel)
    {
        if (!_slots.TryTake())
        {
            flight.Tell(new FlightNews(FlightStage.Waiting, 0));
            await _slots.TakeAsync(cancel).ConfigureAwait(false);
        }

        try
        {
            // What an earlier run left may have been damaged by a power cut: then everything is fetched anew, once.
            var (cargo, recalled) = await TryAsync(flight, session, unpack, cancel).ConfigureAwait(false);
            if (cargo is null && recalled)
            {
                (cargo, _) = await TryAsync(flight, session, unpack, cancel).ConfigureAwait(false);
            }

            return cargo ?? throw new InvalidOperationException("a mismatch of a fresh blob is an error");
        }
        finally
        {
            _slots.Free();
        }
    }

    private async Task<(BlobCargo? Cargo, bool Recalled)> TryAsync(BlobFlight flight, RegistrySession session, bool unpack, CancellationToken cancel)
    {
        var blob = flight.Blob;
        var cargo = new BlobCargo(await BeginAsync(blob.Digest, cancel).ConfigureAwait(false));
        var recalled = 0L;
        try
        {
            cargo.Unpack = unpack ? snapshots.BeginUnpack(cargo.Writer, MostBytes(blob.Size), CancellationToken.None) : null;
            await Task.Run(() => cargo.Writer.Recall(cancel), cancel).ConfigureAwait(false);
            recalled = cargo.Writer.Length;
            await new BlobFetcher(session, options(), time).RunAsync(
                blob, cargo.Writer, at => flight.Tell(new FlightNews(FlightStage.Downloading, at)), pause => flight.Tell(new FlightNews(FlightStage.Pausing, pause)), cancel).ConfigureAwait(false);
            flight.Tell(new FlightNews(FlightStage.Verifying, blob.Size));
            var digest = cargo.Writer.Complete();
            if (digest == blob.Digest && cargo.Writer.Length == blob.Size)
            {
                flight.Tell(new FlightNews(FlightStage.Done, blob.Size));
                return (cargo, recalled > 0);
            }

            cargo.Writer.Drop();
            cargo.Dispose();
            return recalled > 0 ? (null, true) : throw EngineException.Invalid($"filesystem layer verification failed for digest {blob.Digest}: got {digest}");
        }
        catch (Exception e)
        {
            if (e is EngineException { Kind: ErrorKind.InvalidArgument })
            {
                cargo.Writer.Drop();
            }

            cargo.Dispose();
            if (e is IOException { HResult: NoSpace })
            {
                throw new EngineException(ErrorKind.Unavailable, $"write blob {blob.Digest}: no space left on device", e);
            }

            throw;
        }
    }

    // The last writer of the same blob may be closing its file at this moment.
    private async Task<BlobWriter> BeginAsync(Digest digest, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return content.BeginPartial(digest);
            }
            catch (EngineException e) when (e.Kind == ErrorKind.Conflict && attempt < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancel).ConfigureAwait(false);
            }
        }
    }

    private long MostBytes(long packed) => options().UnpackedBytes is var least && packed > (long.MaxValue - least) / 200 ? long.MaxValue : least + (packed * 200);
}
