using System.Buffers;
using System.Globalization;
using System.Text;
using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Engine.Files;

/// <summary>Writes tar headers: ustar, preceded by a pax header when a value does not fit (POSIX.1-2017, pax interchange format).</summary>
internal static class TarHeaderWriter
{
    internal const int BlockSize = TarHeader.Size;
    private const int NameLength = 100;
    private const int PrefixLength = 155;
    private const long LargestOctal7 = 0x1FFFFF;
    private const long LargestOctal11 = 0x1FFFFFFFF;

    /// <summary>Appends the header blocks of an entry.</summary>
    internal static void Write(IBufferWriter<byte> output, TarEntry entry)
    {
        var name = PathText.Encode(entry.Name);
        var link = PathText.Encode(entry.LinkName);
        var split = Split(name);
        var extra = Records(entry, split < 0 ? name : null, link.Length > NameLength || !Ascii.IsValid(link) ? link : null, name);
        if (extra.Length > 0)
        {
            var block = output.GetSpan(BlockSize)[..BlockSize];
            Block(block, new TarEntry { Mode = UnixFileMode.UserRead, Size = extra.Length }, (byte)'x', "PaxHeaders/entry"u8, 0, default);
            output.Advance(BlockSize);
            output.Write(extra);
            Pad(output, extra.Length);
        }

        var header = output.GetSpan(BlockSize)[..BlockSize];
        Block(header, entry, Flag(entry.Kind), split < 0 ? name.AsSpan(0, NameLength) : name, Math.Max(split, 0), link.AsSpan(0, Math.Min(link.Length, NameLength)));
        output.Advance(BlockSize);
    }

    /// <summary>Zero bytes that fill the last block of content of that length.</summary>
    internal static int Padding(long length) => (int)(-length & (BlockSize - 1));

    private static void Pad(IBufferWriter<byte> output, int length)
    {
        var fill = Padding(length);
        output.GetSpan(BlockSize)[..fill].Clear();
        output.Advance(fill);
    }

    // Where the name is cut into prefix and name: 0 when it fits without a prefix, -1 when it does not fit at all.
    private static int Split(byte[] name)
    {
        if (name.Length <= NameLength)
        {
            return 0;
        }

        var from = Math.Max(1, name.Length - NameLength - 1);
        var slash = name.AsSpan(from, name.Length - 1 - from).IndexOf((byte)'/');
        return slash >= 0 && from + slash <= PrefixLength ? from + slash : -1;
    }

    private static byte[] Records(TarEntry entry, byte[]? longName, byte[]? longLink, byte[] name)
    {
        var records = new ArrayBufferWriter<byte>();
        if (longName is not null || !Ascii.IsValid(name))
        {
            Record(records, "path", name);
        }

        if (longLink is not null)
        {
            Record(records, "linkpath", longLink);
        }

        Number(records, "size", entry.Size, LargestOctal11);
        Number(records, "uid", entry.Uid, LargestOctal7);
        Number(records, "gid", entry.Gid, LargestOctal7);
        Number(records, "mtime", Seconds(entry), LargestOctal11);
        foreach (var (attribute, value) in entry.Attributes ?? [])
        {
            Record(records, "SCHILY.xattr." + attribute, value);
        }

        return records.WrittenSpan.ToArray();
    }

    private static void Number(ArrayBufferWriter<byte> records, string key, long value, long largest)
    {
        if (value < 0 || value > largest)
        {
            Record(records, key, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    // "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too.
    private static void Record(ArrayBufferWriter<byte> records, string key, ReadOnlySpan<byte> value)
    {
        var rawKey = PathText.Encode(key);
        var rest = rawKey.Length + value.Length + 3;
        var length = rest + 1;
        while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
        {
            length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        }

        records.Write(Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)));
        records.Write(" "u8);
        records.Write(rawKey);
        records.Write("="u8);
        records.Write(value);
        records.Write("\n"u8);
    }

    private static void Block(Span<byte> block, TarEntry entry, byte kind, ReadOnlySpan<byte> name, int split, ReadOnlySpan<byte> link)
    {
        block.Clear();
        (split == 0 ? name : name[(split + 1)..]).CopyTo(block);
        Octal(block.Slice(100, 8), (long)entry.Mode & 0xFFF);
        Octal(block.Slice(108, 8), entry.Uid > LargestOctal7 ? 0 : entry.Uid);
        Octal(block.Slice(116, 8), entry.Gid > LargestOctal7 ? 0 : entry.Gid);
        Octal(block.Slice(124, 12), entry.Size > LargestOctal11 ? 0 : entry.Size);
        Octal(block.Slice(136, 12), Seconds(entry) is < 0 or > LargestOctal11 ? 0 : Seconds(entry));
        block[156] = kind;
        link.CopyTo(block[157..]);
        "ustar\000"u8.CopyTo(block[257..]);
        Octal(block.Slice(329, 8), Math.Min(entry.Major, LargestOctal7));
        Octal(block.Slice(337, 8), Math.Min(entry.Minor, LargestOctal7));
        name[..split].CopyTo(block[345..]);
        Checksum(block);
    }

    // Whole seconds, as Docker writes them.
    private static long Seconds(TarEntry entry) => (entry.ModifiedNs - (((entry.ModifiedNs % 1_000_000_000) + 1_000_000_000) % 1_000_000_000)) / 1_000_000_000;

    private static byte Flag(TarKind kind) => kind switch
    {
        TarKind.HardLink => (byte)'1',
        TarKind.SymbolicLink => (byte)'2',
        TarKind.CharacterDevice => (byte)'3',
        TarKind.BlockDevice => (byte)'4',
        TarKind.Directory => (byte)'5',
        TarKind.Fifo => (byte)'6',
        _ => (byte)'0',
    };

    private static void Checksum(Span<byte> block)
    {
        block.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var value in block)
        {
            sum += value;
        }

        Octal(block.Slice(148, 7), sum);
    }

    private static void Octal(Span<byte> field, long value)
    {
        field[^1] = 0;
        for (var at = field.Length - 2; at >= 0; at--)
        {
            field[at] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }
}
