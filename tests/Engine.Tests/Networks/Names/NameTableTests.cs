using System.Net;
using System.Net.Sockets;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Names;

namespace Slipway.Engine.Tests.Networks.Names;

/// <summary>Who finds whom.</summary>
public sealed class NameTableTests
{
    private readonly NameTable _table = new();

    [Fact]
    public void Neighbours_find_each_other_by_every_name()
    {
        var web = Publish("web", "front", "10.1.0.2", aliases: ["www"], v6: "fd00::2");
        Publish("other", "front", "10.1.0.3");
        var asker = Publish("asker", "front", "10.1.0.4");
        foreach (var name in new[] { "web", "www", "web.front", "www.front", web[..12] })
        {
            Assert.Equal(["10.1.0.2"], Find(asker, name)!);
        }

        Assert.Equal(["fd00::2"], Find(asker, "web", AddressFamily.InterNetworkV6)!);
        Assert.Empty(Find(asker, "other", AddressFamily.InterNetworkV6)!);
        Assert.Null(Find(asker, "nobody"));
        Assert.Null(Find(asker, "front"));
        Assert.Equal("web.front", _table.Find(asker, IPAddress.Parse("10.1.0.2")));
        Assert.Equal("web.front", _table.Find(asker, IPAddress.Parse("fd00::2")));
        Assert.Null(_table.Find(asker, IPAddress.Parse("10.9.9.9")));
    }

    [Fact]
    public void Nobody_is_found_from_another_network()
    {
        Publish("web", "front", "10.1.0.2");
        var asker = Publish("asker", "back", "10.2.0.2");
        Assert.Null(Find(asker, "web"));
        Assert.Null(_table.Find(asker, IPAddress.Parse("10.1.0.2")));
        Assert.Null(Find(new string('f', 64), "web"));
    }

    [Fact]
    public void The_default_bridge_has_no_names()
    {
        Publish("web", BuiltInNetworks.Bridge, "172.17.0.2");
        var asker = Publish("asker", BuiltInNetworks.Bridge, "172.17.0.3");
        Assert.Null(Find(asker, "web"));
    }

    [Fact]
    public void Those_who_share_a_name_take_turns()
    {
        Publish("one", "front", "10.1.0.2", aliases: ["db"]);
        Publish("two", "front", "10.1.0.3", aliases: ["DB"]);
        var asker = Publish("asker", "front", "10.1.0.4");
        var first = Enumerable.Range(0, 10).Select(_ => Find(asker, "db")![0]).ToHashSet();
        Assert.Equal(["10.1.0.2", "10.1.0.3"], first.Order(StringComparer.Ordinal));
        Assert.Equal(2, Find(asker, "db")!.Length);
    }

    [Fact]
    public void Links_are_names_for_one_container_only()
    {
        Publish("web", "front", "10.1.0.2");
        var linked = Publish("linked", "front", "10.1.0.3", links: ["web:backend"]);
        var other = Publish("other", "front", "10.1.0.4");
        Assert.Equal(["10.1.0.2"], Find(linked, "backend")!);
        Assert.Null(Find(other, "backend"));
    }

    [Fact]
    public void Those_who_left_are_forgotten()
    {
        var web = Publish("web", "front", "10.1.0.2", aliases: ["www"]);
        var asker = Publish("asker", "front", "10.1.0.3");
        _table.Withdraw(web);
        Assert.Null(Find(asker, "web"));
        Assert.Null(Find(asker, "www"));
        Assert.Null(_table.Find(asker, IPAddress.Parse("10.1.0.2")));
        Publish("web", "front", "10.1.0.9");
        Assert.Equal(["10.1.0.9"], Find(asker, "web")!);
    }

    private string[]? Find(string asker, string name, AddressFamily family = AddressFamily.InterNetwork) => _table.Find(asker, name, family)?.Select(address => address.ToString()).ToArray();

    private string Publish(string name, string network, string v4, string[]? aliases = null, string[]? links = null, string v6 = "")
    {
        var id = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)));
        var record = new ContainerRecord { Id = id, Name = name, Created = DateTimeOffset.UnixEpoch, Config = new ContainerConfig(), HostConfig = new HostConfig() };
        _table.Publish(record, [new EndpointRecord { NetworkId = network, Network = network, EndpointId = "e", IPv4 = v4, IPv6 = v6, Asked = new EndpointSettings { Aliases = aliases, Links = links } }]);
        return id;
    }
}
