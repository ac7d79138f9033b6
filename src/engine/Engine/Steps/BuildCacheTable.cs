using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.State;
using Slipway.Oci;

namespace Slipway.Engine.Steps;

/// <summary>The build cache's rows, in memory and in the state store. Rows are hints: one that is lost costs a step, never a wrong result.</summary>
public sealed class BuildCacheTable(StateStore state, ILogger log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, BuildCacheRow> _rows = new(StringComparer.Ordinal);

    /// <summary>Every row.</summary>
    public IReadOnlyList<BuildCacheRow> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _rows.Values];
            }
        }
    }

    /// <summary>The row with this key, or the one that its alias leads to; null when there is none.</summary>
    public BuildCacheRow? Find(string key)
    {
        lock (_lock)
        {
            var row = _rows.GetValueOrDefault(key);
            return row is { Alias: { } other } ? _rows.GetValueOrDefault(other) : row;
        }
    }

    /// <summary>Notes rows in memory and returns how they are to be committed.</summary>
    public IReadOnlyList<StateChange> Put(IEnumerable<BuildCacheRow> rows)
    {
        var changes = new List<StateChange>();
        lock (_lock)
        {
            foreach (var row in rows)
            {
                _rows[row.Key] = row;
                changes.Add(new StateChange(StateRoom.BuildCache, row.Key, JsonSerializer.SerializeToUtf8Bytes(row, BuildCacheJson.Default.BuildCacheRow)));
            }
        }

        return changes;
    }

    /// <summary>Commits rows that need no layer to be flushed first.</summary>
    public Task CommitAsync(IReadOnlyList<BuildCacheRow> rows) => state.CommitAsync(Put(rows));

    /// <summary>Forgets rows, and aliases that lead to them.</summary>
    public async Task RemoveAsync(IReadOnlyCollection<string> keys)
    {
        var gone = new HashSet<string>(keys, StringComparer.Ordinal);
        lock (_lock)
        {
            gone.UnionWith(_rows.Values.Where(row => row.Alias is { } other && gone.Contains(other)).Select(row => row.Key).ToList());
            foreach (var key in gone)
            {
                _rows.Remove(key);
            }
        }

        if (gone.Count > 0)
        {
            await state.CommitAsync([.. gone.Select(key => new StateChange(StateRoom.BuildCache, key, null))]).ConfigureAwait(false);
        }
    }

    internal void Load()
    {
        foreach (var (key, json) in state.Load(StateRoom.BuildCache))
        {
            try
            {
                _rows[key] = JsonSerializer.Deserialize(json, BuildCacheJson.Default.BuildCacheRow)!;
            }
            catch (Exception e) when (e is JsonException or FormatException)
            {
                log.LogWarning("build cache row {Key} is unreadable and ignored: {Reason}", key, e.Message);
            }
        }
    }

    /// <summary>Top of every stack that the cache can give.</summary>
    internal IEnumerable<string> Chains() => All.Select(row => row.ChainId?.ToString()).OfType<string>();

    /// <summary>Blobs of the layers that steps made.</summary>
    internal IEnumerable<Digest> Blobs() => All.Where(row => row.Layer is not null).Select(row => row.Layer!.Value);
}
