using System.Net;
using System.Net.Sockets;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Containers find each other by name, on a daemon of the class's own since it is killed here.</summary>
public sealed class NameTests : IAsyncLifetime
{
    private readonly EngineRoom _room = new();

    public Task InitializeAsync() => _room.InitializeAsync();

    public Task DisposeAsync() => _room.DisposeAsync();

    [Fact]
    public async Task NeighboursHaveNamesAlsoAfterTheDaemonWasKilled()
    {
        var network = EngineRoom.Name("n");
        (await _room.Docker("network", "create", network)).Ok();
        var web = await Sleeper("--network", network, "--network-alias", "www", "--hostname", "webhost");
        var asker = await Sleeper("--network", network, "--link", web + ":linked");
        var address = await _room.Inspect(web, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
        var id = (await _room.Inspect(web, "{{.Id}}"))[..12];
        async Task CheckAsync()
        {
            foreach (var name in new[] { web, "www", id, "linked", web.ToUpperInvariant(), $"{web}.{network}" })
            {
                Assert.Contains(address, await Lookup(asker, name), StringComparison.Ordinal);
            }

            Assert.Contains($"{web}.{network}", await Lookup(asker, address), StringComparison.Ordinal);
            Assert.Contains("NXDOMAIN", await Lookup(web, "linked.invalid"), StringComparison.Ordinal);
            Assert.Contains("1 packets received", (await _room.Docker("exec", asker, "ping", "-c", "1", "-W", "2", web)).Ok(), StringComparison.Ordinal);
        }

        await CheckAsync();
        await _room.Daemon.CrashAndStartAsync();
        await Wait.UntilAsync("names are answered again", async () => (await Lookup(asker, web)).Contains(address, StringComparison.Ordinal));
        await CheckAsync();

        (await _room.Docker("rename", web, web + "x")).Ok();
        Assert.Contains(address, await Lookup(asker, web + "x"), StringComparison.Ordinal);
        Assert.DoesNotContain(address, await Lookup(asker, web), StringComparison.Ordinal);
        (await _room.Docker("stop", "-t", "0", web + "x")).Ok();
        Assert.DoesNotContain(address, await Lookup(asker, "www"), StringComparison.Ordinal);
        await _room.Remove(web + "x", asker);
        (await _room.Docker("network", "rm", network)).Ok();
    }

    [Fact]
    public async Task AnInternalNetworkAsksNobodyOutside()
    {
        using var outside = new NameServer();
        var (inside, open) = (EngineRoom.Name("in"), EngineRoom.Name("out"));
        (await _room.Docker("network", "create", "--internal", inside)).Ok();
        (await _room.Docker("network", "create", open)).Ok();
        var name = await Sleeper("--network", inside, "--dns", outside.Address);
        Assert.Contains("NXDOMAIN", await Lookup(name, "outside.example"), StringComparison.Ordinal);
        Assert.Equal(0, outside.Questions);

        (await _room.Docker("network", "connect", open, name)).Ok();
        Assert.Contains("192.0.2.7", await Lookup(name, "outside.example"), StringComparison.Ordinal);
        Assert.NotEqual(0, outside.Questions);
        var before = outside.Questions;
        (await _room.Docker("network", "disconnect", open, name)).Ok();
        Assert.Contains("NXDOMAIN", await Lookup(name, "other.example"), StringComparison.Ordinal);
        Assert.Equal(before, outside.Questions);
        await _room.Remove(name);
        (await _room.Docker("network", "rm", inside, open)).Ok();
    }

    [Fact]
    public async Task NamesWithoutADotStayInsideWhereNdotsIsSet()
    {
        using var outside = new NameServer();
        var network = EngineRoom.Name("n");
        (await _room.Docker("network", "create", network)).Ok();
        var (plain, open) = (await Sleeper("--network", network, "--dns", outside.Address, "--dns-opt", "ndots:1", "--dns-search", "."), await Sleeper("--network", network, "--dns", outside.Address));
        Assert.Contains("NXDOMAIN", await Lookup(plain, "nobody"), StringComparison.Ordinal);
        Assert.Equal(0, outside.Questions);
        Assert.Contains("192.0.2.7", await Lookup(plain, "outside.example"), StringComparison.Ordinal);
        Assert.Contains("192.0.2.7", await Lookup(open, "nobody"), StringComparison.Ordinal);
        await _room.Remove(plain, open);
        (await _room.Docker("network", "rm", network)).Ok();
    }

    [Fact]
    public async Task FilesFollowWhatWasAskedFor()
    {
        var network = EngineRoom.Name("n");
        (await _room.Docker("network", "create", "--subnet", "10.213.7.0/24", network)).Ok();
        var name = await Sleeper(
            "--network", network, "--ip", "10.213.7.9", "--hostname", "box", "--domainname", "lan.example", "--add-host", "other:192.0.2.1", "--add-host", "up:host-gateway",
            "--dns-search", "one.example", "--dns-search", "two.example", "--dns-opt", "timeout:1");
        var hosts = (await _room.Docker("exec", name, "cat", "/etc/hosts")).Ok().Split('\n');
        Assert.Contains("10.213.7.9\tbox.lan.example box", hosts);
        Assert.Contains("192.0.2.1\tother", hosts);
        Assert.Contains("10.213.7.1\tup", hosts);
        Assert.Equal("nameserver 127.0.0.11\nsearch one.example two.example\noptions timeout:1 ndots:0", (await _room.Docker("exec", name, "cat", "/etc/resolv.conf")).Ok());
        Assert.Equal("box", (await _room.Docker("exec", name, "cat", "/etc/hostname")).Ok());

        // What was changed inside stays when networks come and go.
        (await _room.Docker("exec", name, "sh", "-c", "echo '192.0.2.9 mine' >> /etc/hosts")).Ok();
        (await _room.Docker("network", "connect", "bridge", name)).Ok();
        Assert.Contains("192.0.2.9 mine", (await _room.Docker("exec", name, "cat", "/etc/hosts")).Ok(), StringComparison.Ordinal);
        await _room.Remove(name);
        (await _room.Docker("network", "rm", network)).Ok();
    }

    [Fact]
    public async Task TheDefaultBridgeHasTheHostsServersAndLinksAsLines()
    {
        var other = await Sleeper("--hostname", "otherhost", "--expose", "5432", "-e", "KEY=value");
        var name = await Sleeper("--link", other + ":my-friend", "--link", other + ":friend", "--dns", "192.0.2.53");
        var address = await _room.Inspect(other, "{{.NetworkSettings.IPAddress}}");
        Assert.Contains($"{address}\tfriend otherhost {other}", (await _room.Docker("exec", name, "cat", "/etc/hosts")).Ok(), StringComparison.Ordinal);
        var variables = (await _room.Docker("exec", name, "cat", "/proc/1/environ")).Ok().Split('\0');
        Assert.Superset(
            new HashSet<string> { $"MY_FRIEND_PORT=tcp://{address}:5432", $"MY_FRIEND_PORT_5432_TCP_ADDR={address}", "MY_FRIEND_PORT_5432_TCP_PORT=5432", "FRIEND_PORT_5432_TCP_PROTO=tcp", $"FRIEND_NAME=/{name}/friend", "FRIEND_ENV_KEY=value" },
            variables.ToHashSet());
        Assert.StartsWith("nameserver 192.0.2.53", (await _room.Docker("exec", name, "cat", "/etc/resolv.conf")).Ok(), StringComparison.Ordinal);
        (await _room.Docker("run", "--rm", "--link", "nobody:x", "busybox", "true")).Fails("could not get container for nobody: No such container: nobody", 125);
        await _room.Remove(name, other);
    }

    [Fact]
    public async Task LinksKnowRangesOfPorts()
    {
        var (other, name) = (EngineRoom.Name(), EngineRoom.Name());
        await _room.Daemon.CallAsync("POST", "/containers/create?name=" + other, """{"Image":"busybox","Cmd":["sleep","1000"],"ExposedPorts":{"6000-6001/udp":{}}}""");
        (await _room.Docker("start", other)).Ok();
        var variables = (await _room.Docker("run", "--rm", "--name", name, "--link", other + ":db", "busybox", "env")).Ok();
        Assert.Contains("DB_PORT_6001_UDP_PORT=6001", variables, StringComparison.Ordinal);
        await _room.Remove(other);
    }

    [Fact]
    public async Task LinksNeedContainersThatRunOnTheDefaultBridge()
    {
        var (other, name) = (EngineRoom.Name(), EngineRoom.Name());
        (await _room.Docker("create", "--name", other, "busybox", "sleep", "1000")).Ok();
        (await _room.Docker("create", "--name", name, "--link", other + ":db", "busybox", "true")).Ok();
        (await _room.Docker("start", name)).Fails($"Cannot link to a non running container: /{other} AS /{name}/db");
        (await _room.Docker("start", other)).Ok();
        (await _room.Docker("start", "-a", name)).Ok();

        var apart = EngineRoom.Name();
        (await _room.Docker("run", "-d", "--network", "none", "--name", apart, "busybox", "sleep", "1000")).Ok();
        (await _room.Docker("run", "--rm", "--link", apart, "busybox", "true")).Fails($"Cannot link to /{apart}, as it does not belong to the default network", 125);
        await _room.Remove(name, other, apart);
    }

    [Fact]
    public async Task AMissingNetworkIsNoMissingImage()
    {
        var outcome = await _room.Docker("run", "--rm", "--network", "no-such-network", "busybox", "true");
        outcome.Fails("network no-such-network not found", 125);
        Assert.DoesNotContain("Unable to find image", outcome.Error, StringComparison.Ordinal);
    }

    private async Task<string> Sleeper(params string[] options)
    {
        var name = EngineRoom.Name();
        (await _room.Docker(["run", "-d", "--name", name, .. options, "busybox", "sleep", "1000"])).Ok();
        return name;
    }

    // It also asks for the IPv6 address, and fails when there is none.
    private async Task<string> Lookup(string container, string name) => (await _room.Docker("exec", container, "nslookup", name)).Output;

    /// <summary>A name server on the host that counts and has one answer to everything.</summary>
    private sealed class NameServer : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private int _questions;

        internal NameServer()
        {
            Address = $"127.88.{Random.Shared.Next(1, 250)}.1";
            _socket.Bind(new IPEndPoint(IPAddress.Parse(Address), 53));
            _ = Task.Run(ServeAsync);
        }

        internal string Address { get; }

        internal int Questions => Volatile.Read(ref _questions);

        public void Dispose() => _socket.Dispose();

        private async Task ServeAsync()
        {
            var buffer = new byte[512];
            while (true)
            {
                var from = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                Interlocked.Increment(ref _questions);
                var question = buffer.AsSpan(12, from.ReceivedBytes - 12);
                question = question[..(question.IndexOf((byte)0) + 5)];
                byte[] record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 7];
                var isAddress = question[^3] == 1;
                byte[] answer = [buffer[0], buffer[1], 0x81, 0x80, 0, 1, 0, (byte)(isAddress ? 1 : 0), 0, 0, 0, 0, .. question, .. isAddress ? record : []];
                await _socket.SendToAsync(answer, from.RemoteEndPoint);
            }
        }
    }
}
