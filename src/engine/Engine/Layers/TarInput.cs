using System.Buffers;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>
/// Reads a tar archive (v7, ustar, GNU, PAX, sparse) forward over one large buffer. Bounded: names 4096 bytes, PAX headers 1 MiB. Blocks on
/// the stream, which it does not own.
/// </summary>
public sealed class TarInput : IDisposable
{
    internal const int MaxName = 4096;
    private const int MaxPax = 1 << 20;
    private const int PageSize = 4096;

    private readonly Stream _stream;
    private byte[] _buffer;
    private int _start;
    private int _end;
    private long _left;
    private int _padding;

    /// <summary>Begins at the stream's present position.</summary>
    public TarInput(Stream stream, int bufferSize = 1 << 18)
    {
        _stream = stream;
        _buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
    }

    /// <summary>Stored bytes of the present entry not yet read.</summary>
    public long Remaining => _left;

    /// <summary>The next entry, or null at the end of the archive. What is left of the entry before is skipped.</summary>
    /// <exception cref="TarException">Not a tar archive, truncated, or beyond a bound.</exception>
    public TarEntry? Next()
    {
        var extension = new TarExtension();
        while (true)
        {
            SkipEntry();
            if (!TryFill(TarHeader.Size))
            {
                return _end == _start ? null : throw Truncated();
            }

            var header = new TarHeader(_buffer.AsSpan(_start, TarHeader.Size));
            if (header.IsZero)
            {
                return null;
            }

            if (!header.IsValid)
            {
                throw new TarException("invalid tar header");
            }

            if (Accept(header, extension) is { } entry)
            {
                return entry;
            }
        }
    }

    /// <summary>Up to <paramref name="max"/> of the present entry's stored bytes, valid until the next call; empty at its end.</summary>
    /// <exception cref="TarException">The archive is truncated.</exception>
    public ReadOnlySpan<byte> Take(int max = int.MaxValue)
    {
        if (_left == 0)
        {
            return default;
        }

        if (_start == _end && !TryFill(1))
        {
            throw Truncated();
        }

        var data = _buffer.AsSpan(_start, (int)Math.Min(Math.Min(max, _left), _end - _start));
        _start += data.Length;
        _left -= data.Length;
        return data;
    }

    /// <summary>As <see cref="Take"/>, but unless the entry ends it stops where a page of the file does: the kernel takes whole pages faster.</summary>
    /// <param name="position">Where in the file the bytes go.</param>
    /// <param name="max">At most so many, one or more.</param>
    /// <exception cref="TarException">The archive is truncated.</exception>
    public ReadOnlySpan<byte> TakePages(long position, long max)
    {
        max = Math.Min(max, _left);
        if (!TryFill((int)Math.Min(max, PageSize - (position & (PageSize - 1)))))
        {
            throw Truncated();
        }

        var count = Math.Min(max, _end - _start);
        return Take((int)(count == max ? count : count - ((position + count) & (PageSize - 1))));
    }

    /// <summary>Looks at the first bytes of the present entry without taking them; fewer when it is shorter.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        count = (int)Math.Min(count, _left);
        return TryFill(count) ? _buffer.AsSpan(_start, count) : throw Truncated();
    }

    /// <summary>Everything that is left of a small entry.</summary>
    /// <exception cref="TarException">It is larger than <paramref name="max"/> bytes.</exception>
    public byte[] ReadAll(int max)
    {
        if (_left > max)
        {
            throw new TarException($"an entry is larger than {max} bytes");
        }

        var data = new byte[_left];
        for (var at = 0; at < data.Length;)
        {
            var part = Take();
            part.CopyTo(data.AsSpan(at));
            at += part.Length;
        }

        return data;
    }

    /// <summary>Reads the stream to its end, so that whoever feeds or hashes it sees all of it.</summary>
    public void Drain()
    {
        while (_stream.Read(_buffer, 0, _buffer.Length) > 0)
        {
        }

        (_start, _end) = (0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    internal static long Nanoseconds(decimal value) =>
        value is >= long.MinValue and <= long.MaxValue ? (long)value : throw new TarException("a time is out of range");

    internal static TarException Truncated() => new("unexpected EOF");

    private TarEntry? Accept(TarHeader header, TarExtension extension)
    {
        var length = header.Length;
        if (length < 0)
        {
            throw new TarException("negative size in tar header");
        }

        _start += TarHeader.Size;
        switch (header.Type)
        {
            case 'x':
                Begin(length);
                extension.Pax = PaxRecords.Parse(ReadAll(MaxPax));
                return null;
            case 'g':
                Begin(length <= MaxPax ? length : throw new TarException("PAX header too large"));
                return null;
            case 'L':
                Begin(length);
                extension.LongName = LongText();
                return null;
            case 'K':
                Begin(length);
                extension.LongLink = LongText();
                return null;
            default:
                return Complete(header, extension, length);
        }
    }

    private TarEntry Complete(TarHeader header, TarExtension extension, long length)
    {
        var entry = extension.Build(header);
        var stored = extension.Pax?.Size ?? length;
        if (stored < 0)
        {
            throw new TarException("negative size in tar header");
        }

        // Only files have content; some writers give links and directories a size that means nothing.
        Begin(entry.Kind is TarKind.File or TarKind.Other ? stored : 0);
        var sparse = header.Type == 'S' && header.IsGnu
            ? SparseMap.ReadOldGnu(header, this)
            : extension.Pax is { } pax ? SparseMap.FromPax(pax, this) : null;
        if (sparse is null)
        {
            return entry with { Size = _left };
        }

        SparseMap.Check(sparse.Value.Extents, sparse.Value.Size, _left);
        return entry with { Size = sparse.Value.Size, Extents = sparse.Value.Extents };
    }

    /// <summary>A block that belongs to the header, not to the content (old GNU sparse maps).</summary>
    internal ReadOnlySpan<byte> ExtraHeader()
    {
        if (!TryFill(TarHeader.Size))
        {
            throw Truncated();
        }

        _start += TarHeader.Size;
        return _buffer.AsSpan(_start - TarHeader.Size, TarHeader.Size);
    }

    private string LongText()
    {
        var text = ReadAll(MaxName + 1).AsSpan();
        var end = text.IndexOf((byte)0);
        return PathText.Decode(end < 0 ? text : text[..end]);
    }

    private void Begin(long length)
    {
        _left = length;
        _padding = (int)(-length & (TarHeader.Size - 1));
    }

    private void SkipEntry()
    {
        while (_left > 0)
        {
            Take();
        }

        if (_padding > 0)
        {
            if (!TryFill(_padding))
            {
                throw Truncated();
            }

            _start += _padding;
            _padding = 0;
        }
    }

    private bool TryFill(int count)
    {
        while (_end - _start < count)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            var read = _stream.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }
}
