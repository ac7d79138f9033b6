using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Logs;

/// <summary>One open file of a log. It stays the same file whatever its name becomes.</summary>
internal sealed class LogFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly Stream? _expanded;
    private long _position;

    private LogFile(SafeFileHandle handle, string name)
    {
        _handle = handle;
        Name = name;
        Inode = FileStat.Of(handle).Ino;
        if (name.EndsWith(".gz", StringComparison.Ordinal))
        {
            _expanded = new GZipStream(new FileStream(handle, FileAccess.Read, bufferSize: 0), CompressionMode.Decompress);
        }
    }

    /// <summary>The name under which it was opened, for messages.</summary>
    internal string Name { get; }

    /// <summary>What tells it from others.</summary>
    internal ulong Inode { get; }

    /// <summary>Whether it can only be read from its beginning.</summary>
    internal bool IsCompressed => _expanded is not null;

    /// <summary>Bytes in the file now.</summary>
    internal long Length => RandomAccess.GetLength(_handle);

    /// <summary>Where the next read begins; settable unless compressed.</summary>
    internal long Position { get => _position; set => _position = value; }

    /// <summary>How far the file has been read, including the beginning of a record that was not complete.</summary>
    internal long Seen { get; private set; }

    /// <summary>Unix time in nanoseconds of the last record that was read from it.</summary>
    internal long LastTime { get; set; } = long.MinValue;

    /// <inheritdoc/>
    public void Dispose()
    {
        _expanded?.Dispose();
        _handle.Dispose();
    }

    /// <summary>Opens a file; null when it is not there.</summary>
    internal static LogFile? TryOpen(string path)
    {
        try
        {
            return new LogFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Reads on.</summary>
    /// <returns>How many bytes; 0 at the present end.</returns>
    internal int Read(Span<byte> buffer)
    {
        var count = _expanded is null ? RandomAccess.Read(_handle, buffer, _position) : _expanded.Read(buffer);
        _position += count;
        Seen = _position;
        return count;
    }

    /// <summary>Reads anywhere in a file that is not compressed.</summary>
    internal int ReadAt(Span<byte> buffer, long position) => RandomAccess.Read(_handle, buffer, position);

    /// <summary>Unix time in nanoseconds of the first record; null when there is none. Leaves a compressed file at its beginning too.</summary>
    internal long? FirstTime()
    {
        using var own = TryOpen(Name);
        Span<byte> header = stackalloc byte[LogRecord.HeaderLength];
        var count = own?._expanded?.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) ?? ReadAt(header, 0);
        return LogRecord.IsHeader(header[..count]) ? LogTime.Parse(header[..LogRecord.TimeLength]) : null;
    }
}
