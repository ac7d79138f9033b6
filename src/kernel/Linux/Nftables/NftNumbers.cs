namespace Slipway.Linux;

/// <summary>Numbers of linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h. Message types carry the subsystem (10) in their high byte.</summary>
internal static class NftNumbers
{
    internal const int BatchBegin = 0x10;
    internal const int BatchEnd = 0x11;
    internal const short Subsystem = 10;

    internal const int GetTable = 0xa01;
    internal const int DeleteTable = 0xa02;
    internal const int NewElement = 0xa0c;
    internal const int GetElement = 0xa0d;
    internal const int DeleteElement = 0xa0e;
    internal const int NewGeneration = 0xa0f;
    internal const int GetGeneration = 0xa10;

    internal const int TableName = 1;
    internal const int ElementsTable = 1;
    internal const int ElementsSet = 2;
    internal const int Elements = 3;
    internal const int ListItem = 1;
    internal const int ElementKey = 1;
    internal const int ElementData = 2;
    internal const int DataValue = 1;
    internal const int DataVerdict = 2;
    internal const int VerdictCode = 1;
    internal const int VerdictChain = 2;
    internal const int GenerationId = 1;
}

/// <summary>Families of tables (linux/netfilter.h).</summary>
public enum NftFamily
{
    /// <summary>IPv4 and IPv6.</summary>
    Inet = 1,

    /// <summary>IPv4.</summary>
    Ip = 2,

    /// <summary>Packets at a device.</summary>
    Netdev = 5,

    /// <summary>Bridged packets.</summary>
    Bridge = 7,

    /// <summary>IPv6.</summary>
    Ip6 = 10,
}
