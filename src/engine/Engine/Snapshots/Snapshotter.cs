using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Engine.State;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Snapshots;

/// <summary>
/// Unpacked layers, one directory each, named by the stack they top (chain id) and stacked by overlayfs. Rows say which exist; a directory
/// without a row is removed at start, a row whose directory is gone is unpacked again from its blob when it is needed.
/// </summary>
public sealed class Snapshotter
{
    private const string RecordFile = "layer.json";

    private readonly EnginePaths _paths;
    private readonly StateStore _state;
    private readonly ContentStore _content;
    private readonly Action<string> _remove;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SnapshotRecord> _rows = [];
    private long _number;
    private long _staged;

    /// <summary>Creates it empty; call <see cref="LoadAsync"/> before use.</summary>
    /// <param name="paths">Where things are.</param>
    /// <param name="state">Holds the rows.</param>
    /// <param name="content">Holds the blobs.</param>
    /// <param name="remove">Takes a directory away at once and deletes it in the background.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where damage is reported.</param>
    public Snapshotter(EnginePaths paths, StateStore state, ContentStore content, Action<string> remove, TimeProvider time, ILogger log) =>
        (_paths, _state, _content, _remove, _time, _log) = (paths, state, content, remove, time, log);

    /// <summary>Serializes whoever turns unpacked layers into snapshots, so that a layer is unpacked once.</summary>
    internal SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Every committed snapshot.</summary>
    public IReadOnlyList<SnapshotRecord> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _rows.Values];
            }
        }
    }

    /// <summary>
    /// Reads the rows and compares them with the directories. When the state database was lost, the rows are made anew from what is written
    /// beside each directory, so that running containers keep their layers.
    /// </summary>
    /// <param name="stateLost">Whether there are no rows because the database is new while the directories are not.</param>
    public async Task LoadAsync(bool stateLost)
    {
        foreach (var (key, json) in _state.Load(StateRoom.Snapshots))
        {
            if (Read(key, json) is { } row)
            {
                _rows[row.ChainId.ToString()] = row;
            }
        }

        var directories = Directory.EnumerateDirectories(_paths.Snapshots).ToHashSet();
        if (stateLost && directories.Count > 0)
        {
            await RebuildAsync(directories).ConfigureAwait(false);
        }

        foreach (var row in _rows.Values.Where(row => !directories.Remove(Top(row))).ToList())
        {
            _log.LogError("snapshot {Chain} has lost its directory {Path}; it is unpacked again when it is needed", row.ChainId, Top(row));
            _rows.Remove(row.ChainId.ToString());
        }

        _number = _rows.Values.Select(row => row.Number).DefaultIfEmpty().Max();
        foreach (var stray in directories)
        {
            _remove(stray);
        }
    }

    /// <summary>Whether a stack is unpacked.</summary>
    public bool Contains(Digest chainId) => Find(chainId.ToString()) is not null;

    /// <summary>The snapshot of that name, or null.</summary>
    public SnapshotRecord? Find(string chainId)
    {
        lock (_lock)
        {
            return _rows.GetValueOrDefault(chainId);
        }
    }

    /// <summary>The directories of a stack, topmost first: overlayfs' lowerdir in its order.</summary>
    /// <exception cref="EngineException">NotFound when a layer of it is not unpacked.</exception>
    public IReadOnlyList<string> LowerDirs(string chainId)
    {
        var directories = new List<string>();
        for (var next = chainId; next is not null;)
        {
            var row = Find(next) ?? throw EngineException.NotFound($"snapshot {next} not found");
            directories.Add(Path.Combine(Top(row), "fs"));
            next = row.Parent?.ToString();
        }

        return directories;
    }

    /// <summary>Begins to unpack a blob that is still written.</summary>
    internal LayerUnpack BeginUnpack(BlobWriter blob, Packing packing, CancellationToken cancel) =>
        new(blob.OpenTail(), packing, StagingDirectory(), _remove, cancel, blob, long.MaxValue);

    /// <summary>Begins to unpack a layer that still arrives from outside, packed in whatever way.</summary>
    /// <param name="blob">Its writer.</param>
    /// <param name="mostBytes">Bytes of the plain tar beyond which it is refused: what decompression bombs run into.</param>
    /// <param name="cancel">Stops it.</param>
    public LayerUnpack BeginUnpack(BlobWriter blob, long mostBytes, CancellationToken cancel) =>
        new(blob.OpenTail(), null, StagingDirectory(), _remove, cancel, blob, mostBytes);

    /// <summary>Begins to unpack a layer that still arrives. The stream is owned from now on and read by a thread of its own.</summary>
    public LayerUnpack BeginUnpack(Stream source, Packing packing, CancellationToken cancel) =>
        new(source, packing, StagingDirectory(), _remove, cancel, null, long.MaxValue);

    /// <summary>Begins to unpack a blob of the store.</summary>
    /// <exception cref="EngineException">NotFound or Damaged.</exception>
    internal LayerUnpack BeginUnpack(Digest blob, CancellationToken cancel)
    {
        var head = new byte[Decompression.Needed];
        using (var file = _content.Open(blob))
        {
            head = head[..RandomAccess.Read(file, head, 0)];
        }

        return BeginUnpack(_content.OpenRead(blob), Decompression.Detect(head), cancel);
    }

    /// <summary>
    /// Puts a fresh copy in the place of a damaged snapshot that nobody uses; under the gate. Should the daemon end between the two renames, the
    /// row has lost its directory, and the layer is unpacked when it is needed.
    /// </summary>
    internal void Replace(SnapshotRecord row, LayerUnpack fresh)
    {
        var staged = fresh.Take();
        WriteRecord(staged, row);
        Flush();
        if (Directory.Exists(Top(row)))
        {
            _remove(Top(row));
        }

        Directory.Move(staged, Top(row));
        DurableFile.SyncDirectory(_paths.Snapshots);
    }

    /// <summary>Makes sure that every layer of an image is unpacked.</summary>
    /// <returns>The chain id of the top; null for an image without layers.</returns>
    /// <exception cref="EngineException">Damaged or NotFound when a layer cannot be made from its blob.</exception>
    public async Task<string?> EnsureUnpackedAsync(Manifest manifest, ImageConfig config, CancellationToken cancel)
    {
        var chain = Oci.Layers.ChainIds(config.RootFs.DiffIds);
        if (!chain.All(Contains))
        {
            await Gate.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                await new UnpackImage(this).RunAsync(manifest, config, cancel).ConfigureAwait(false);
            }
            finally
            {
                Gate.Release();
            }
        }

        return chain.Count == 0 ? null : chain[^1].ToString();
    }

    /// <summary>Deletes snapshots nothing refers to: rows first, then directories.</summary>
    internal async Task RemoveAsync(IReadOnlyList<SnapshotRecord> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        await _state.CommitAsync([.. rows.Select(row => new StateChange(StateRoom.Snapshots, row.ChainId.ToString(), null))]).ConfigureAwait(false);
        foreach (var row in rows)
        {
            lock (_lock)
            {
                _rows.Remove(row.ChainId.ToString());
            }

            _remove(Top(row));
        }
    }

    /// <summary>Writes everything unpacked so far to the device; before any row names it.</summary>
    internal void Flush() => DurableFile.SyncFileSystem(_paths.Snapshots);

    /// <summary>Publishes flushed layers and commits their rows together with the caller's own changes.</summary>
    internal async Task CommitAsync(SnapshotBatch batch, IEnumerable<StateChange> changes)
    {
        var rows = batch.Publish();
        if (rows.Count > 0)
        {
            DurableFile.SyncDirectory(_paths.Snapshots);
        }

        await CommitRowsAsync(rows, changes).ConfigureAwait(false);
    }

    private async Task CommitRowsAsync(IReadOnlyList<SnapshotRecord> rows, IEnumerable<StateChange> changes)
    {
        IReadOnlyList<StateChange> all = [.. rows.Select(Change), .. changes];
        if (all.Count == 0)
        {
            return;
        }

        foreach (var row in rows)
        {
            Touch(row.ChainId);
        }

        await _state.CommitAsync(all).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var row in rows)
            {
                _rows[row.ChainId.ToString()] = row;
            }
        }
    }

    /// <summary>As <see cref="CommitAsync"/>, for flushed layers that were made in their final place.</summary>
    internal async Task CommitInPlaceAsync(IReadOnlyList<SnapshotRecord> rows, IEnumerable<StateChange> changes)
    {
        if (rows.Count > 0)
        {
            DurableFile.SyncDirectory(_paths.Snapshots);
        }

        await CommitRowsAsync(rows, changes).ConfigureAwait(false);
    }

    /// <summary>A number for a directory nobody else will take.</summary>
    internal long NextNumber() => Interlocked.Increment(ref _number);

    internal SnapshotRecord NewRow(Digest chainId, Digest? parent, Digest diffId, long size) => new()
    {
        Number = NextNumber(),
        ChainId = chainId,
        Parent = parent,
        DiffId = diffId,
        Size = size,
        Created = _time.GetUtcNow(),
    };

    internal string Top(SnapshotRecord row) => Top(row.Number);

    internal string Top(long number) => Path.Combine(_paths.Snapshots, number.ToString(CultureInfo.InvariantCulture));

    internal void Touch(Digest chainId) => _content.Leases.Touch(chainId.ToString());

    internal static void WriteRecord(string directory, SnapshotRecord row) =>
        File.WriteAllBytes(Path.Combine(directory, RecordFile), JsonSerializer.SerializeToUtf8Bytes(row, SnapshotJson.Default.SnapshotRecord));

    private static StateChange Change(SnapshotRecord row) =>
        new(StateRoom.Snapshots, row.ChainId.ToString(), JsonSerializer.SerializeToUtf8Bytes(row, SnapshotJson.Default.SnapshotRecord));

    private string StagingDirectory() => Path.Combine(
        _paths.Staging, string.Create(CultureInfo.InvariantCulture, $"layer-{Environment.ProcessId}-{Interlocked.Increment(ref _staged)}"));

    private async Task RebuildAsync(IEnumerable<string> directories)
    {
        foreach (var directory in directories)
        {
            var file = Path.Combine(directory, RecordFile);
            if (File.Exists(file) && Read(file, File.ReadAllBytes(file)) is { } row && Top(row) == directory)
            {
                _rows[row.ChainId.ToString()] = row;
            }
        }

        await _state.CommitAsync([.. _rows.Values.Select(Change)]).ConfigureAwait(false);
    }

    private SnapshotRecord? Read(string key, byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SnapshotJson.Default.SnapshotRecord);
        }
        catch (JsonException e)
        {
            _log.LogError("the record of snapshot {Key} is unreadable: {Reason}", key, e.Message);
            _state.ReportUnreadable($"snapshot {key}", e.Message);
            return null;
        }
    }
}
