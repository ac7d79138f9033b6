using System.Text.Json;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Networks as the clients see them: verbs, addresses, connections.</summary>
[Collection(NetworkCollection.Name)]
public sealed class NetworkTests(EngineRoom room)
{
    [Fact]
    public async Task The_built_in_networks_are_there_and_stay()
    {
        Assert.Equal(["bridge bridge local", "host host local", "none null local"], (await room.Docker("network", "ls", "--filter", "type=builtin", "--format", "{{.Name}} {{.Driver}} {{.Scope}}")).Lines());
        Assert.Equal("true 1500", await Network("bridge", """{{index .Options "com.docker.network.bridge.default_bridge"}} {{index .Options "com.docker.network.driver.mtu"}}"""));
        (await room.Docker("network", "rm", "bridge")).Fails("bridge is a pre-defined network and cannot be removed");
        (await room.Docker("network", "create", "host")).Fails("operation is not permitted on predefined host network");
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task A_network_is_made_listed_inspected_and_removed(string client)
    {
        var name = EngineRoom.Name("net");
        var id = (await room.Client(client, "network", "create", "--subnet", "10.201.1.0/24", "--ip-range", "10.201.1.128/25", "--gateway", "10.201.1.254", "--aux-address", "a=10.201.1.128", "--label", "kind=test", "-o", "com.docker.network.driver.mtu=1400", name)).Ok();
        Assert.Equal(64, id.Length);
        Assert.Equal([$"{id[..12]} {name} bridge local"], (await room.Client(client, "network", "ls", "--filter", "label=kind=test", "--format", "{{.ID}} {{.Name}} {{.Driver}} {{.Scope}}")).Lines());
        using var shown = JsonDocument.Parse((await room.Client(client, "network", "inspect", name)).Ok());
        var pool = shown.RootElement[0].GetProperty("IPAM").GetProperty("Config")[0];
        Assert.Equal(("10.201.1.0/24", "10.201.1.128/25", "10.201.1.254", "10.201.1.128"), (Text(pool, "Subnet"), Text(pool, "IPRange"), Text(pool, "Gateway"), Text(pool.GetProperty("AuxiliaryAddresses"), "a")));
        (await room.Client(client, "network", "create", name)).Fails($"network with name {name} already exists");
        (await room.Client(client, "network", "create", "--subnet", "10.201.0.0/16", name + "2")).Fails("Pool overlaps with other one on this address space");

        var container = await Sleeper(name);
        Assert.Equal("10.201.1.129 24 10.201.1.254", await room.Inspect(container, Endpoint(name, "{{.IPAddress}} {{.IPPrefixLen}} {{.Gateway}}")));
        Assert.Contains("mtu 1400", (await room.Docker("exec", container, "ip", "link", "show", "eth0")).Ok(), StringComparison.Ordinal);
        Assert.Equal(container, await Network(name, "{{range .Containers}}{{.Name}}{{end}}"));
        Assert.Equal([container], (await room.Client(client, "ps", "--filter", "network=" + name, "--format", "{{.Names}}")).Lines());
        (await room.Client(client, "network", "rm", name)).Fails($"network {name} has active endpoints (name:\"{container}\"");
        await room.Remove(container);
        Assert.Equal(name, (await room.Client(client, "network", "rm", name)).Ok());
        Assert.False(Directory.Exists("/sys/class/net/br-" + id[..12]));
        (await room.Client(client, "network", "inspect", name)).Fails($"network {name} not found");
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task Stats_count_what_went_through_the_endpoints(string client)
    {
        var network = await Create();
        var one = await Sleeper(network);
        (await room.Docker("network", "connect", "bridge", one)).Ok();
        var other = await Sleeper("container:" + one);
        (await room.Docker("exec", one, "sh", "-c", "ping -c 2 -s 1000 $(ip route | awk '/default/ { print $3 }')")).Ok();
        foreach (var name in (string[])[one, other])
        {
            Assert.Matches(@"^[\d.]+kB / [\d.]+kB$", (await room.Client(client, "stats", "--no-stream", "--format", "{{.NetIO}}", name)).Ok());
            var interfaces = (await room.Daemon.CallAsync("GET", $"/containers/{name}/stats?stream=false&one-shot=1"))!["networks"]!.AsObject();
            Assert.Equal(["eth0", "eth1"], interfaces.Select(entry => entry.Key).Order(StringComparer.Ordinal));
            Assert.Contains(interfaces, entry => (long)entry.Value!["tx_bytes"]! > 2000 && (long)entry.Value["rx_packets"]! >= 2);
        }

        foreach (var mode in (string[])["none", "host"])
        {
            var without = await Sleeper(mode);
            Assert.Equal("0B / 0B", (await room.Client(client, "stats", "--no-stream", "--format", "{{.NetIO}}", without)).Ok());
            await room.Remove(without);
        }

        await room.Remove(other);
        await Drop(network, one);
    }

    [Fact]
    public async Task A_network_may_come_after_its_container_and_come_again()
    {
        var (network, container) = (EngineRoom.Name("net"), EngineRoom.Name());
        (await room.Docker("create", "--name", container, "--network", network, "--ip", "10.201.9.9", "busybox", "sleep", "1000")).Ok();
        Assert.Equal("[]", await room.Inspect(container, Endpoint(network, "[{{.NetworkID}}]")));
        (await room.Docker("start", container)).Fails($"network {network} not found");
        Assert.Equal("created", await room.Inspect(container, "{{.State.Status}}"));
        (await room.Docker("network", "create", "--subnet", "10.201.8.0/24", network)).Ok();
        (await room.Docker("start", container)).Fails("10.201.9.9");
        (await room.Docker("network", "rm", network)).Ok();

        foreach (var round in (string[])["first", "again"])
        {
            var id = (await room.Docker("network", "create", "--subnet", "10.201.9.0/24", "--label", round, network)).Ok();
            (await room.Docker("network", "connect", network, container)).Fails("already exists in network");
            (await room.Docker("start", container)).Ok();
            Assert.Equal($"{id} 10.201.9.9", await room.Inspect(container, Endpoint(network, "{{.NetworkID}} {{.IPAddress}}")));
            (await room.Docker("exec", container, "ping", "-c", "1", "-W", "2", "10.201.9.1")).Ok();
            (await room.Docker("stop", "-t", "0", container)).Ok();
            (await room.Docker("network", "rm", network)).Ok();
        }

        (await room.Docker("network", "create", network)).Ok();
        (await room.Docker("network", "disconnect", network, container)).Ok();
        Assert.Equal("0", await room.Inspect(container, "{{len .NetworkSettings.Networks}}"));
        await Drop(network, container);

        var gone = EngineRoom.Name();
        (await room.Docker("run", "--rm", "--name", gone, "--network", network, "busybox", "true")).Fails($"network {network} not found", 125);
        (await room.Docker("inspect", gone)).Exits(1);
    }

    [Fact]
    public async Task What_an_endpoint_asks_for_it_gets()
    {
        var name = await Create("--subnet", "10.201.2.0/24");
        var one = await Sleeper(name, "--ip", "10.201.2.77", "--mac-address", "02:00:5e:00:00:77", "--network-alias", "seven");
        Assert.Equal("10.201.2.77 02:00:5e:00:00:77 [seven]", await room.Inspect(one, Endpoint(name, "{{.IPAddress}} {{.MacAddress}} {{.Aliases}}")));
        Assert.Contains("02:00:5e:00:00:77", (await room.Docker("exec", one, "ip", "link", "show", "eth0")).Ok(), StringComparison.Ordinal);
        (await room.Docker("run", "--rm", "--network", name, "--ip", "10.201.2.77", "busybox", "true")).Fails("Address already in use", 125);
        (await room.Docker("run", "--rm", "--network", name, "--ip", "10.202.2.77", "busybox", "true")).Fails("10.202.2.77", 125);
        (await room.Docker("run", "--rm", "--ip", "10.201.2.7", "busybox", "true")).Fails("user specified IP address is supported on user defined networks only", 125);
        (await room.Docker("run", "--rm", "--network", "no-such", "busybox", "true")).Fails("network no-such not found", 125);

        // A restart gives the address back and takes it again.
        (await room.Docker("restart", "-t", "0", one)).Ok();
        Assert.Equal("10.201.2.77", await room.Inspect(one, Endpoint(name, "{{.IPAddress}}")));
        (await room.Docker("stop", "-t", "0", one)).Ok();
        Assert.Equal("", await room.Inspect(one, Endpoint(name, "{{.IPAddress}}")));
        await Drop(name, one);
    }

    [Fact]
    public async Task Link_local_addresses_are_added_to_the_endpoints_own()
    {
        var (first, second) = (await Create("--subnet", "10.201.9.0/24"), await Create("--subnet", "10.201.10.0/24"));
        var container = await Sleeper(first, "--link-local-ip", "169.254.34.22");
        Assert.Contains("169.254.34.22/16", (await room.Docker("exec", container, "ip", "addr", "show", "eth0")).Ok(), StringComparison.Ordinal);
        Assert.Equal("[169.254.34.22]", await room.Inspect(container, Endpoint(first, "{{.IPAMConfig.LinkLocalIPs}}")));
        (await room.Docker("network", "connect", "--link-local-ip", "nonsense", second, container)).Fails("invalid link-local IP address: nonsense");
        (await room.Docker("network", "connect", "--link-local-ip", "169.254.34.23", second, container)).Ok();
        Assert.Contains("169.254.34.23/16", (await room.Docker("exec", container, "ip", "addr", "show", "eth1")).Ok(), StringComparison.Ordinal);
        await Drop(first, container);
        (await room.Docker("network", "rm", second)).Ok();
    }

    [Fact]
    public async Task A_container_without_network_has_only_itself()
    {
        var name = EngineRoom.Name();
        await room.Daemon.CallAsync("POST", "/containers/create?name=" + name, """{"Image":"busybox","Cmd":["ls","/sys/class/net"],"NetworkDisabled":true}""");
        Assert.Equal("lo", (await room.Docker("start", "-a", name)).Ok());
        await room.Remove(name);
    }

    [Fact]
    public async Task Connecting_and_disconnecting_reaches_a_running_container()
    {
        var (first, second) = (await Create("--subnet", "10.201.3.0/24"), await Create("--subnet", "10.201.4.0/24"));
        var container = await Sleeper(first);
        for (var round = 0; round < 2; round++)
        {
            (await room.Docker("network", "connect", "--ip", "10.201.4.9", "--gw-priority", "1", second, container)).Ok();
            Assert.Contains("10.201.4.9/24", (await room.Docker("exec", container, "ip", "addr", "show", "eth1")).Ok(), StringComparison.Ordinal);
            Assert.Contains("default via 10.201.4.1", (await room.Docker("exec", container, "ip", "route")).Ok(), StringComparison.Ordinal);
            (await room.Docker("network", "connect", second, container)).Fails($"already exists in network {second}");
            (await room.Docker("network", "disconnect", second, container)).Ok();
            Assert.DoesNotContain("eth1", (await room.Docker("exec", container, "ip", "addr")).Ok(), StringComparison.Ordinal);
            Assert.Contains("default via 10.201.3.1", (await room.Docker("exec", container, "ip", "route")).Ok(), StringComparison.Ordinal);
        }

        (await room.Docker("network", "disconnect", second, container)).Fails($"is not connected to network {second}");
        (await room.Docker("stop", "-t", "0", container)).Ok();
        (await room.Docker("network", "connect", second, container)).Ok();
        (await room.Docker("start", container)).Ok();
        Assert.Contains("10.201.4.2/24", (await room.Docker("exec", container, "ip", "addr", "show", "eth1")).Ok(), StringComparison.Ordinal);
        await room.Remove(container);
        (await room.Docker("network", "rm", first, second)).Ok();
    }

    [Fact]
    public async Task Both_protocols_at_once()
    {
        var name = await Create("--ipv6", "--subnet", "10.201.5.0/24", "--subnet", "fd42:5::/64");
        var (one, two) = (await Sleeper(name), await Sleeper(name, "--ip6", "fd42:5::77"));
        Assert.Equal("fd42:5::77 64 fd42:5::1", await room.Inspect(two, Endpoint(name, "{{.GlobalIPv6Address}} {{.GlobalIPv6PrefixLen}} {{.IPv6Gateway}}")));
        (await room.Docker("exec", one, "ping", "-c", "1", "-W", "2", "fd42:5::77")).Ok();
        (await room.Docker("exec", one, "ping", "-c", "1", "-W", "2", "fd42:5::1")).Ok();
        var automatic = await Create("--ipv6");
        Assert.Contains("fd", await Network(automatic, "{{range .IPAM.Config}}{{.Subnet}} {{end}}"), StringComparison.Ordinal);
        await room.Remove(one, two);
        (await room.Docker("network", "rm", name, automatic)).Ok();
    }

    [Fact]
    public async Task The_networks_of_others_and_none_at_all()
    {
        var one = await Sleeper("bridge");
        var address = await room.Inspect(one, Endpoint("bridge", "{{.IPAddress}}"));
        Assert.Contains(address + "/", (await room.Docker("run", "--rm", "--network", "container:" + one, "busybox", "ip", "addr", "show", "eth0")).Ok(), StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", (await room.Docker("run", "--rm", "--network", "none", "busybox", "ip", "addr")).Ok(), StringComparison.Ordinal);
        Assert.Equal(Directory.GetFileSystemEntries("/sys/class/net").Length > 1, (await room.Docker("run", "--rm", "--network", "host", "busybox", "ls", "/sys/class/net")).Lines().Length > 1);
        (await room.Docker("network", "connect", "bridge", one)).Fails("already exists in network bridge");
        (await room.Docker("network", "connect", "none", one)).Fails("none");
        await room.Remove(one);
    }

    [Fact]
    public async Task Unused_networks_are_pruned_and_events_tell_of_it()
    {
        var since = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var (kept, idle) = (await Create("--label", "p=1"), await Create("--label", "p=1"));
        var container = await Sleeper(kept);
        (await room.Docker("stop", "-t", "0", container)).Ok();
        Assert.Equal([idle], (await room.Docker("network", "ls", "-q", "--filter", "dangling=true", "--filter", "label=p=1", "--format", "{{.Name}}")).Lines());
        var pruned = (await room.Docker("network", "prune", "-f", "--filter", "label=p=1")).Ok();
        Assert.Contains(idle, pruned, StringComparison.Ordinal);
        Assert.DoesNotContain(kept, pruned, StringComparison.Ordinal);
        await Drop(kept, container);
        var until = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var events = (await room.Docker("events", "--since", since, "--until", until, "--filter", "type=network", "--format", "{{.Action}} {{.Actor.Attributes.name}}")).Lines();
        Assert.Equal(["create", "connect", "disconnect", "destroy"], events.Where(line => line.EndsWith(" " + kept, StringComparison.Ordinal)).Select(line => line.Split(' ')[0]));
        Assert.Equal(["create", "destroy"], events.Where(line => line.EndsWith(" " + idle, StringComparison.Ordinal)).Select(line => line.Split(' ')[0]));
    }

    [Theory]
    [InlineData("com.docker.network.driver.mtu=much", "failed to parse com.docker.network.driver.mtu value: much")]
    [InlineData("com.docker.network.driver.mtu=-1", "invalid MTU number: -1")]
    [InlineData("com.docker.network.bridge.enable_icc=maybe", "failed to parse com.docker.network.bridge.enable_icc value: maybe")]
    [InlineData("com.docker.network.bridge.host_binding_ipv4=here", "failed to parse com.docker.network.bridge.host_binding_ipv4 value: here")]
    [InlineData("com.docker.network.bridge.gateway_mode_ipv4=tunnel", "unknown gateway mode tunnel")]
    [InlineData("com.docker.network.bridge.gateway_mode_ipv6=isolated", "can only be used for an internal network")]
    [InlineData("com.docker.network.bridge.name=a/b", "invalid interface name")]
    public async Task Options_that_mean_nothing_are_refused(string option, string message)
    {
        var name = EngineRoom.Name("net");
        (await room.Docker("network", "create", "-o", option, name)).Fails(message);
        Assert.Empty((await room.Docker("network", "ls", "-q", "--filter", "name=" + name)).Ok());
    }

    [Fact]
    public async Task Interfaces_are_called_and_set_as_asked()
    {
        var name = await Create("--subnet", "10.201.7.0/24", "--aux-address", "DefaultGatewayIPv4=10.201.7.99", "-o", "com.docker.network.container_iface_prefix=lan");
        const string options = "driver-opt=com.docker.network.endpoint.ifname=wan0,\"driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0\"";
        var (one, two) = (EngineRoom.Name(), await Sleeper(name));
        (await room.Docker("run", "-d", "--name", one, "--network", $"name={name},{options}", "busybox", "sleep", "1000")).Ok();
        Assert.Contains("10.201.7.", (await room.Docker("exec", one, "ip", "addr", "show", "wan0")).Ok(), StringComparison.Ordinal);
        Assert.Equal("1 0", string.Join(' ', (await room.Docker("exec", one, "cat", "/proc/sys/net/ipv4/conf/wan0/log_martians", "/proc/sys/net/ipv4/conf/wan0/forwarding")).Lines()));
        Assert.Contains("lan0", (await room.Docker("exec", two, "ip", "addr")).Ok(), StringComparison.Ordinal);
        Assert.Contains("default via 10.201.7.99", (await room.Docker("exec", two, "ip", "route")).Ok(), StringComparison.Ordinal);
        (await room.Docker("run", "--rm", "--network", $"name={name},driver-opt=com.docker.network.endpoint.ifname=a/b", "busybox", "true")).Fails("invalid interface name", 125);
        (await room.Docker("run", "--rm", "--network", $"name={name},driver-opt=com.docker.network.endpoint.sysctls=kernel.domainname=x", "busybox", "true")).Fails("unrecognised network interface sysctl", 125);
        (await room.Docker("run", "--rm", "--network", $"name={name},driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.nothing=1", "busybox", "true")).Fails("net/ipv4/conf/lan0/nothing", 125);
        await Drop(name, one, two);
    }

    [Fact]
    public async Task The_default_network_is_as_the_daemon_was_told()
    {
        await using var scratch = new Scratch();
        var daemon = scratch.Daemon(options: ["--bip", "10.203.9.1/24", "--fixed-cidr", "10.203.9.128/25", "--default-gateway", "10.203.9.77", "--mtu", "1350", "--icc=false", "--ip6tables=false", "--ip", "127.0.0.1", "--default-network-opt", "bridge=com.docker.network.driver.mtu=1320"]);
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        async Task<string> Docker(params string[] arguments)
        {
            using var command = CommandLine.Start(EngineRoom.DockerProgram, ["-H", "unix://" + daemon.Socket, .. arguments], room.Home);
            return (await command.EndAsync()).Ok();
        }

        await Docker("run", "-d", "--name", "one", "-p", "80", "busybox", "sleep", "1000");
        Assert.Equal("10.203.9.128 10.203.9.77", await Docker("inspect", "-f", "{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}}", "one"));
        Assert.Contains("default via 10.203.9.77", await Docker("exec", "one", "ip", "route"), StringComparison.Ordinal);
        Assert.Contains("mtu 1350", await Docker("exec", "one", "ip", "link", "show", "eth0"), StringComparison.Ordinal);
        Assert.StartsWith("127.0.0.1:", await Docker("port", "one", "80"), StringComparison.Ordinal);
        await Docker("network", "create", "other");
        Assert.Equal("1320", await Docker("network", "inspect", "-f", """{{index .Options "com.docker.network.driver.mtu"}}""", "other"));
        await Docker("rm", "-f", "one");
        await Docker("network", "rm", "other");
    }

    [Fact]
    public async Task Our_client_connects_disconnects_and_prunes()
    {
        var (first, second) = (await Create("--label", "own=1"), await Create("--label", "own=1", "--subnet", "10.201.8.0/24"));
        var container = await Sleeper(first);
        (await room.Client("slipway", "network", "connect", "--alias", "web", "--ip", "10.201.8.8", second, container)).Ok();
        Assert.Contains("Address: 10.201.8.8", (await room.Docker("run", "--rm", "--network", second, "busybox", "nslookup", "web")).Output, StringComparison.Ordinal);
        (await room.Client("slipway", "network", "disconnect", second, container)).Ok();
        (await room.Client("slipway", "network", "disconnect", second, container)).Fails($"is not connected to network {second}");
        Assert.Contains(second, (await room.Client("slipway", "network", "prune", "-f", "--filter", "label=own=1")).Ok(), StringComparison.Ordinal);
        await Drop(first, container);
    }

    [Fact]
    public async Task A_macvlan_without_parent_joins_containers_and_leads_nowhere()
    {
        var name = await Create("-d", "macvlan", "--subnet", "10.201.6.0/24");
        var (one, two) = (await Sleeper(name), await Sleeper(name));
        (await room.Docker("exec", one, "ping", "-c", "1", "-W", "2", await room.Inspect(two, Endpoint(name, "{{.IPAddress}}")))).Ok();
        (await room.Docker("network", "create", "-d", "macvlan", "-o", "parent=nosuchlink", name + "2")).Fails("invalid subinterface vlan name nosuchlink");
        await room.Remove(one, two);
        (await room.Docker("network", "rm", name)).Ok();
    }

    [Theory]
    [InlineData("bridge", true)]
    [InlineData("private", false)]
    public async Task A_macvlan_reaches_its_parents_neighbours(string mode, bool eachOther)
    {
        using var neighbour = Neighbour.Create();
        var name = await Create("-d", "macvlan", "--subnet", neighbour.Subnet, "--gateway", neighbour.HostAddress, "-o", "parent=" + neighbour.HostLink, "-o", "macvlan_mode=" + mode);
        var (one, two) = (await Sleeper(name, "--ip", neighbour.HostAddress + "01"), await Sleeper(name, "--ip", neighbour.HostAddress + "02"));
        (await room.Docker("exec", one, "ping", "-c", "1", "-W", "2", neighbour.Address)).Ok();
        Assert.True(neighbour.Pings(neighbour.HostAddress + "02"));
        Assert.Equal(eachOther, (await room.Docker("exec", one, "ping", "-c", "1", "-W", "1", neighbour.HostAddress + "02")).Code == 0);
        await Drop(name, one, two);
    }

    private static string Endpoint(string network, string format) => $"{{{{with index .NetworkSettings.Networks \"{network}\"}}}}{format}{{{{end}}}}";

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private async Task<string> Network(string name, string format) => (await room.Docker("network", "inspect", "-f", format, name)).Ok();

    private async Task<string> Create(params string[] options)
    {
        var name = EngineRoom.Name("net");
        (await room.Docker(["network", "create", .. options, name])).Ok();
        return name;
    }

    private async Task<string> Sleeper(string network, params string[] options)
    {
        var name = EngineRoom.Name();
        (await room.Docker(["run", "-d", "--name", name, "--network", network, .. options, "busybox", "sleep", "1000"])).Ok();
        return name;
    }

    private async Task Drop(string network, params string[] containers)
    {
        await room.Remove(containers);
        (await room.Docker("network", "rm", network)).Ok();
    }
}
