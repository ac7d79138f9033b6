using Slipway.DockerApi;

namespace Slipway.Engine.Logs;

/// <summary>
/// One line of a log file as conmon 2.1.6 writes it: <c>2026-11-21T03:02:00.123456789+00:00 stdout F text</c>. The part in front of the
/// text always has <see cref="HeaderLength"/> bytes. conmon writes what one read of the container's output gave, 8 KiB at most, line by
/// line; what has no newline at its end gets the tag P. So F stands for text with a newline, P for text without one, and the bytes
/// that the container wrote can be told exactly: an unfinished last line is a P that nothing follows.
/// </summary>
internal readonly ref struct LogRecord
{
    /// <summary>Bytes in front of the text.</summary>
    internal const int HeaderLength = 45;

    /// <summary>Bytes of the time.</summary>
    internal const int TimeLength = 35;

    /// <summary>The longest record that is believed; conmon writes 8192 bytes of text at most.</summary>
    internal const int MaxLength = 32 << 10;

    private LogRecord(ReadOnlySpan<byte> line)
    {
        Time = line[..TimeLength];
        Stream = line[39] == 'o' ? StdStream.Stdout : StdStream.Stderr;
        IsPartial = line[43] == 'P';
        Text = line[HeaderLength..];
    }

    /// <summary>When it was written, see <see cref="LogTime"/>.</summary>
    internal ReadOnlySpan<byte> Time { get; }

    /// <summary>Standard output or standard error.</summary>
    internal StdStream Stream { get; }

    /// <summary>Whether no newline follows the text.</summary>
    internal bool IsPartial { get; }

    /// <summary>What the container wrote, without the newline.</summary>
    internal ReadOnlySpan<byte> Text { get; }

    /// <summary>Reads a line of the file, given without its newline.</summary>
    /// <returns>False for a damaged record.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> line, out LogRecord record)
    {
        if (!IsHeader(line))
        {
            // After a power cut a file may hold a run of zeros where the kernel had not written yet; what follows it is whole.
            var start = line.IndexOfAnyExcept((byte)0);
            if (start <= 0 || !IsHeader(line[start..]))
            {
                record = default;
                return false;
            }

            line = line[start..];
        }

        record = new LogRecord(line);
        return true;
    }

    /// <summary>Whether a record begins here.</summary>
    internal static bool IsHeader(ReadOnlySpan<byte> line) =>
        line.Length is >= HeaderLength and <= MaxLength
        && line[4] == '-' && line[10] == 'T' && line[19] == '.' && line[TimeLength] == ' '
        && (line[36..43].SequenceEqual("stdout "u8) || line[36..43].SequenceEqual("stderr "u8))
        && line[43] is (byte)'F' or (byte)'P' && line[44] == ' ';
}
