using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Images.Receive;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>Brings the layers of one image in: those that are here are relied on, the others fly. Dispose when the image is stored or given up.</summary>
internal sealed class LayerTransfer(SlipwayEngine engine, BlobFlights flights, RegistrySession session, PullProgress progress, Lease lease) : IDisposable
{
    private readonly Dictionary<Digest, BlobSeat> _seats = [];

    /// <summary>Fetches what is missing.</summary>
    /// <param name="layers">Bottom first.</param>
    /// <param name="chain">Their chain ids.</param>
    /// <param name="cancel">Stops waiting.</param>
    internal async Task<IReadOnlyList<ReceivedBlob>> RunAsync(IReadOnlyList<Descriptor> layers, IReadOnlyList<Digest> chain, CancellationToken cancel)
    {
        foreach (var id in chain)
        {
            lease.Hold(id.ToString());
        }

        for (var i = 0; i < layers.Count; i++)
        {
            Board(layers[i], unpack: !engine.Snapshots.Contains(chain[i]));
        }

        await WaitAsync(cancel).ConfigureAwait(false);
        var received = new List<ReceivedBlob>();
        foreach (var layer in layers)
        {
            var cargo = _seats.TryGetValue(layer.Digest, out var seat) ? await seat.WhenLanded.WaitAsync(cancel).ConfigureAwait(false) : null;
            received.Add(new ReceivedBlob(cargo?.Writer, cargo?.Unpack));
        }

        return received;
    }

    /// <summary>Says that a layer is on the file system.</summary>
    internal void Unpacked(Descriptor layer, int place)
    {
        _ = place;
        if (_seats.ContainsKey(layer.Digest))
        {
            progress.Bytes(layer, "Extracting", layer.Size);
            progress.Layer(layer, "Pull complete");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var seat in _seats.Values)
        {
            seat.Dispose();
        }
    }

    private void Board(Descriptor layer, bool unpack)
    {
        lease.Hold(layer.Digest.ToString());
        if (_seats.ContainsKey(layer.Digest))
        {
            return;
        }

        if (engine.Content.Contains(layer.Digest) && engine.Content.Size(layer.Digest) == layer.Size)
        {
            progress.Layer(layer, "Already exists");
            return;
        }

        progress.Layer(layer, "Pulling fs layer");
        _seats.Add(layer.Digest, flights.Take(session, layer, unpack, progress.Follow(layer)));
    }

    // The first failure ends the wait; the others' flights end when the seats are given up.
    private async Task WaitAsync(CancellationToken cancel)
    {
        var waiting = _seats.Values.Select(seat => (Task)seat.WhenLanded).ToList();
        while (waiting.Count > 0)
        {
            var done = await Task.WhenAny(waiting).WaitAsync(cancel).ConfigureAwait(false);
            waiting.Remove(done);
            await done.ConfigureAwait(false);
        }
    }
}
