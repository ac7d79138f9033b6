namespace Slipway.Linux;

/// <summary>Numbers of rtnetlink(7): linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/neighbour.h.</summary>
internal static class RouteNumbers
{
    internal const int NewLink = 16;
    internal const int DeleteLink = 17;
    internal const int GetLink = 18;
    internal const int NewAddress = 20;
    internal const int DeleteAddress = 21;
    internal const int GetAddress = 22;
    internal const int NewRoute = 24;
    internal const int DeleteRoute = 25;
    internal const int GetRoute = 26;
    internal const int NewNeighbour = 28;
    internal const int DeleteNeighbour = 29;

    internal const byte InterNetwork = 2;
    internal const byte InterNetworkV6 = 10;

    internal const uint FlagUp = 1;
    internal const uint FlagLowerUp = 0x10000;

    internal const int LinkAddress = 1;
    internal const int LinkName = 3;
    internal const int LinkMtu = 4;
    internal const int LinkParent = 5;
    internal const int LinkMaster = 10;
    internal const int LinkDetails = 18;
    internal const int LinkAlias = 20;
    internal const int LinkStatistics = 23;
    internal const int LinkFamilies = 26;
    internal const int LinkNamespace = 28;
    internal const int DetailKind = 1;
    internal const int DetailData = 2;
    internal const int DetailPortKind = 4;
    internal const int DetailPortData = 5;
    internal const int FamilyIPv4Settings = 1;
    internal const int FamilyIPv6Generation = 8;

    internal const int BridgeStp = 5;
    internal const int BridgeVlanFiltering = 7;
    internal const int BridgeMulticastSnooping = 23;
    internal const int PortState = 1;
    internal const int PortHairpin = 4;
    internal const int PortIsolated = 33;
    internal const int VethPeer = 1;
    internal const int MacvlanModeData = 1;
    internal const int IPvlanModeData = 1;
    internal const int IPvlanFlagsData = 2;
    internal const int VlanId = 1;

    internal const int AddressRemote = 1;
    internal const int AddressLocal = 2;
    internal const int AddressLabel = 3;
    internal const int AddressBroadcast = 4;
    internal const int AddressFlags = 8;
    internal const int AddressNoDetection = 2;

    internal const int RouteDestination = 1;
    internal const int RouteInterface = 4;
    internal const int RouteGateway = 5;
    internal const int RoutePriority = 6;
    internal const int RouteSource = 7;
    internal const int RouteTable = 15;
    internal const byte TableMain = 254;
    internal const byte OriginStatic = 4;
    internal const byte TypeUnicast = 1;
    internal const byte ScopeGlobal = 0;
    internal const byte ScopeLink = 253;
    internal const int RouteOnLink = 4;

    internal const int NeighbourDestination = 1;
    internal const int NeighbourAddress = 2;
    internal const short NeighbourPermanent = 0x80;
    internal const byte NeighbourProxy = 8;
}
