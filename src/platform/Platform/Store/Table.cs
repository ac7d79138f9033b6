using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Slipway.Platform.Store;

/// <summary>All objects of a kind, in memory; changes go through <see cref="PlatformStore"/>.</summary>
/// <typeparam name="T">An immutable record.</typeparam>
public sealed class Table<T>
    where T : class
{
    private readonly ConcurrentDictionary<string, T> _rows = new(StringComparer.Ordinal);
    private readonly JsonTypeInfo<T> _type;

    internal Table(Database database, string kind, JsonTypeInfo<T> type)
    {
        (Kind, _type) = (kind, type);
        foreach (var (key, json) in database.Load(kind))
        {
            _rows[key] = JsonSerializer.Deserialize(json, type) ?? throw new InvalidDataException($"row {kind}/{key} is empty");
        }
    }

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<T> All => _rows.Values;

    internal string Kind { get; }

    /// <summary>The object of an identity, or null.</summary>
    public T? Find(string? id) => id is null ? null : _rows.GetValueOrDefault(id);

    /// <summary>The change that stores an object.</summary>
    public StoreChange Put(string id, T value) => new(new RowChange(Kind, id, JsonSerializer.SerializeToUtf8Bytes(value, _type)), () => _rows[id] = value);

    /// <summary>The change that deletes an object.</summary>
    public StoreChange Delete(string id) => new(new RowChange(Kind, id, null), () => _rows.TryRemove(id, out _));
}

/// <summary>A change that is not made yet.</summary>
public sealed class StoreChange
{
    internal StoreChange(RowChange row, Action apply) => (Row, Apply) = (row, apply);

    internal RowChange Row { get; }

    internal Action Apply { get; }
}
