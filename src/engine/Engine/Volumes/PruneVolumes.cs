using System.Globalization;
using Slipway.DockerApi;
using Slipway.Engine.Events;

namespace Slipway.Engine.Volumes;

/// <summary>Removes the volumes that no container has.</summary>
public sealed class PruneVolumes(VolumeTable table, RemoveVolume remove, EventLog events)
{
    private int _running;

    /// <summary>Removes unused volumes.</summary>
    /// <param name="filters"><c>label</c>, <c>label!</c>, and <c>all</c>: named volumes too.</param>
    /// <param name="allByDefault">Whether named volumes are meant without <c>all</c> too, as in API versions before 1.42.</param>
    /// <param name="cancel">Stops after the volume in hand.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for an unknown filter; <see cref="ErrorKind.Conflict"/> while another prune runs.</exception>
    public async Task<VolumesPruneReport> RunAsync(Filters filters, bool allByDefault, CancellationToken cancel)
    {
        VolumeFilter.Check(filters, "label", "label!", "all");
        var all = VolumeFilter.Flag(filters, "all") ?? allByDefault;
        if (Interlocked.Exchange(ref _running, 1) == 1)
        {
            throw EngineException.Conflict("a prune operation is already running");
        }

        try
        {
            return await RunAsync(volume => (all || volume.IsAnonymous) && VolumeFilter.LabelsMatch(volume, filters), cancel).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private async Task<VolumesPruneReport> RunAsync(Func<Volume, bool> chosen, CancellationToken cancel)
    {
        var deleted = new List<string>();
        var reclaimed = 0L;
        foreach (var volume in table.All.Where(volume => chosen(volume) && table.References(volume.Name).Count == 0))
        {
            cancel.ThrowIfCancellationRequested();
            var size = VolumeSize.Of(volume, cancel);
            try
            {
                await remove.RunAsync(volume.Name, force: true).ConfigureAwait(false);
            }
            catch (EngineException taken) when (taken.Kind == ErrorKind.Conflict)
            {
                continue;
            }

            deleted.Add(volume.Name);
            reclaimed += Math.Max(0, size);
        }

        events.Publish("volume", "prune", "", new Dictionary<string, string> { ["reclaimed"] = reclaimed.ToString(CultureInfo.InvariantCulture) });
        return new VolumesPruneReport { VolumesDeleted = deleted, SpaceReclaimed = (ulong)reclaimed };
    }
}
