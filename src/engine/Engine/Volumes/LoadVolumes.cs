using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.State;

namespace Slipway.Engine.Volumes;

/// <summary>
/// Fills the table at start. The database says what exists; volumes whose row was lost with a damaged database are found again by their
/// <c>volume.json</c>. Data is never removed here, only the empty leftovers of a creation that was not finished.
/// </summary>
public sealed class LoadVolumes(VolumeTable table, StateStore state, EnginePaths paths, ILogger log)
{
    private const int LargestDocument = 1 << 20;

    /// <summary>Loads the rows, then looks for directories without one.</summary>
    /// <param name="stateLost">Whether rows are missing, so that an empty volume without a row is no unfinished creation.</param>
    public async Task RunAsync(bool stateLost = false)
    {
        foreach (var (name, json) in state.Load(StateRoom.Volumes))
        {
            if (Parse(json, name) is { } record)
            {
                AddRow(record);
            }
        }

        foreach (var directory in Directory.EnumerateDirectories(paths.Volumes))
        {
            if (table.Find(Path.GetFileName(directory)) is null)
            {
                await AdoptAsync(directory, stateLost || state.DamagedCopy is not null).ConfigureAwait(false);
            }
        }
    }

    private void AddRow(VolumeRecord record)
    {
        var volume = new Volume(record, Path.Combine(paths.Volumes, record.Name));
        table.Add(volume);
        if (!Directory.Exists(volume.Mountpoint))
        {
            log.LogError("volume {Name} is damaged: {Path} is missing", record.Name, volume.Mountpoint);
        }
    }

    private async Task AdoptAsync(string directory, bool stateLost)
    {
        var name = Path.GetFileName(directory);
        var document = Path.Combine(directory, "volume.json");
        var data = Path.Combine(directory, "_data");
        if (!Directory.Exists(data) || (!stateLost && !Directory.EnumerateFileSystemEntries(data).Any()))
        {
            log.LogInformation("removing {Path}, left by a volume creation that was not finished", directory);
            Directory.Delete(directory, recursive: true);
            return;
        }

        var record = ReadDocument(document, name) ?? new VolumeRecord { Name = name, CreatedAt = Directory.GetLastWriteTimeUtc(directory) };
        log.LogWarning("volume {Name} was found in {Path} without a row; taken over", name, directory);
        await state.CommitAsync(new StateChange(StateRoom.Volumes, name, JsonSerializer.SerializeToUtf8Bytes(record, VolumeJson.Default.VolumeRecord))).ConfigureAwait(false);
        table.Add(new Volume(record, directory));
    }

    private VolumeRecord? ReadDocument(string path, string name)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: < LargestDocument } ? Parse(File.ReadAllBytes(path), name) : null;
        }
        catch (IOException e)
        {
            log.LogError("volume {Name}: {Path} cannot be read: {Reason}", name, path, e.Message);
            return null;
        }
    }

    private VolumeRecord? Parse(byte[] json, string name)
    {
        try
        {
            return JsonSerializer.Deserialize(json, VolumeJson.Default.VolumeRecord) is { } record && record.Name == name ? record : null;
        }
        catch (JsonException e)
        {
            log.LogError("volume {Name} has a damaged document: {Reason}", name, e.Message);
            return null;
        }
    }
}
