using System.Net;
using System.Net.Sockets;
using Slipway.DockerApi;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Addresses;
using Network = Slipway.Engine.Networks.Network;
using AddressPool = Slipway.Engine.Networks.Addresses.AddressPool;

namespace Slipway.Engine.Tests.Networks;

/// <summary>Pools and addresses.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.200.1.0/24", true)]
    [InlineData("10.1.0.0/24", "10.1.0.0/16", true)]
    [InlineData("10.1.0.0/24", "10.1.1.0/24", false)]
    [InlineData("10.0.0.0/8", "fd00::/8", false)]
    [InlineData("fd00:1::/64", "fd00:1::/48", true)]
    public void Overlaps(string one, string other, bool overlap)
    {
        Assert.Equal(overlap, Cidr.Overlap(IPNetwork.Parse(one), IPNetwork.Parse(other)));
        Assert.Equal(overlap, Cidr.Overlap(IPNetwork.Parse(other), IPNetwork.Parse(one)));
    }

    [Fact]
    public void Host_bits_are_told_from_the_subnet()
    {
        Assert.True(Cidr.TryParse("172.20.1.9/16", out var address, out var subnet));
        Assert.Equal(("172.20.1.9", "172.20.0.0/16"), (address.ToString(), subnet.ToString()));
        Assert.True(Cidr.TryParse("fd00::9/64", out address, out subnet));
        Assert.Equal(("fd00::9", "fd00::/64"), (address.ToString(), subnet.ToString()));
        Assert.All(["10.0.0.0/33", "10.0.0.0", "x/8", "10.0.0.0/-1", "fd00::/129", ""], text => Assert.False(Cidr.TryParse(text, out _, out _)));
    }

    [Fact]
    public void The_first_pool_that_nobody_uses_is_chosen()
    {
        var pools = new AddressPools([new(IPNetwork.Parse("10.5.0.0/23"), 24), new(IPNetwork.Parse("10.9.0.0/16"), 16)]);
        var used = new List<IPNetwork>();
        foreach (var expected in (string[])["10.5.0.0/24", "10.5.1.0/24", "10.9.0.0/16"])
        {
            used.Add(pools.Choose(AddressFamily.InterNetwork, used));
            Assert.Equal(expected, used[^1].ToString());
        }

        Assert.Equal("all predefined address pools have been fully subnetted", Assert.Throws<EngineException>(() => pools.Choose(AddressFamily.InterNetwork, used)).Message);
    }

    [Fact]
    public void A_route_of_the_machine_is_avoided_whatever_its_size()
    {
        var pools = new AddressPools([new(IPNetwork.Parse("10.5.0.0/16"), 24)]);
        Assert.Equal("10.5.128.0/24", pools.Choose(AddressFamily.InterNetwork, [IPNetwork.Parse("10.5.0.0/17")]).ToString());
        Assert.Equal("10.5.1.0/24", pools.Choose(AddressFamily.InterNetwork, [IPNetwork.Parse("10.5.0.77/32")]).ToString());
    }

    [Fact]
    public void Ipv6_subnets_without_a_pool_are_unique_local()
    {
        var subnet = new AddressPools(AddressPool.Defaults).Choose(AddressFamily.InterNetworkV6, []);
        Assert.Equal((64, 0xfd), (subnet.PrefixLength, subnet.BaseAddress.GetAddressBytes()[0]));
        Assert.NotEqual(subnet, new AddressPools([]).Choose(AddressFamily.InterNetworkV6, [subnet]));
    }

    [Fact]
    public void Network_gateway_broadcast_and_auxiliary_addresses_are_never_given()
    {
        var network = Make(new IpamConfig { Subnet = "10.1.0.0/29", Gateway = "10.1.0.1", AuxiliaryAddresses = new Dictionary<string, string> { ["printer"] = "10.1.0.3" } });
        Assert.Equal(["10.1.0.2", "10.1.0.4", "10.1.0.5", "10.1.0.6"], Enumerable.Range(0, 4).Select(_ => Take(network)));
        Assert.Contains("no available IPv4 addresses", Assert.Throws<EngineException>(() => Take(network)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ip_range_bounds_what_is_given_but_not_what_may_be_asked_for()
    {
        var network = Make(new IpamConfig { Subnet = "10.1.0.0/24", Gateway = "10.1.0.1", IPRange = "10.1.0.128/30" });
        Assert.Equal(["10.1.0.128", "10.1.0.129", "10.1.0.130", "10.1.0.131"], Enumerable.Range(0, 4).Select(_ => Take(network)));
        Assert.Throws<EngineException>(() => Take(network));
        Assert.Equal("10.1.0.9", Take(network, "10.1.0.9"));
    }

    [Fact]
    public void An_address_in_use_is_refused_and_given_again_when_it_is_free()
    {
        var network = Make(new IpamConfig { Subnet = "10.1.0.0/24", Gateway = "10.1.0.1" });
        Assert.Equal("10.1.0.2", Take(network));
        Assert.Equal("Address already in use", Assert.Throws<EngineException>(() => Take(network, "10.1.0.2")).Message);
        Assert.Equal("10.1.0.3", Take(network));
        network.Give(IPAddress.Parse("10.1.0.2"), "another");
        Assert.Throws<EngineException>(() => Take(network, "10.1.0.2"));
        network.Give(IPAddress.Parse("10.1.0.2"), "me");
        Assert.Equal("10.1.0.2", Take(network));
        network.Keep(IPAddress.Parse("10.1.0.4"), "another");
        Assert.Equal("10.1.0.5", Take(network));
    }

    [Fact]
    public void Ipv6_addresses_come_one_after_the_other_even_from_the_largest_subnet()
    {
        var network = Make(new IpamConfig { Subnet = "fd00::/8", Gateway = "fd00::1" });
        Assert.Equal("fd00::2", network.Take(AddressFamily.InterNetworkV6, null, "me")!.Address.ToString());
        Assert.Null(network.Take(AddressFamily.InterNetwork, null, "me"));
    }

    [Fact]
    public void Threads_never_get_the_same_address()
    {
        var network = Make(new IpamConfig { Subnet = "10.1.0.0/20", Gateway = "10.1.0.1" });
        var all = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, 2000, _ => all.Add(Take(network)));
        Assert.Equal(2000, all.Distinct().Count());
    }

    [Fact]
    public void A_network_closes_only_when_nobody_is_in_it_and_forgets_nobody_who_was_never_in_it()
    {
        var network = Make(new IpamConfig { Subnet = "10.1.0.0/24", Gateway = "10.1.0.1" });
        network.Leave("of a run before the machine's restart");
        Assert.True(network.TryJoin("a"));
        Assert.False(network.TryClose());
        network.Leave("a");
        Assert.True(network.TryClose());
        Assert.False(network.TryJoin("b"));
    }

    private static Network Make(params IpamConfig[] pools) => new(new NetworkRecord { Id = "n", Name = "n", Driver = "bridge", Pools = pools });

    private static string Take(Network network, string? wanted = null) =>
        network.Take(AddressFamily.InterNetwork, wanted is null ? null : IPAddress.Parse(wanted), "me")!.Address.ToString();
}
