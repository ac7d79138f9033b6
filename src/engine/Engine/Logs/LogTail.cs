using System.Buffers;

namespace Slipway.Engine.Logs;

/// <summary>Finds where the last lines of a log begin, reading backwards.</summary>
/// <param name="wanted">How many lines.</param>
internal sealed class LogTail(long wanted)
{
    private const int Chunk = 64 << 10;
    private long _found;
    private bool _stdoutOpen;
    private bool _stderrOpen;

    /// <summary>
    /// Goes through the files, the newest first, and sets the positions of what is to be read.
    /// </summary>
    /// <param name="files">All files, the newest first.</param>
    /// <param name="skip">How many lines the reader has to leave out at the beginning of the chosen file; only in compressed files.</param>
    /// <returns>Index of the file to begin with.</returns>
    internal int Find(IReadOnlyList<LogFile> files, out long skip)
    {
        skip = 0;
        for (var i = 0; i < files.Count; i++)
        {
            if (files[i].IsCompressed)
            {
                var lines = CountCompressed(files[i]);
                if (_found + lines >= wanted)
                {
                    skip = _found + lines - wanted;
                    return i;
                }

                _found += lines;
            }
            else if (FindIn(files[i]) is { } position)
            {
                files[i].Position = position;
                return i;
            }
        }

        return files.Count - 1;
    }

    private static long CountCompressed(LogFile file)
    {
        using var own = LogFile.TryOpen(file.Name);
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        var counter = new LogTail(long.MaxValue);
        var kept = 0;
        int count;
        while (own is not null && (count = own.Read(buffer.AsSpan(kept))) > 0)
        {
            var rest = buffer.AsSpan(0, kept + count);
            for (int end; (end = rest.IndexOf((byte)'\n')) >= 0; rest = rest[(end + 1)..])
            {
                counter._found += LogRecord.TryParse(rest[..end], out var record) && !record.IsPartial ? 1 : 0;
            }

            rest = rest.Length < buffer.Length ? rest : default;
            rest.CopyTo(buffer);
            kept = rest.Length;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return counter._found;
    }

    // The position of the first wanted line when the file holds it.
    private long? FindIn(LogFile file)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk + LogRecord.HeaderLength);
        try
        {
            // Behind the last newline is a record that is still being written, or nothing.
            var later = -1L;
            for (var end = file.Length; end > 0;)
            {
                var start = Math.Max(0, end - Chunk);
                var size = (int)(end - start);
                // The header of a record that begins at the end of this piece reaches into the one read before.
                var count = file.ReadAt(buffer.AsSpan(0, size + LogRecord.HeaderLength), start);
                var data = buffer.AsSpan(0, count);
                for (var i = data[..Math.Min(size, count)].LastIndexOf((byte)'\n'); i >= 0; i = data[..i].LastIndexOf((byte)'\n'))
                {
                    if (later >= 0 && Count(data[(i + 1)..]))
                    {
                        return later;
                    }

                    later = start + i + 1;
                }

                end = start;
                if (end == 0 && later >= 0 && Count(data))
                {
                    return later;
                }
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // True when this record belongs to a line before the wanted ones.
    private bool Count(ReadOnlySpan<byte> record)
    {
        if (!LogRecord.IsHeader(record[..Math.Min(record.Length, LogRecord.HeaderLength)]))
        {
            return false;
        }

        ref var open = ref record[39] == 'o' ? ref _stdoutOpen : ref _stderrOpen;
        if (record[43] == 'F' || !open)
        {
            if (_found == wanted)
            {
                return true;
            }

            _found++;
            open = true;
        }

        return false;
    }
}
