using Microsoft.Win32.SafeHandles;
using static Slipway.Linux.RouteNumbers;

namespace Slipway.Linux;

public sealed partial class RouteBatch
{
    /// <summary>Creates a bridge; EEXIST when the name is taken.</summary>
    public RouteBatch AddBridge(BridgeOptions bridge) => AddLink(bridge, "bridge", data =>
    {
        data.Add(BridgeStp, bridge.Stp ? 1 : 0);
        if (bridge.VlanFiltering)
        {
            // A kernel without it refuses even to switch it off.
            data.Add(BridgeVlanFiltering, (byte)1);
        }

        if (bridge.MulticastSnooping is { } snooping)
        {
            data.Add(BridgeMulticastSnooping, (byte)(snooping ? 1 : 0));
        }
    });

    /// <summary>
    /// Creates both ends of a cable. With <see cref="LinkOptions.Namespace"/> the peer comes into being in that namespace under its final name
    /// and with its final number and address, and is switched on there by a request of its own; EEXIST when a name or number is taken.
    /// </summary>
    /// <exception cref="ArgumentException">The peer is to be up in another namespace: the kernel brings it up only from inside.</exception>
    public RouteBatch AddVeth(LinkOptions link, LinkOptions peer)
    {
        if (peer is { Up: true, Namespace: not null })
        {
            throw new ArgumentException("a peer in another namespace is switched on there", nameof(peer));
        }

        // The kernel refuses (ENOTCONN) to switch the peer on before the cable is complete.
        AddLink(link, "veth", data => data.Nest(VethPeer, content => Describe(content, peer), Raw(Header(peer with { Up = false }))));
        return peer.Up ? SetUp(peer.Name) : this;
    }

    /// <summary>Creates a link with an Ethernet address of its own on the parent (a link of the socket's namespace).</summary>
    public RouteBatch AddMacvlan(LinkOptions link, int parent, MacvlanMode mode) =>
        AddLink(link, "macvlan", data => data.Add(MacvlanModeData, (int)mode), parent);

    /// <summary>Creates a link that shares the parent's Ethernet address.</summary>
    public RouteBatch AddIPvlan(LinkOptions link, int parent, IPvlanMode mode, IPvlanReach reach = IPvlanReach.Bridge) =>
        AddLink(link, "ipvlan", data => data.Add(IPvlanModeData, (ushort)mode).Add(IPvlanFlagsData, (ushort)reach), parent);

    /// <summary>Creates a link that carries the frames of one VLAN (1 to 4094) of the parent.</summary>
    public RouteBatch AddVlan(LinkOptions link, int parent, int vlan) =>
        AddLink(link, "vlan", data => data.Add(VlanId, (ushort)vlan), parent);

    /// <summary>Creates a link that swallows what is sent; a parent for networks that lead nowhere.</summary>
    public RouteBatch AddDummy(LinkOptions link) => AddLink(link, "dummy", null);

    /// <summary>Removes a link, and with a veth its peer. One that is not there is no failure.</summary>
    public RouteBatch DeleteLink(LinkId link)
    {
        BeginLink("delete link", link, RouteNumbers.DeleteLink, 0, default, Errno.NoDevice);
        return this;
    }

    /// <summary>Switches a link on or off.</summary>
    public RouteBatch SetUp(LinkId link, bool up = true)
    {
        BeginLink(up ? "set up" : "set down", link, NewLink, 0, new LinkHeader { Flags = up ? FlagUp : 0, Changed = FlagUp });
        return this;
    }

    /// <summary>Makes a link a port of that bridge, or of none with 0.</summary>
    public RouteBatch SetMaster(LinkId link, int master) => Change("set master of", link, w => w.Add(LinkMaster, master));

    /// <summary>Sets the largest packet in bytes.</summary>
    public RouteBatch SetMtu(LinkId link, int mtu) => Change("set mtu of", link, w => w.Add(LinkMtu, mtu));

    /// <summary>Sets the Ethernet address.</summary>
    public RouteBatch SetAddress(LinkId link, MacAddress address) => Change("set address of", link, w => w.Add(LinkAddress, address.ToBytes()));

    /// <summary>Renames a link; it must be down before Linux 6.2.</summary>
    public RouteBatch Rename(int link, string name) => Change("rename", link, w => w.Add(LinkName, name));

    /// <summary>Sets the free text (at most 255 bytes) that the kernel keeps with a link.</summary>
    public RouteBatch SetAlias(LinkId link, string alias) => Change("set alias of", link, w => w.Add(LinkAlias, alias));

    /// <summary>Moves a link into another namespace; its addresses and routes are lost and it is down there.</summary>
    public RouteBatch Move(LinkId link, SafeFileHandle netns, string? newName = null)
    {
        // The old name finds the link, and a new one can only be given when it was found by number.
        if (newName is not null && link.Index == 0)
        {
            throw new ArgumentException("a link is renamed by its number", nameof(link));
        }

        return Change("move", link, w =>
        {
            w.Add(LinkNamespace, Number(netns));
            if (newName is not null)
            {
                w.Add(LinkName, newName);
            }
        });
    }

    /// <summary>What a bridge does with one of its ports: send back where it came from, keep apart from other isolated ports, pass nothing at all.</summary>
    public RouteBatch SetBridgePort(LinkId link, bool? hairpin = null, bool? isolated = null, bool? disabled = null) =>
        Change("set bridge port", link, w => w.Nest(LinkDetails, details => details.Add(DetailPortKind, "bridge").Nest(DetailPortData, port =>
        {
            if (hairpin is { } back)
            {
                port.Add(PortHairpin, (byte)(back ? 1 : 0));
            }

            if (isolated is { } apart)
            {
                port.Add(PortIsolated, (byte)(apart ? 1 : 0));
            }

            if (disabled is { } closed)
            {
                // BR_STATE_DISABLED, BR_STATE_FORWARDING (linux/if_bridge.h).
                port.Add(PortState, (byte)(closed ? 0 : 3));
            }
        })));

    /// <summary>Sets one of /proc/sys/net/ipv4/conf/LINK without going there.</summary>
    public RouteBatch SetIPv4(LinkId link, IPv4Setting setting, int value) =>
        Change("set ipv4 of", link, w => w.Nest(LinkFamilies, families =>
            families.Nest(InterNetwork, v4 => v4.Nest(FamilyIPv4Settings, s => s.Add((int)setting, value)))));

    /// <summary>Whether a link gets an IPv6 address of its own making (fe80::) when it is switched on.</summary>
    public RouteBatch SetLinkLocal(LinkId link, bool automatic) =>
        Change("set ipv6 of", link, w => w.Nest(LinkFamilies, families =>
            families.Nest(InterNetworkV6, v6 => v6.Add(FamilyIPv6Generation, (byte)(automatic ? 0 : 1)))));

    private RouteBatch Change(string call, LinkId link, Action<NetlinkWriter> content)
    {
        content(BeginLink(call, link, NewLink, 0, default));
        return this;
    }

    private RouteBatch AddLink(LinkOptions link, string kind, Action<NetlinkWriter>? data, int parent = 0)
    {
        Begin("create " + kind, link.Name, NewLink, NetlinkWriter.Create | NetlinkWriter.Exclusive, Raw(Header(link)));
        Describe(Writer, link);
        if (parent != 0)
        {
            Writer.Add(LinkParent, parent);
        }

        Writer.Nest(LinkDetails, details =>
        {
            details.Add(DetailKind, kind);
            if (data is not null)
            {
                details.Nest(DetailData, data);
            }
        });
        return this;
    }

    private static LinkHeader Header(LinkOptions link) =>
        new() { Index = link.Index, Flags = link.Up ? FlagUp : 0, Changed = link.Up ? FlagUp : 0 };

    private static void Describe(NetlinkWriter writer, LinkOptions link)
    {
        writer.Add(LinkName, link.Name);
        if (link.Mtu != 0)
        {
            writer.Add(LinkMtu, link.Mtu);
        }

        if (link.Address is { } address)
        {
            writer.Add(LinkAddress, address.ToBytes());
        }

        if (link.Master != 0)
        {
            writer.Add(LinkMaster, link.Master);
        }

        if (link.Namespace is { } netns)
        {
            writer.Add(LinkNamespace, Number(netns));
        }
    }

    // The caller keeps the handle open until the batch was applied.
    private static int Number(SafeFileHandle netns) => (int)netns.DangerousGetHandle();
}
