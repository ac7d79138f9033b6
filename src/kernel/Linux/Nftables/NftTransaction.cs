using System.Buffers.Binary;
using static Slipway.Linux.NftNumbers;

namespace Slipway.Linux;

/// <summary>
/// Changes of sets and maps that <see cref="NftSession.Apply"/> makes all at once or not at all. They go to the kernel directly: nothing is
/// read first, however large the ruleset is. About 50,000 entries fit into one (EMSGSIZE).
/// </summary>
public sealed class NftTransaction
{
    private readonly List<(string Call, string What)> requests = [("begin", "nftables")];

    /// <summary>An empty transaction.</summary>
    public NftTransaction() => Writer.Begin(BatchBegin, 0, Header(0, Subsystem));

    /// <summary>How many changes there are.</summary>
    public int Count => requests.Count - 1;

    internal NetlinkWriter Writer { get; } = new();

    internal (string Call, string What) this[int request] => request < requests.Count ? requests[request] : ("end", "nftables");

    /// <summary>Adds entries; EEXIST when a key of a map is there with another value. The same entry again is no failure.</summary>
    public NftTransaction Add(NftFamily family, string table, string set, params ReadOnlySpan<NftElement> elements) =>
        Elements("add element to", NewElement, NetlinkWriter.Create, family, table, set, elements);

    /// <summary>Removes entries; ENOENT when one is not there.</summary>
    public NftTransaction Delete(NftFamily family, string table, string set, params ReadOnlySpan<NftElement> elements) =>
        elements.IsEmpty ? this : Elements("delete element of", DeleteElement, 0, family, table, set, elements);

    /// <summary>Empties a set or map.</summary>
    public NftTransaction Clear(NftFamily family, string table, string set) =>
        Elements("clear", DeleteElement, 0, family, table, set, []);

    /// <summary>Removes a table with everything in it; ENOENT when it is not there.</summary>
    public NftTransaction DeleteTable(NftFamily family, string table)
    {
        Begin("delete table", table, NftNumbers.DeleteTable, 0, family).Add(TableName, table);
        return this;
    }

    internal static byte[] Header(NftFamily family, short resource)
    {
        var header = new byte[4];
        header[0] = (byte)family;
        BinaryPrimitives.WriteInt16BigEndian(header.AsSpan(2), resource);
        return header;
    }

    internal NetlinkWriter Begin(string call, string what, int type, int flags, NftFamily family)
    {
        requests.Add((call, what));
        return Writer.Begin(type, flags | NetlinkWriter.Acknowledge, Header(family, 0));
    }

    private NftTransaction Elements(
        string call, int type, int flags, NftFamily family, string table, string set, ReadOnlySpan<NftElement> elements)
    {
        // An attribute holds at most 64 KiB.
        const int PerMessage = 256;
        var rest = elements.ToArray().AsMemory();
        do
        {
            var part = rest[..Math.Min(rest.Length, PerMessage)];
            rest = rest[part.Length..];
            Begin(call, $"{table} {set}", type, flags, family).Add(ElementsTable, table).Add(ElementsSet, set);
            if (!part.IsEmpty)
            {
                Writer.Nest(NftNumbers.Elements, list => Write(list, part.Span));
            }
        }
        while (!rest.IsEmpty);
        return this;
    }

    private static void Write(NetlinkWriter list, ReadOnlySpan<NftElement> elements)
    {
        foreach (var element in elements)
        {
            list.Nest(ListItem, item =>
            {
                item.Nest(ElementKey, key => key.Add(DataValue, element.Key.Bytes));
                if (element.Value is { } value)
                {
                    item.Nest(ElementData, data => data.Add(DataValue, value.Bytes));
                }
                else if (element.Verdict is { } verdict)
                {
                    item.Nest(ElementData, data => data.Nest(DataVerdict, v => Write(v, verdict)));
                }
            });
        }
    }

    private static void Write(NetlinkWriter target, NftVerdict verdict)
    {
        target.AddNetwork(VerdictCode, verdict.Code);
        if (verdict.Chain is { } chain)
        {
            target.Add(VerdictChain, chain);
        }
    }
}
