using System.Net;
using System.Net.Sockets;

namespace Slipway.Linux;

/// <summary>
/// A rule for a namespace of its own: what programs in it send to an address and port goes to other ports of that address. Written to the
/// kernel directly, as reading the ruleset first would cost more than a container's whole start.
/// </summary>
public static class NftRedirect
{
    private const int NewTable = 0xa00;
    private const int NewChain = 0xa03;
    private const int NewRule = 0xa06;
    private const int OutputHook = 3;
    private const int NatPriority = -100;
    private const int Register1 = 1;
    private const int Register2 = 2;
    private const int NetworkHeader = 1;
    private const int TransportHeader = 2;
    private const int TransportProtocol = 16;
    private const int DestinationNat = 1;
    private const int InterNetwork = 2;

    /// <summary>Puts the rule in force in the namespace of the session; a table of that name is replaced.</summary>
    /// <param name="session">Opened in the namespace.</param>
    /// <param name="table">Name of the table that holds the rule.</param>
    /// <param name="address">IPv4 address that programs send to.</param>
    /// <param name="port">Port that they send to.</param>
    /// <param name="targets">Port that is reached instead, for each protocol.</param>
    public static void Apply(NftSession session, string table, IPAddress address, int port, IReadOnlyDictionary<ProtocolType, int> targets)
    {
        const string chain = "output";
        var transaction = new NftTransaction();
        // Made first, so that there is something to delete.
        transaction.Begin("add table", table, NewTable, NetlinkWriter.Create, NftFamily.Ip).Add(1, table);
        transaction.DeleteTable(NftFamily.Ip, table);
        transaction.Begin("add table", table, NewTable, NetlinkWriter.Create, NftFamily.Ip).Add(1, table);
        transaction.Begin("add chain", table, NewChain, NetlinkWriter.Create, NftFamily.Ip)
            .Add(1, table).Add(3, chain)
            .Nest(4, hook => hook.AddNetwork(1, OutputHook).AddNetwork(2, NatPriority))
            .Add(7, "nat");
        foreach (var (protocol, target) in targets)
        {
            transaction.Begin("add rule", table, NewRule, NetlinkWriter.Create | 0x800, NftFamily.Ip)
                .Add(1, table).Add(2, chain)
                .Nest(4, rule => Write(rule, address, port, protocol, target));
        }

        session.Apply(transaction);
    }

    private static void Write(NetlinkWriter rule, IPAddress address, int port, ProtocolType protocol, int target)
    {
        Expression(rule, "meta", e => e.AddNetwork(1, Register1).AddNetwork(2, TransportProtocol));
        Compare(rule, [(byte)protocol]);
        Expression(rule, "payload", e => e.AddNetwork(1, Register1).AddNetwork(2, NetworkHeader).AddNetwork(3, 16).AddNetwork(4, 4));
        Compare(rule, address.GetAddressBytes());
        Expression(rule, "payload", e => e.AddNetwork(1, Register1).AddNetwork(2, TransportHeader).AddNetwork(3, 2).AddNetwork(4, 2));
        Compare(rule, NftValue.Port(port).Bytes);
        Load(rule, Register1, address.GetAddressBytes());
        Load(rule, Register2, NftValue.Port(target).Bytes);
        Expression(rule, "nat", e => e.AddNetwork(1, DestinationNat).AddNetwork(2, InterNetwork).AddNetwork(3, Register1).AddNetwork(5, Register2));
    }

    private static void Compare(NetlinkWriter rule, ReadOnlySpan<byte> value)
    {
        var wanted = value.ToArray();
        Expression(rule, "cmp", e => e.AddNetwork(1, Register1).AddNetwork(2, 0).Nest(3, data => data.Add(NftNumbers.DataValue, wanted)));
    }

    private static void Load(NetlinkWriter rule, int register, ReadOnlySpan<byte> value)
    {
        var loaded = value.ToArray();
        Expression(rule, "immediate", e => e.AddNetwork(1, register).Nest(2, data => data.Add(NftNumbers.DataValue, loaded)));
    }

    private static void Expression(NetlinkWriter rule, string name, Action<NetlinkWriter> data) =>
        rule.Nest(NftNumbers.ListItem, item => item.Add(1, name).Nest(2, data));
}
