using Slipway.Engine.Cleanup;
using Slipway.Engine.Events;
using Slipway.Engine.State;

namespace Slipway.Engine.Volumes;

/// <summary>Removes a volume that no container has: row first, then its directory is renamed away and deleted in the background.</summary>
public sealed class RemoveVolume(VolumeTable table, VolumeMounts mounts, StateStore state, EventLog events, BackgroundRemoval removal)
{
    /// <summary>Removes the volume.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="force">A volume that does not exist is no error.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.Conflict"/> while a container has it.</exception>
    public async Task RunAsync(string name, bool force = false)
    {
        var gate = await table.EnterAsync(name).ConfigureAwait(false);
        try
        {
            if (table.Find(name) is { } volume)
            {
                await RemoveAsync(volume).ConfigureAwait(false);
            }
            else if (!force)
            {
                throw EngineException.NotFound($"get {name}: no such volume");
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task RemoveAsync(Volume volume)
    {
        table.Hide(volume);
        try
        {
            mounts.Detach(volume);
            await state.CommitAsync(new StateChange(StateRoom.Volumes, volume.Name, null)).ConfigureAwait(false);
        }
        catch
        {
            table.Add(volume);
            throw;
        }

        removal.Remove(volume.Directory);
        events.Publish("volume", "destroy", volume.Name, new Dictionary<string, string> { ["driver"] = volume.Record.Driver });
    }
}
