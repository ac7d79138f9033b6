using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Slipway.Engine.State;

/// <summary>
/// The one transactional store that says what exists (<c>state.db</c>, SQLite, WAL, <c>synchronous=FULL</c>). Reads happen once, at
/// start; afterwards the rooms keep their objects in memory and only write. Concurrent commits share one transaction and one flush.
/// </summary>
public sealed class StateStore : IAsyncDisposable
{
    /// <summary>The schema this version writes. A database with a higher number is refused, not damaged.</summary>
    public const int SchemaVersion = 1;

    private readonly record struct Commit(IReadOnlyList<StateChange> Changes, bool MayUseReserve, TaskCompletionSource Done);

    private readonly SqliteConnection _connection;
    private readonly CommitCount _count;
    private readonly Channel<Commit> _queue = Channel.CreateBounded<Commit>(new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly Thread _writer;

    private StateStore(SqliteConnection connection, string? damaged)
    {
        _connection = connection;
        _count = CommitCount.Open(connection.DataSource + ".count", Load(StateRoom.Engine).FirstOrDefault(row => row.Key == CommitCount.Key).Json);
        DamagedCopy = damaged;
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "state-writer" };
        _writer.Start();
    }

    /// <summary>Rows that could not be read at start: whose they are, and why.</summary>
    public ConcurrentQueue<(string Object, string Reason)> Unreadable { get; } = new();

    internal void ReportUnreadable(string owner, string reason) => Unreadable.Enqueue((owner, reason));

    /// <summary>Frees room when the disk is too full even for a deletion; true when trying again makes sense.</summary>
    public Func<bool>? MakeRoom { get; set; }

    /// <summary>Where an unreadable database was set aside at start, or null when the database was sound.</summary>
    public string? DamagedCopy { get; }

    /// <summary>Whether commits of an earlier daemon are missing although the database is sound, as when its journal was cut or removed.</summary>
    public bool LostCommits => _count.WereLost;

    /// <summary>
    /// Opens the database, creating it when it is missing. An unreadable one is renamed to <c>state.db.damaged-…</c> and replaced by an
    /// empty one, so that the daemon always starts.
    /// </summary>
    /// <exception cref="EngineException">The database was written by a newer version.</exception>
    public static StateStore Open(string path, TimeProvider time, ILogger log)
    {
        SqliteLibrary.Bind();
        try
        {
            return new StateStore(Connect(path), null);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 11 or 26 or 14 or 1 && File.Exists(path))
        {
            var aside = $"{path}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}";
            log.LogError("state database {Path} is unreadable ({Reason}); set aside as {Aside}", path, e.Message, aside);
            SetAside(path, aside);
            return new StateStore(Connect(path), aside);
        }
    }

    /// <summary>Every row of a room. Only for start-up, before the first commit.</summary>
    public IReadOnlyList<(string Key, byte[] Json)> Load(StateRoom room)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT key, json FROM rows WHERE room = $room";
        command.Parameters.AddWithValue("$room", (int)room);
        using var reader = command.ExecuteReader();
        var rows = new List<(string, byte[])>();
        while (reader.Read())
        {
            rows.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
        }

        return rows;
    }

    /// <summary>Applies the changes in one transaction; when the task completes they are on disk.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.Unavailable"/> when the disk is full or failing; nothing was changed.</exception>
    public Task CommitAsync(params IReadOnlyList<StateChange> changes) =>
        CommitAsync(changes, mayUseReserve: changes.Any(change => change.Json is null));

    /// <summary>As <see cref="CommitAsync(IReadOnlyList{StateChange})"/>, and says whether a full disk is worth the space kept back for deletions.</summary>
    public async Task CommitAsync(IReadOnlyList<StateChange> changes, bool mayUseReserve)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Commit(changes, mayUseReserve, done)).ConfigureAwait(false);
        await done.Task.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_queue.Writer.TryComplete())
        {
            await Task.Run(_writer.Join).ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
            _count.Dispose();
        }
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000;");
            CheckVersion(connection, path);
            Execute(connection, "CREATE TABLE IF NOT EXISTS rows (room INTEGER NOT NULL, key TEXT NOT NULL, json BLOB NOT NULL, PRIMARY KEY (room, key)) WITHOUT ROWID;");
            CheckSound(connection);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void CheckVersion(SqliteConnection connection, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = Convert.ToInt32(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        if (version > SchemaVersion)
        {
            throw new EngineException(ErrorKind.Unavailable, $"{path} was written by a newer version of slipwayd (schema {version}, this one knows {SchemaVersion})");
        }

        if (version < SchemaVersion)
        {
            Execute(connection, $"PRAGMA user_version={SchemaVersion};");
        }
    }

    private static void CheckSound(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        if (command.ExecuteScalar() is not "ok")
        {
            throw new SqliteException("quick_check failed", 11);
        }
    }

    private static void SetAside(string path, string aside)
    {
        foreach (var suffix in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            if (File.Exists(path + suffix))
            {
                File.Move(path + suffix, aside + suffix, overwrite: true);
            }
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void WriteLoop()
    {
        using var put = Prepare("INSERT INTO rows (room, key, json) VALUES ($room, $key, $json) ON CONFLICT (room, key) DO UPDATE SET json = excluded.json", withJson: true);
        using var delete = Prepare("DELETE FROM rows WHERE room = $room AND key = $key", withJson: false);
        var batch = new List<Commit>();
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < 256 && _queue.Reader.TryRead(out var commit))
            {
                batch.Add(commit);
            }

            WriteBatch(batch, put, delete);
            batch.Clear();
        }
    }

    // A batch that fails as a whole is tried again commit by commit, so that one bad writer does not fail its neighbours.
    private void WriteBatch(List<Commit> batch, SqliteCommand put, SqliteCommand delete)
    {
        try
        {
            WriteTransaction(batch, put, delete);
        }
        catch (SqliteException) when (batch.Count > 1)
        {
            foreach (var commit in batch)
            {
                WriteBatch([commit], put, delete);
            }

            return;
        }
        catch (SqliteException full) when (full.SqliteErrorCode == 13 && batch[0].MayUseReserve && MakeRoom?.Invoke() == true)
        {
            WriteBatch(batch, put, delete);
            return;
        }
        catch (SqliteException e)
        {
            batch[0].Done.TrySetException(new EngineException(ErrorKind.Unavailable, $"cannot write {_connection.DataSource}: {Reason(e)}", e));
            return;
        }

        foreach (var commit in batch)
        {
            commit.Done.TrySetResult();
        }
    }

    private void WriteTransaction(List<Commit> batch, SqliteCommand put, SqliteCommand delete)
    {
        Execute(_connection, "BEGIN");
        try
        {
            WriteChanges(batch.SelectMany(commit => commit.Changes).Append(_count.Next()), put, delete);
            Execute(_connection, "COMMIT");
            _count.Committed();
        }
        catch (SqliteException)
        {
            RollBack();
            throw;
        }
    }

    // On a full disk SQLite has rolled back by itself already and says so.
    private void RollBack()
    {
        try
        {
            Execute(_connection, "ROLLBACK");
        }
        catch (SqliteException e) when (e.SqliteErrorCode == 1)
        {
            return;
        }
    }

    private static void WriteChanges(IEnumerable<StateChange> changes, SqliteCommand put, SqliteCommand delete)
    {
        foreach (var change in changes)
        {
            var command = change.Json is null ? delete : put;
            command.Parameters["$room"].Value = (int)change.Room;
            command.Parameters["$key"].Value = change.Key;
            if (change.Json is not null)
            {
                command.Parameters["$json"].Value = change.Json;
            }

            command.ExecuteNonQuery();
        }
    }

    private SqliteCommand Prepare(string sql, bool withJson)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.Add("$room", SqliteType.Integer);
        command.Parameters.Add("$key", SqliteType.Text);
        if (withJson)
        {
            command.Parameters.Add("$json", SqliteType.Blob);
        }

        return command;
    }

    private static string Reason(SqliteException e) => e.SqliteErrorCode switch
    {
        13 => "no space left on device",
        8 => "read-only file system",
        10 => "input/output error",
        _ => e.Message,
    };
}
