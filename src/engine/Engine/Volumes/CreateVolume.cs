using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Events;
using Slipway.Engine.State;
using Slipway.Linux;

namespace Slipway.Engine.Volumes;

/// <summary>Creates a volume, or finds the one that is already there. Directory and document first, then the row.</summary>
public sealed class CreateVolume(VolumeTable table, StateStore state, EnginePaths paths, EventLog events, TimeProvider time, BackgroundRemoval removal)
{
    private const UnixFileMode Traversable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Creates or finds the volume.</summary>
    /// <param name="request">Without a name an anonymous volume is made.</param>
    /// <param name="containerId">The container that will have it; referenced from this moment, see <see cref="VolumeTable.Release"/>.</param>
    /// <exception cref="EngineException">A bad name or option, an unknown driver, or a volume of that name with other options.</exception>
    public async Task<Volume> RunAsync(VolumeCreateRequest request, string? containerId = null)
    {
        var anonymous = string.IsNullOrEmpty(request.Name);
        var name = anonymous ? VolumeName.Generate() : request.Name!;
        var gate = await table.EnterAsync(name).ConfigureAwait(false);
        try
        {
            return Existing(name, request, containerId) ?? await CreateAsync(name, anonymous, request, containerId).ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }
    }

    private Volume? Existing(string name, VolumeCreateRequest request, string? containerId)
    {
        if (table.Find(name) is not { } volume)
        {
            return null;
        }

        CheckDriver(name, request.Driver);
        if (request.DriverOpts is { Count: > 0 } options && !VolumeOptions.Same(options, volume.Record.Options))
        {
            throw EngineException.Conflict($"create {name}: conflict: volume already exists with other driver options");
        }

        if (containerId is not null)
        {
            table.Reference(name, containerId);
        }

        return volume;
    }

    private static void CheckDriver(string name, string? driver)
    {
        if (!string.IsNullOrEmpty(driver) && driver != Volume.LocalDriver)
        {
            throw EngineException.NotFound($"create {name}: error looking up volume plugin {driver}: plugin \"{driver}\" not found");
        }
    }

    private async Task<Volume> CreateAsync(string name, bool anonymous, VolumeCreateRequest request, string? containerId)
    {
        CheckDriver(name, request.Driver);
        VolumeName.Check(name);
        VolumeOptions.Check(name, request.DriverOpts);
        var record = new VolumeRecord
        {
            Name = name,
            CreatedAt = time.GetUtcNow(),
            Labels = anonymous ? new Dictionary<string, string>(request.Labels ?? new Dictionary<string, string>()) { [Volume.AnonymousLabel] = "" } : request.Labels,
            Options = request.DriverOpts is { Count: > 0 } ? request.DriverOpts : null,
        };
        var volume = new Volume(record, Path.Combine(paths.Volumes, name));
        await WriteAsync(volume).ConfigureAwait(false);
        table.Add(volume, containerId);
        events.Publish("volume", "create", name, new Dictionary<string, string> { ["driver"] = record.Driver });
        return volume;
    }

    private async Task WriteAsync(Volume volume)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(volume.Record, VolumeJson.Default.VolumeRecord);
        try
        {
            MakeDirectory(volume.Directory, Traversable);
            MakeDirectory(volume.Mountpoint, Readable);
            DurableFile.WriteAllBytes(Path.Combine(volume.Directory, "volume.json"), json);
            DurableFile.SyncDirectory(paths.Volumes);
            await state.CommitAsync(new StateChange(StateRoom.Volumes, volume.Name, json)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or EngineException)
        {
            removal.Remove(volume.Directory);
            throw e as EngineException ?? new EngineException(ErrorKind.Unavailable, $"create {volume.Name}: {(ReserveFile.IsNoSpace(e) ? "no space left on device" : e.Message)}", e);
        }
    }

    // The mode is set apart: mkdir(2) subtracts the daemon's umask.
    private static void MakeDirectory(string path, UnixFileMode mode)
    {
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, mode);
    }
}
