using System.Globalization;
using System.Text;
using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>The records of a PAX extended header (pax(1), "pax Extended Header"), bounded to 1 MiB by the reader.</summary>
internal sealed class PaxRecords
{
    private const string AttributePrefix = "SCHILY.xattr.";

    internal string? Path { get; private set; }

    internal string? LinkPath { get; private set; }

    internal long? Size { get; private set; }

    internal long? Uid { get; private set; }

    internal long? Gid { get; private set; }

    internal long? ModifiedNs { get; private set; }

    internal List<KeyValuePair<string, byte[]>>? Attributes { get; private set; }

    internal string? SparseName { get; private set; }

    internal long? SparseSize { get; private set; }

    /// <summary>GNU sparse 1.0: the map is at the head of the data.</summary>
    internal bool SparseMapInData { get; private set; }

    /// <summary>GNU sparse 0.0 and 0.1: offset, length, offset, length, …</summary>
    internal List<long>? SparseMap { get; private set; }

    internal static PaxRecords Parse(ReadOnlySpan<byte> data)
    {
        var records = new PaxRecords();
        while (!data.IsEmpty)
        {
            var space = data.IndexOf((byte)' ');
            var length = space is > 0 and < 10 ? TarHeader.ParseDecimal(data[..space]) : -1;
            if (length <= space + 2 || length > data.Length || data[(int)length - 1] != '\n')
            {
                throw new TarException("invalid PAX record");
            }

            var record = data[(space + 1)..((int)length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw new TarException("invalid PAX record");
            }

            records.Add(PathText.Decode(record[..equals]), record[(equals + 1)..]);
            data = data[(int)length..];
        }

        return records;
    }

    private void Add(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "path": Path = Name(value); break;
            case "linkpath": LinkPath = Name(value); break;
            case "size": Size = TarHeader.ParseDecimal(value); break;
            case "uid": Uid = TarHeader.ParseDecimal(value); break;
            case "gid": Gid = TarHeader.ParseDecimal(value); break;
            case "mtime": ModifiedNs = Time(value); break;
            case "GNU.sparse.name": SparseName = Name(value); break;
            case "GNU.sparse.realsize" or "GNU.sparse.size": SparseSize = TarHeader.ParseDecimal(value); break;
            case "GNU.sparse.major": SparseMapInData = value.SequenceEqual("1"u8); break;
            case "GNU.sparse.map": SparseMap = Map(value); break;
            case "GNU.sparse.offset" or "GNU.sparse.numbytes": (SparseMap ??= []).Add(TarHeader.ParseDecimal(value)); break;
            default:
                if (key.StartsWith(AttributePrefix, StringComparison.Ordinal) && key.Length > AttributePrefix.Length)
                {
                    (Attributes ??= []).Add(new(key[AttributePrefix.Length..], value.ToArray()));
                }

                break;
        }
    }

    private static string? Name(ReadOnlySpan<byte> value) => value.Contains((byte)0)
        ? throw new TarException("a name contains NUL")
        : value.IsEmpty ? null : PathText.Decode(value);

    private static List<long> Map(ReadOnlySpan<byte> value)
    {
        var map = new List<long>();
        foreach (var part in value.Split((byte)','))
        {
            map.Add(TarHeader.ParseDecimal(value[part]));
        }

        return map;
    }

    // Seconds with a decimal fraction of any length, also negative.
    private static long Time(ReadOnlySpan<byte> value) =>
        decimal.TryParse(Encoding.ASCII.GetString(value), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 9_000_000_000m
            ? TarInput.Nanoseconds(Math.Floor(seconds * 1_000_000_000m))
            : throw new TarException("invalid time in tar header");
}
