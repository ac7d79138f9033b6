using System.Runtime.InteropServices;
using static Slipway.Linux.RouteNumbers;

namespace Slipway.Linux;

/// <summary>
/// Requests of rtnetlink(7) in their order, sent together by <see cref="Rtnetlink.Apply"/>. They are not a transaction: the kernel goes on
/// after one that failed.
/// </summary>
public sealed partial class RouteBatch
{
    private const int Quiet = -1;
    private readonly List<(string Call, string What, int Tolerated)> requests = [];

    /// <summary>How many requests there are.</summary>
    public int Count => requests.Count;

    internal NetlinkWriter Writer { get; } = new();

    internal (string Call, string What, int Tolerated) this[int request] => requests[request];

    private NetlinkWriter Begin(string call, string what, int type, int flags, ReadOnlySpan<byte> fixedPart, int tolerated = Quiet)
    {
        requests.Add((call, what, tolerated));
        return Writer.Begin(type, flags | NetlinkWriter.Acknowledge, fixedPart);
    }

    private NetlinkWriter BeginLink(string call, LinkId link, int type, int flags, LinkHeader header, int tolerated = Quiet)
    {
        header.Index = link.Index;
        Begin(call, link.ToString(), type, flags, Raw(header), tolerated);
        return link.Index == 0 && link.Name is not null ? Writer.Add(LinkName, link.Name) : Writer;
    }

    internal static byte[] Raw<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes([value]).ToArray();

    /// <summary>struct ifinfomsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkHeader
    {
        internal byte Family;
        internal byte Padding;
        internal ushort Type;
        internal int Index;
        internal uint Flags;
        internal uint Changed;
    }

    /// <summary>struct ifaddrmsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AddressHeader
    {
        internal byte Family;
        internal byte PrefixLength;
        internal byte Flags;
        internal byte Scope;
        internal int Index;
    }

    /// <summary>struct rtmsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RouteHeader
    {
        internal byte Family;
        internal byte DestinationLength;
        internal byte SourceLength;
        internal byte Tos;
        internal byte Table;
        internal byte Origin;
        internal byte Scope;
        internal byte Type;
        internal int Flags;
    }

    /// <summary>struct ndmsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NeighbourHeader
    {
        internal byte Family;
        internal byte Padding;
        internal ushort Padding2;
        internal int Index;
        internal short State;
        internal byte Flags;
        internal byte Type;
    }
}
