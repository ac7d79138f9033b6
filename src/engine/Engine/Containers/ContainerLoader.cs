using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.State;

namespace Slipway.Engine.Containers;

/// <summary>Fills the table at start, from the database or, when that was lost, from the copies beside the containers' files.</summary>
internal sealed class ContainerLoader(ContainerTable table, StateStore state, EnginePaths paths, TimeProvider time, ILogger log)
{
    private const int MaxRecord = 4 << 20;

    private readonly HashSet<string> _damaged = new(StringComparer.Ordinal);

    /// <summary>Whether a container's copy has no row: the database lost something, as when its journal was damaged.</summary>
    internal bool RowsAreMissing()
    {
        var rows = state.Load(StateRoom.Containers).Select(row => row.Key).ToHashSet();
        return Directory.EnumerateDirectories(paths.Containers).Select(path => Path.GetFileName(path)).Any(id => !rows.Contains(id) && File.Exists(paths.RecordCopy(id)));
    }

    /// <summary>Loads every container.</summary>
    /// <param name="stateLost">Whether the database is new although containers may exist.</param>
    /// <returns>Ids of containers whose records cannot be read: their files are kept.</returns>
    internal async Task<IReadOnlySet<string>> RunAsync(bool stateLost)
    {
        foreach (var (id, json) in state.Load(StateRoom.Containers))
        {
            if ((Read(json, id) ?? ReadCopy(id)) is { } record)
            {
                table.Add(new Container(record, state, paths, time));
            }
        }

        if (stateLost)
        {
            await RebuildAsync().ConfigureAwait(false);
        }

        _damaged.ExceptWith(table.All.Select(c => c.Id));
        return _damaged;
    }

    private async Task RebuildAsync()
    {
        foreach (var directory in Directory.EnumerateDirectories(paths.Containers))
        {
            if (ReadCopy(Path.GetFileName(directory)) is { } record && table.Find(record.Id) is null)
            {
                var container = new Container(record, state, paths, time);
                await container.CommitAsync().ConfigureAwait(false);
                table.Add(container);
                log.LogWarning("container {Id} ({Name}) was found again beside its files", record.Id, record.Name);
            }
        }
    }

    private ContainerRecord? ReadCopy(string id)
    {
        var copy = new FileInfo(paths.RecordCopy(id));
        return copy is { Exists: true, Length: <= MaxRecord } ? Read(File.ReadAllBytes(copy.FullName), id) : null;
    }

    private ContainerRecord? Read(byte[] json, string id)
    {
        try
        {
            var record = JsonSerializer.Deserialize(json, EngineJson.Default.ContainerRecord);
            return record?.Id == id ? record : throw new JsonException("it is another container's");
        }
        catch (JsonException e)
        {
            _damaged.Add(id);
            log.LogError("container {Id}: its record is damaged: {Reason}", id, e.Message);
            return null;
        }
    }
}
