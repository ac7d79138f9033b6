using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;
using static Slipway.Linux.NftNumbers;

namespace Slipway.Linux;

/// <summary>
/// The fast way to nf_tables of one network namespace: entries of sets and maps, and cheap questions. Usable from any thread; calls take
/// turns. Whole rulesets go through <see cref="NftLanguage"/>.
/// </summary>
public sealed class NftSession : IDisposable
{
    private readonly NetlinkSocket socket;

    private NftSession(NetlinkSocket socket) => this.socket = socket;

    /// <summary>For the namespace of the calling thread.</summary>
    public static NftSession Open() => new(new NetlinkSocket(NetlinkCalls.NetfilterProtocol));

    /// <summary>For that namespace.</summary>
    public static NftSession OpenIn(SafeFileHandle netns) => NetworkNamespace.RunIn(netns, Open);

    /// <summary>Closes the socket.</summary>
    public void Dispose() => socket.Dispose();

    /// <summary>Makes all changes or none. A transaction is applied once.</summary>
    /// <exception cref="LinuxException">The first change that was refused; ENOENT when the table or set is gone.</exception>
    public void Apply(NftTransaction transaction)
    {
        if (transaction.Count == 0)
        {
            return;
        }

        transaction.Writer.Begin(BatchEnd, 0, NftTransaction.Header(0, Subsystem));
        foreach (var failure in socket.Exchange(transaction.Writer))
        {
            var (call, what) = transaction[failure.Request];
            throw new LinuxException(call, what, failure.Errno, failure.Text);
        }
    }

    /// <summary>True when the table is there.</summary>
    public bool TableExists(NftFamily family, string table)
    {
        var request = new NetlinkWriter().Begin(GetTable, 0, NftTransaction.Header(family, 0)).Add(TableName, table);
        return socket.Exchange(request) switch
        {
            [] => true,
            [{ Errno: Errno.NoEntry }] => false,
            [var refused, ..] => throw new LinuxException("find table", table, refused.Errno, refused.Text),
        };
    }

    /// <summary>Removes the table with everything in it; false when it was not there.</summary>
    public bool DeleteTable(NftFamily family, string table)
    {
        try
        {
            Apply(new NftTransaction().DeleteTable(family, table));
            return true;
        }
        catch (LinuxException missing) when (missing.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>The number of the ruleset's present state: unchanged means that nobody touched any rule, set or map.</summary>
    public uint ReadGeneration()
    {
        var generation = 0U;
        var failures = socket.Exchange(
            new NetlinkWriter().Begin(GetGeneration, 0, NftTransaction.Header(0, 0)),
            (type, content) =>
            {
                var attributes = new NetlinkAttributes(content.Length < 4 ? default : content[4..]);
                generation = type == NewGeneration && attributes.Find(GenerationId) ? attributes.NetworkNumber : generation;
            });
        return failures is [var refused, ..] ? throw new LinuxException("read generation", "nftables", refused.Errno, refused.Text) : generation;
    }

    /// <summary>
    /// All entries of a set or map, in no order; ENOENT when it is not there. A set without a "size" of its own grows in the background, and
    /// then the kernel may leave entries out of the list; one with a size is always listed whole.
    /// </summary>
    public IReadOnlyList<NftElement> ListElements(NftFamily family, string table, string set)
    {
        var found = new List<NftElement>();
        var request = new NetlinkWriter().Begin(GetElement, NetlinkWriter.Dump, NftTransaction.Header(family, 0))
            .Add(ElementsTable, table)
            .Add(ElementsSet, set);
        socket.Dump(
            request,
            $"{table} {set}",
            (type, content) =>
            {
                var lists = new NetlinkAttributes(type == NewElement && content.Length >= 4 ? content[4..] : default);
                while (lists.Find(Elements))
                {
                    for (var items = lists.Nested; items.Next();)
                    {
                        found.Add(Parse(items.Nested));
                    }
                }
            },
            found.Clear);
        return found;
    }

    private static NftElement Parse(NetlinkAttributes item)
    {
        var element = new NftElement(default);
        while (item.Next())
        {
            var inner = item.Nested;
            if (item.Type == ElementKey && inner.Find(DataValue))
            {
                element = element with { Key = NftValue.FromKernel(inner.Value) };
            }
            else if (item.Type == ElementData && inner.Next())
            {
                element = inner.Type == DataValue
                    ? element with { Value = NftValue.FromKernel(inner.Value) }
                    : element with { Verdict = ParseVerdict(inner.Nested) };
            }
        }

        return element;
    }

    private static NftVerdict ParseVerdict(NetlinkAttributes content)
    {
        var verdict = NftVerdict.Drop;
        while (content.Next())
        {
            verdict = content.Type == VerdictCode
                ? verdict with { Code = (int)content.NetworkNumber }
                : verdict with { Chain = content.Text };
        }

        return verdict;
    }
}
