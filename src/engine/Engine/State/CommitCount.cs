using System.Buffers.Text;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Engine.State;

/// <summary>
/// How many commits there have been, once in the database and once in a file beside it that is written after each commit and never
/// flushed. SQLite takes a journal that was cut off for one that ended there; a file that counts further tells that commits are missing.
/// </summary>
internal sealed class CommitCount : IDisposable
{
    /// <summary>The row's key in <see cref="StateRoom.Engine"/>.</summary>
    internal const string Key = "commits";

    private const int Digits = 20;

    private readonly SafeFileHandle _file;
    private long _count;

    private CommitCount(SafeFileHandle file, long count, bool wereLost) => (_file, _count, WereLost) = (file, count, wereLost);

    /// <summary>Whether the file counted further than the database when it was opened.</summary>
    internal bool WereLost { get; }

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="row">The database's count as JSON; null when it has none.</param>
    internal static CommitCount Open(string path, byte[]? row)
    {
        var inDatabase = row is not null && Utf8Parser.TryParse(row, out long committed, out _) ? committed : 0;
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var buffer = new byte[Digits];
        var inFile = Utf8Parser.TryParse(buffer.AsSpan(0, RandomAccess.Read(file, buffer, 0)), out long seen, out _) ? seen : 0;
        return new CommitCount(file, Math.Max(inDatabase, inFile), inFile > inDatabase);
    }

    /// <summary>The change that goes into the next transaction.</summary>
    internal StateChange Next() => new(StateRoom.Engine, Key, Encoding.ASCII.GetBytes((_count + 1).ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>The transaction is durable.</summary>
    internal void Committed()
    {
        _count++;
        try
        {
            RandomAccess.Write(_file, Encoding.ASCII.GetBytes(_count.ToString("D20", System.Globalization.CultureInfo.InvariantCulture)), 0);
        }
        catch (IOException)
        {
            // A file that stays behind only tells less.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
