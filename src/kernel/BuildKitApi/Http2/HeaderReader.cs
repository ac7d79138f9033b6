using System.Text;

namespace Slipway.BuildKitApi.Http2;

/// <summary>Reads blocks of header fields of one connection (RFC 7541).</summary>
internal sealed class HeaderReader
{
    private const int TableSize = 4096;
    private const int EntryCost = 32;
    private const int MostFields = 10_000;

    private static readonly (string Name, string Value)[] Static =
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"), (":scheme", "https"),
        (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"),
        ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
        ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""), ("content-disposition", ""),
        ("content-encoding", ""), ("content-language", ""), ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
        ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
        ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
        ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""),
        ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];

    // Newest last.
    private readonly List<(string Name, string Value)> _table = [];
    private int _limit = TableSize;
    private int _size;

    /// <summary>Reads a block.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal IReadOnlyList<KeyValuePair<string, string>> Read(ReadOnlySpan<byte> block)
    {
        List<KeyValuePair<string, string>> fields = [];
        while (!block.IsEmpty)
        {
            var kind = block[0];
            if ((kind & 0xE0) == 0x20)
            {
                Shrink(_limit = Math.Min(TableSize, Integer(ref block, 5)));
                continue;
            }

            var (name, value) = (kind & 0x80) != 0 ? Entry(Integer(ref block, 7)) : Literal(ref block, (kind & 0x40) != 0);
            fields.Add(KeyValuePair.Create(name, value));
            if (fields.Count > MostFields)
            {
                throw new InvalidDataException("too many header fields");
            }
        }

        return fields;
    }

    private (string Name, string Value) Literal(ref ReadOnlySpan<byte> block, bool kept)
    {
        var index = Integer(ref block, kept ? 6 : 4);
        var name = index == 0 ? Text(ref block) : Entry(index).Name;
        var value = Text(ref block);
        if (kept)
        {
            var cost = name.Length + value.Length + EntryCost;
            Shrink(_limit - cost);
            if (cost <= _limit)
            {
                _table.Add((name, value));
                _size += cost;
            }
        }

        return (name, value);
    }

    private (string Name, string Value) Entry(int index) =>
        index is > 0 && index <= Static.Length ? Static[index - 1]
        : index - Static.Length is > 0 and var recent && recent <= _table.Count ? _table[^recent]
        : throw new InvalidDataException($"header field {index} is unknown");

    private void Shrink(int most)
    {
        while (_size > most && _table.Count > 0)
        {
            _size -= _table[0].Name.Length + _table[0].Value.Length + EntryCost;
            _table.RemoveAt(0);
        }
    }

    private static int Integer(ref ReadOnlySpan<byte> block, int bits)
    {
        var most = (1 << bits) - 1;
        var value = Next(ref block) & most;
        if (value < most)
        {
            return value;
        }

        byte next;
        var shift = 0;
        do
        {
            next = Next(ref block);
            value += shift <= 21 ? (next & 0x7F) << shift : throw new InvalidDataException("a number in a header is too large");
            shift += 7;
        }
        while ((next & 0x80) != 0);
        return value;
    }

    private static string Text(ref ReadOnlySpan<byte> block)
    {
        var coded = !block.IsEmpty && (block[0] & 0x80) != 0;
        var length = Integer(ref block, 7);
        if (length > block.Length)
        {
            throw new InvalidDataException("a header's text is cut short");
        }

        var text = coded ? Huffman.Decode(block[..length]) : Encoding.UTF8.GetString(block[..length]);
        block = block[length..];
        return text;
    }

    private static byte Next(ref ReadOnlySpan<byte> block)
    {
        var next = block.IsEmpty ? throw new InvalidDataException("a header is cut short") : block[0];
        block = block[1..];
        return next;
    }
}
