namespace Slipway.BuildKitApi.Http2;

/// <summary>HPACK's code for text (RFC 7541 appendix B). The code is canonical, so the lengths of its words say all of it.</summary>
internal static class Huffman
{
    private const int Longest = 30;
    private const int End = 256;

    // Bits of each symbol's word.
    private static readonly byte[] Lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    // Symbols in the order of their words; per length the first word and where its symbol is.
    private static readonly int[] Symbols = [.. Enumerable.Range(0, Lengths.Length).OrderBy(symbol => Lengths[symbol]).ThenBy(symbol => symbol)];
    private static readonly int[] Counts = [.. Enumerable.Range(0, Longest + 1).Select(length => Lengths.Count(l => l == length))];

    /// <summary>Decodes text.</summary>
    /// <exception cref="InvalidDataException">It is no such text.</exception>
    internal static string Decode(ReadOnlySpan<byte> coded)
    {
        var text = new byte[coded.Length * 8 / 5];
        var (count, length, word, first, index) = (0, 0, 0, 0, 0);
        foreach (var octet in coded)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                word = (word << 1) | ((octet >> bit) & 1);
                length++;
                first <<= 1;
                if (length > Longest)
                {
                    throw new InvalidDataException("a header's text has an unknown code");
                }

                if (word - first < Counts[length])
                {
                    var symbol = Symbols[index + word - first];
                    text[count++] = symbol == End ? throw new InvalidDataException("a header's text ends inside") : (byte)symbol;
                    (length, word, first, index) = (0, 0, 0, 0);
                    continue;
                }

                index += Counts[length];
                first += Counts[length];
            }
        }

        // What is left over is the beginning of the end's word: ones, less than an octet.
        return length < 8 && word == (1 << length) - 1 ? System.Text.Encoding.UTF8.GetString(text, 0, count) : throw new InvalidDataException("a header's text is cut short");
    }
}
