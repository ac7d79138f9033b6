using System.Globalization;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>One 512-byte header block (POSIX ustar, GNU and v7; tar(5)).</summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    internal const int Size = 512;

    private readonly ReadOnlySpan<byte> _block = block;

    internal byte this[int offset] => _block[offset];

    internal char Type => (char)_block[156];

    internal bool IsZero => !_block.ContainsAnyExcept((byte)0);

    internal bool IsGnu => _block.Slice(257, 8).SequenceEqual("ustar  \0"u8);

    private bool IsPosix => _block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    internal uint Mode => (uint)Number(100, 8) & 0xFFF;

    internal long Uid => Number(108, 8);

    internal long Gid => Number(116, 8);

    internal long Length => Number(124, 12);

    internal long Modified => Number(136, 12);

    internal long Major => Number(329, 8);

    internal long Minor => Number(337, 8);

    internal string LinkName => PathText.Decode(Text(157, 100));

    internal string Name
    {
        get
        {
            var name = PathText.Decode(Text(0, 100));
            var prefix = IsPosix ? Text(345, 155) : default;
            return prefix.IsEmpty ? name : $"{PathText.Decode(prefix)}/{name}";
        }
    }

    /// <summary>Whether the checksum fits: a sum of unsigned bytes, or of signed ones as some old writers made it.</summary>
    internal bool IsValid
    {
        get
        {
            long unsigned = 8 * ' ', signed = 8 * ' ';
            for (var i = 0; i < Size; i++)
            {
                if (i is < 148 or >= 156)
                {
                    unsigned += _block[i];
                    signed += (sbyte)_block[i];
                }
            }

            return TryNumber(148, 8, out var stored) && (stored == unsigned || stored == signed);
        }
    }

    internal long Number(int offset, int length) =>
        TryNumber(offset, length, out var value) ? value : throw new TarException("invalid tar header");

    private bool TryNumber(int offset, int length, out long value)
    {
        var field = _block.Slice(offset, length);
        return (field[0] & 0x80) != 0 ? TryBinary(field, out value) : TryOctal(field, out value);
    }

    // GNU: two's complement, big-endian; the top bit marks the form and the next is the sign.
    private static bool TryBinary(ReadOnlySpan<byte> field, out long value)
    {
        var negative = (field[0] & 0x40) != 0;
        value = negative ? -1 : 0;
        for (var i = 0; i < field.Length; i++)
        {
            var digit = i == 0 ? (byte)((field[0] & 0x3f) | (negative ? 0xc0 : 0)) : field[i];
            if (field.Length - i > 8 ? digit != (negative ? 0xff : 0) : field.Length - i == 8 && (digit & 0x80) != 0 != negative)
            {
                return false;
            }

            value = (value << 8) | digit;
        }

        return true;
    }

    private static bool TryOctal(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        field = field.Trim(" \0"u8);
        var end = field.IndexOfAny((byte)0, (byte)' ');
        foreach (var digit in end < 0 ? field : field[..end])
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                return false;
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }

    private ReadOnlySpan<byte> Text(int offset, int length)
    {
        var field = _block.Slice(offset, length);
        var end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    internal static long ParseDecimal(ReadOnlySpan<byte> text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new TarException("invalid number in tar header");
}
