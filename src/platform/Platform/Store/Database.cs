using Microsoft.Data.Sqlite;

namespace Slipway.Platform.Store;

/// <summary>One change to one row.</summary>
/// <param name="Kind">Kind of object.</param>
/// <param name="Key">Its key.</param>
/// <param name="Json">The whole new document, or null to delete the row.</param>
internal readonly record struct RowChange(string Kind, string Key, byte[]? Json);

/// <summary>
/// The platform's SQLite file: JSON documents by kind and key (WAL, <c>synchronous=FULL</c>). Read once at start; afterwards written only,
/// one transaction per call, on disk when the call returns.
/// </summary>
internal sealed class Database : IDisposable
{
    /// <summary>The schema this version writes; a higher one is refused.</summary>
    private const long SchemaVersion = 1;

    private readonly SqliteConnection _connection;

    private Database(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the file, creating it when it is missing.</summary>
    /// <exception cref="InvalidDataException">A newer version wrote it.</exception>
    internal static Database Open(string path)
    {
        SqliteLibrary.Bind();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000;");
            Migrate(connection, path);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new Database(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Every row of a kind.</summary>
    internal IEnumerable<(string Key, byte[] Json)> Load(string kind)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT key, json FROM rows WHERE kind = $kind";
        command.Parameters.AddWithValue("$kind", kind);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return (reader.GetString(0), reader.GetFieldValue<byte[]>(1));
        }
    }

    /// <summary>Applies changes in one transaction. The caller lets one in at a time.</summary>
    internal void Write(IEnumerable<RowChange> changes)
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var (kind, key, json) in changes)
        {
            using var command = _connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = json is null
                ? "DELETE FROM rows WHERE kind = $kind AND key = $key"
                : "INSERT INTO rows (kind, key, json) VALUES ($kind, $key, $json) ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json";
            command.Parameters.AddWithValue("$kind", kind);
            command.Parameters.AddWithValue("$key", key);
            if (json is not null)
            {
                command.Parameters.AddWithValue("$json", json);
            }

            command.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static void Migrate(SqliteConnection connection, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = (long)command.ExecuteScalar()!;
        if (version > SchemaVersion)
        {
            throw new InvalidDataException($"{path} was written by a newer version (schema {version}, this one knows {SchemaVersion})");
        }

        if (version < 1)
        {
            Execute(connection, "CREATE TABLE rows (kind TEXT NOT NULL, key TEXT NOT NULL, json BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID; PRAGMA user_version=1;");
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
