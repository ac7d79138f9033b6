namespace Slipway.Engine.Layers;

/// <summary>Where the data of sparse files goes: GNU's old format and PAX 0.0, 0.1 and 1.0 (GNU tar manual, "Storing Sparse Files").</summary>
internal static class SparseMap
{
    private const int MostExtents = 1 << 16;

    internal static (long Size, List<(long Offset, long Length)> Extents) ReadOldGnu(TarHeader header, TarInput input)
    {
        var extents = new List<(long, long)>();
        var size = header.Number(483, 12);
        var extended = header[482] != 0;
        Add(header, 386, 4, extents);
        while (extended)
        {
            var more = new TarHeader(input.ExtraHeader());
            Add(more, 0, 21, extents);
            extended = more[504] != 0;
        }

        return (size, extents);
    }

    internal static (long Size, List<(long Offset, long Length)> Extents)? FromPax(PaxRecords pax, TarInput input)
    {
        if (pax.SparseSize is not { } size)
        {
            return null;
        }

        var numbers = pax.SparseMapInData ? ReadNumbers(input) : pax.SparseMap ?? [];
        if (numbers.Count % 2 != 0)
        {
            throw new TarException("invalid sparse map");
        }

        var extents = new List<(long, long)>(numbers.Count / 2);
        for (var i = 0; i < numbers.Count; i += 2)
        {
            extents.Add((numbers[i], numbers[i + 1]));
        }

        return (size, extents);
    }

    internal static void Check(List<(long Offset, long Length)> extents, long size, long stored)
    {
        long end = 0, sum = 0;
        foreach (var (offset, length) in extents)
        {
            if (offset < end || length < 0 || offset > size - length)
            {
                throw new TarException("invalid sparse map");
            }

            end = offset + length;
            sum += length;
        }

        if (sum != stored)
        {
            throw new TarException("sparse map does not fit the stored size");
        }
    }

    private static void Add(TarHeader block, int offset, int count, List<(long, long)> extents)
    {
        for (var i = 0; i < count; i++)
        {
            var length = block.Number(offset + (i * 24) + 12, 12);
            if (length != 0)
            {
                extents.Add((block.Number(offset + (i * 24), 12), length));
            }
        }

        Bound(extents.Count);
    }

    // 1.0: decimal numbers, one per line, the first is the count of pairs; padded to a block.
    private static List<long> ReadNumbers(TarInput input)
    {
        var numbers = new List<long>();
        long? count = null;
        var value = 0L;
        while (count is null || numbers.Count < count * 2)
        {
            foreach (var c in input.Take(TarHeader.Size) is { Length: TarHeader.Size } block ? block : throw TarInput.Truncated())
            {
                if (c is >= (byte)'0' and <= (byte)'9' && value < long.MaxValue / 16)
                {
                    value = (value * 10) + (c - '0');
                }
                else if (c == '\n' && (count is null || numbers.Count < count * 2))
                {
                    if (count is null)
                    {
                        count = Bound(value);
                    }
                    else
                    {
                        numbers.Add(value);
                    }

                    value = 0;
                }
                else if (c != 0)
                {
                    throw new TarException("invalid sparse map");
                }
            }
        }

        return numbers;
    }

    private static long Bound(long count) => count <= MostExtents ? count : throw new TarException("too many holes in a sparse file");
}
