using System.Net;

namespace Slipway.Linux.Tests;

public sealed class LinkTests : IDisposable
{
    private readonly NetworkSandbox one = NetworkSandbox.Create([]);
    private readonly NetworkSandbox other = NetworkSandbox.Create([]);

    public void Dispose()
    {
        one.Dispose();
        other.Dispose();
    }

    [Fact]
    public void A_veth_comes_up_on_a_bridge_and_in_another_namespace_by_one_request()
    {
        one.Links.Apply(new RouteBatch().AddBridge(new BridgeOptions("br0") { Index = 7, Mtu = 1400, Up = true, MulticastSnooping = false }));
        var mac = MacAddress.FromIPv4(IPAddress.Parse("172.17.0.2"));
        one.Links.Apply(new RouteBatch()
            .AddVeth(
                new LinkOptions("veth1") { Master = 7, Mtu = 1400, Up = true },
                new LinkOptions("eth0") { Index = 2, Mtu = 1400, Address = mac, Namespace = other.Namespace })
            .SetAlias("veth1", "a container")
            .SetBridgePort("veth1", hairpin: true, isolated: true)
            .SetIPv4("veth1", IPv4Setting.RouteLocalNet, 1));

        other.Links.Apply(new RouteBatch().SetUp(2));
        var port = Assert.Single(one.Links.ListLinks(master: 7));
        Assert.Equal(("veth1", "veth", 7, 1400, "a container"), (port.Name, port.Kind, port.Master, port.Mtu, port.Alias));
        Assert.True(port is { Up: true, Carrier: true });
        var peer = other.Links.FindLink("eth0")!;
        Assert.Equal((2, mac, 1400, true), (peer.Index, peer.Address!.Value, peer.Mtu, peer.Up));
        Assert.Equal("02:42:ac:11:00:02", mac.ToString());
        Assert.Equal("1", Read(one, "/proc/sys/net/ipv4/conf/veth1/route_localnet"));
        Assert.Equal("bridge", one.Links.FindLink(7)!.Kind);
        Assert.Equal(["br0", "lo", "veth1"], one.Links.ListLinks().Select(l => l.Name).Order());

        one.Links.Apply(new RouteBatch().DeleteLink("veth1").DeleteLink("veth1").DeleteLink(7));
        Assert.Null(other.Links.FindLink("eth0"));
        Assert.Null(one.Links.FindLink("br0"));
    }

    [Fact]
    public void Links_are_changed_and_moved()
    {
        one.Links.Apply(new RouteBatch().AddVeth(new LinkOptions("a"), new LinkOptions("b")).AddBridge(new BridgeOptions("br0") { Index = 9 }));
        var index = one.Links.FindLink("a")!.Index;
        Assert.True(MacAddress.TryParse("02-00-00-00-00-AA", out var mac));
        one.Links.Apply(new RouteBatch().Rename(index, "renamed").SetMtu(index, 1300).SetAddress(index, mac).SetMaster(index, 9).SetUp(index));
        var changed = one.Links.FindLink("renamed")!;
        Assert.Equal((1300, mac, 9, true), (changed.Mtu, changed.Address!.Value, changed.Master, changed.Up));
        one.Links.Apply(new RouteBatch().SetMaster(index, 0).SetUp(index, up: false).Move(index, other.Namespace, "eth5"));
        Assert.Null(one.Links.FindLink("renamed"));
        Assert.Equal((0, false), other.Links.FindLink("eth5") is { } moved ? (moved.Master, moved.Up) : default);
    }

    [Fact]
    public void Macvlan_works_on_a_parent()
    {
        one.Links.Apply(new RouteBatch().AddVeth(new LinkOptions("a") { Index = 5, Up = true }, new LinkOptions("b") { Up = true }));
        one.Links.Apply(new RouteBatch().AddMacvlan(new LinkOptions("eth0") { Namespace = other.Namespace, Index = 2 }, 5, MacvlanMode.Bridge));
        Assert.Equal(("macvlan", 5), other.Links.FindLink("eth0") is { } found ? (found.Kind, found.Parent) : default);
    }

    [Fact]
    public void Kinds_that_depend_on_the_kernel_are_made_or_refused_clearly()
    {
        one.Links.Apply(new RouteBatch().AddVeth(new LinkOptions("a") { Index = 5 }, new LinkOptions("b")));
        RouteBatch[] batches =
        [
            new RouteBatch().AddDummy(new LinkOptions("dummy0")),
            new RouteBatch().AddVlan(new LinkOptions("vlan7"), 5, 7),
            new RouteBatch().AddIPvlan(new LinkOptions("ip0"), 5, IPvlanMode.L2),
        ];
        foreach (var batch in batches)
        {
            var refused = (LinuxException?)Record.Exception(() => one.Links.Apply(batch));
            Assert.True(refused is null or { IsNotSupported: true }, refused?.Message);
        }
    }

    [Fact]
    public void Addresses_and_routes_are_added_listed_and_removed()
    {
        one.Links.Apply(new RouteBatch()
            .AddVeth(new LinkOptions("eth0") { Index = 2, Up = true }, new LinkOptions("eth1") { Index = 3, Up = true })
            .SetLinkLocal(2, automatic: false)
            .AddAddress(2, IPAddress.Parse("10.1.0.2"), 16, IPAddress.Parse("10.1.255.255"), "eth0:x")
            .AddAddress(2, IPAddress.Parse("fd01::2"), 64)
            .AddRoute(RouteInfo.Default(IPAddress.Parse("10.1.0.1"), 2))
            .AddRoute(RouteInfo.Default(IPAddress.Parse("fd01::1"), 2))
            .AddRoute(new RouteInfo(IPNetwork.Parse("10.2.0.0/16")) { Link = 2, Metric = 50, Source = IPAddress.Parse("10.1.0.2") })
            .ReplaceRoute(new RouteInfo(IPNetwork.Parse("10.3.0.0/16")) { Link = 2, Gateway = IPAddress.Parse("10.9.9.9"), OnLink = true })
            .AddNeighbour(2, IPAddress.Parse("10.1.0.1"), new MacAddress(0x020000000001))
            .AddProxy(2, IPAddress.Parse("fd01::99")));
        var addresses = one.Links.ListAddresses(2);
        Assert.Contains(new AddressInfo(2, IPAddress.Parse("10.1.0.2"), 16, "eth0:x"), addresses);
        Assert.Contains(new AddressInfo(2, IPAddress.Parse("fd01::2"), 64, null), addresses);
        var routes = one.Links.ListRoutes();
        Assert.Contains(RouteInfo.Default(IPAddress.Parse("10.1.0.1"), 2), routes);
        Assert.Contains(routes, r => r.Destination.Equals(IPNetwork.Parse("::/0")) && IPAddress.Parse("fd01::1").Equals(r.Gateway) && r.Link == 2);
        Assert.Contains(new RouteInfo(IPNetwork.Parse("10.2.0.0/16")) { Link = 2, Metric = 50, Source = IPAddress.Parse("10.1.0.2") }, routes);

        one.Links.Apply(new RouteBatch()
            .DeleteRoute(RouteInfo.Default(IPAddress.Parse("10.1.0.1"), 2))
            .DeleteRoute(RouteInfo.Default(IPAddress.Parse("10.1.0.1"), 2))
            .DeleteNeighbour(2, IPAddress.Parse("10.1.0.1"))
            .DeleteProxy(2, IPAddress.Parse("fd01::99"))
            .DeleteAddress(2, IPAddress.Parse("fd01::2"), 64)
            .DeleteAddress(2, IPAddress.Parse("fd01::2"), 64));
        Assert.DoesNotContain(one.Links.ListRoutes(), r => r.Gateway is { } g && g.Equals(IPAddress.Parse("10.1.0.1")));
        Assert.DoesNotContain(one.Links.ListAddresses(), a => a.Address.Equals(IPAddress.Parse("fd01::2")));
    }

    [Fact]
    public void A_refusal_says_which_request_and_why_and_the_others_are_done()
    {
        var batch = new RouteBatch()
            .AddBridge(new BridgeOptions("br0"))
            .AddRoute(RouteInfo.Default(IPAddress.Parse("10.1.0.1"), 1))
            .AddBridge(new BridgeOptions("br1"));
        var refused = Assert.Throws<LinuxException>(() => one.Links.Apply(batch));
        Assert.StartsWith("add route 0.0.0.0/0: ", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Detail);
        Assert.NotNull(one.Links.FindLink("br1"));
        Assert.True(Assert.Throws<LinuxException>(() => one.Links.Apply(new RouteBatch().AddBridge(new BridgeOptions("br0")))).IsExists);
        Assert.Equal(Errno.NoDevice, Assert.Throws<LinuxException>(() => one.Links.Apply(new RouteBatch().SetUp("none"))).Errno);
    }

    [Fact]
    public void Many_links_are_listed_whole_while_they_change()
    {
        Parallel.For(0, 4, worker =>
        {
            for (var i = 0; i < 10; i++)
            {
                one.Links.Apply(new RouteBatch().AddBridge(new BridgeOptions($"w{worker}n{i}")));
                Assert.Contains(one.Links.ListLinks(), l => l.Name == $"w{worker}n{i}");
            }
        });
        Assert.Equal(41, one.Links.ListLinks().Count);
    }

    private static string Read(NetworkSandbox at, string path) => NetworkNamespace.RunIn(at.Namespace, () => File.ReadAllText(path).Trim());
}
