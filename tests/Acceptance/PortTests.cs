using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Published ports, on a daemon of the class's own since it is killed here.</summary>
public sealed class PortTests : IAsyncLifetime
{
    private readonly EngineRoom _room = new();

    public Task InitializeAsync() => _room.InitializeAsync();

    public Task DisposeAsync() => _room.DisposeAsync();

    [Fact]
    public async Task EveryFormOfPublishing()
    {
        var first = FreePorts(8);
        string P(int i) => (first + i).ToString(CultureInfo.InvariantCulture);
        var name = EngineRoom.Name();
        (await _room.Docker(
            "run", "-d", "--name", name, "-p", P(0) + ":80", "-p", $"127.0.0.1:{P(1)}:80", "-p", $"[::1]:{P(2)}:80", "-p", "81", "-p", "127.0.0.1::82", "-p", $"{P(3)}-{P(4)}:83-84",
            "-p", $"{P(5)}-{P(6)}:85", "-p", P(7) + ":86/udp", "-p", P(7) + ":86/sctp", "--expose", "87-88/udp", "-P", "busybox", "sh", "-c", "echo hello > /tmp/hello; exec httpd -f -h /tmp")).Ok();
        var ports = (await _room.Docker("port", name)).Lines().Select(line => line.Split(" -> ")).ToLookup(pair => pair[0], pair => pair[1]);
        Assert.Equal(["0.0.0.0:" + P(0), "127.0.0.1:" + P(1), "[::1]:" + P(2), "[::]:" + P(0)], ports["80/tcp"].Order(StringComparer.Ordinal));
        Assert.Equal(2, ports["81/tcp"].Select(port => port[port.LastIndexOf(':')..]).Append(ports["81/tcp"].First().Split(':')[^1]).Distinct().Count());
        Assert.StartsWith("127.0.0.1:", Assert.Single(ports["82/tcp"]), StringComparison.Ordinal);
        Assert.Equal(["0.0.0.0:" + P(3), "[::]:" + P(3)], ports["83/tcp"].Order(StringComparer.Ordinal));
        Assert.Equal(["0.0.0.0:" + P(4), "[::]:" + P(4)], ports["84/tcp"].Order(StringComparer.Ordinal));
        Assert.Contains("0.0.0.0:" + P(5), ports["85/tcp"]);
        Assert.Contains("0.0.0.0:" + P(7), ports["86/udp"]);
        Assert.Contains("0.0.0.0:" + P(7), ports["86/sctp"]);
        Assert.NotEmpty(ports["87/udp"]);
        Assert.NotEmpty(ports["88/udp"]);
        Assert.Equal(["0.0.0.0:" + P(0), "127.0.0.1:" + P(1), "[::1]:" + P(2), "[::]:" + P(0)], (await _room.Client("slipway", "port", name, "80")).Lines().Order(StringComparer.Ordinal));
        foreach (var way in new[] { "127.0.0.1:" + P(0), "127.0.0.1:" + P(1), "[::1]:" + P(0), "[::1]:" + P(2) })
        {
            await Wait.UntilAsync(way + " answers", () => Get(way) != "-");
        }

        Assert.Equal("-", Get("127.0.0.1:" + P(2)));
        await _room.Remove(name);
        Assert.Equal("-", Get("127.0.0.1:" + P(0)));
        Assert.Equal("-", Get("[::1]:" + P(0)));
    }

    [Fact]
    public async Task ConflictsAreToldAsDockerDoes()
    {
        var port = FreePorts(1).ToString(CultureInfo.InvariantCulture);
        using var other = new TcpListener(IPAddress.Any, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var name = await Web("-p", port + ":80");
        (await _room.Docker("run", "--rm", "-p", port + ":80", "busybox", "true")).Fails($"Bind for 0.0.0.0:{port} failed: port is already allocated", 125);
        (await _room.Docker("run", "--rm", "-p", taken + ":80", "busybox", "true")).Fails($"failed to bind host port 0.0.0.0:{taken}/tcp: address already in use", 125);
        (await _room.Docker("run", "--rm", "-p", "203.0.113.77:80:80", "busybox", "true")).Fails("cannot assign requested address", 125);
        (await _room.Docker("run", "--rm", "-p", port + ":80/udp", "busybox", "true")).Ok();
        (await _room.Docker("stop", "-t", "0", name)).Ok();
        (await _room.Docker("run", "--rm", "-p", port + ":80", "busybox", "true")).Ok();
        (await _room.Docker("start", name)).Ok();
        await Wait.UntilAsync("it answers again", () => Get("127.0.0.1:" + port) == "hello");
        await _room.Remove(name);
    }

    [Fact]
    public async Task DatagramsArriveAndAnswersComeBackFromWhereTheyWereAsked()
    {
        using var neighbour = Neighbour.Create();
        var first = FreePorts(2);
        var (name, network) = (EngineRoom.Name(), EngineRoom.Name("n"));
        (await _room.Docker("network", "create", network)).Ok();
        (await _room.Docker(["run", "-d", "--name", name, "--network", network, .. Datagrams.Python, "-p", $"{first}:90/udp", "-p", $"127.0.0.1:{first + 1}:90/udp", "busybox", .. Datagrams.Service(90)])).Ok();
        await Wait.UntilAsync("it answers", () => Datagrams.Ask("127.0.0.1", first).StartsWith("hello", StringComparison.Ordinal));
        Assert.StartsWith("hello", Datagrams.Ask("127.0.0.1", first + 1), StringComparison.Ordinal);
        Assert.StartsWith("hello", Datagrams.Ask("::1", first), StringComparison.Ordinal);
        Assert.StartsWith("hello", Datagrams.Ask(neighbour.HostAddress, first), StringComparison.Ordinal);
        Assert.Equal("hello from " + neighbour.Address, neighbour.Echo(neighbour.HostAddress, first));
        Assert.Equal("-", neighbour.Echo(neighbour.HostAddress, first + 1));
        foreach (var options in new[] { new[] { "--network", network }, [] })
        {
            var asked = await _room.Docker(["run", "--rm", .. options, .. Datagrams.Python, "busybox", "/usr/bin/python3", "-c", Datagrams.Question(neighbour.HostAddress, first)]);
            Assert.StartsWith("hello", asked.Ok(), StringComparison.Ordinal);
        }

        await _room.Remove(name);
        (await _room.Docker("network", "rm", network)).Ok();
    }

    /// <summary>The kernel remembers where a sender's datagrams went; a sender that never stops must still find the service's next address.</summary>
    [Fact]
    public async Task ASenderThatNeverStopsFindsTheNextContainer()
    {
        var port = FreePorts(1);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200 };
        socket.Connect(IPAddress.Loopback, port);
        bool Answers()
        {
            try
            {
                socket.Send("hello"u8);
                return socket.Receive(new byte[200]) > 0;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        foreach (var _ in Enumerable.Range(0, 2))
        {
            // Something takes the address that the one before had.
            var blocker = await Web();
            var name = EngineRoom.Name();
            (await _room.Docker(["run", "-d", "--name", name, .. Datagrams.Python, "-p", $"{port}:90/udp", "busybox", .. Datagrams.Service(90)])).Ok();
            await Wait.UntilAsync("it answers", Answers);
            await _room.Remove(name);
            Assert.False(Answers());
            await _room.Remove(blocker);
        }
    }

    [Fact]
    public async Task PortsAnswerWhileTheDaemonIsDownAndAfterwards()
    {
        var port = FreePorts(1).ToString(CultureInfo.InvariantCulture);
        var name = await Web("-p", port + ":80");
        await Wait.UntilAsync("both answer", () => Get("127.0.0.1:" + port) == "hello" && Get("[::1]:" + port) == "hello");
        await _room.Daemon.KillAsync();
        Assert.Equal("hello", Get("127.0.0.1:" + port));
        Assert.Equal("hello", Get("[::1]:" + port));
        await _room.Daemon.StartAsync();
        Assert.Equal("hello", Get("127.0.0.1:" + port));
        Assert.Equal("hello", Get("[::1]:" + port));
        (await _room.Docker("run", "--rm", "-p", port + ":80", "busybox", "true")).Fails("port is already allocated", 125);
        await _room.Remove(name);
        (await _room.Docker("run", "--rm", "-p", port + ":80", "busybox", "true")).Ok();
    }

    [Fact]
    public async Task PortsAreFreeForContainersThatEndWhileTheDaemonStarts()
    {
        const int count = 12;
        var first = FreePorts(count);
        var names = Enumerable.Range(0, count).Select(_ => EngineRoom.Name()).ToArray();
        await Task.WhenAll(names.Select(async (name, i) => (await _room.Docker("run", "-d", "--name", name, "--restart", "always", "-p", $"{first + i}:80", "busybox", "sleep", "1000")).Ok()));
        for (var round = 0; round < 3; round++)
        {
            var processes = (await _room.Docker(["inspect", "-f", "{{.State.Pid}}", .. names])).Lines();
            await _room.Daemon.KillAsync();
            var start = _room.Daemon.StartAsync();
            foreach (var process in processes)
            {
                await Wait.PauseAsync(6);
                Tool.Run("kill", "-KILL", process);
            }

            await start;
            await Wait.UntilAsync("all run again", async () => (await _room.Docker(["inspect", "-f", "{{.State.Status}}{{.State.Error}}", .. names])).Lines().All(state => state == "running"));
        }

        await _room.Remove(names);
    }

    /// <summary>Check 49 of the reliability list. The whole ruleset is flushed in tests of the firewall alone: other engines work on this machine.</summary>
    [Fact]
    public async Task ReachabilityIsTheSameAfterRulesWereLostAndTheDaemonWasKilled()
    {
        using var neighbour = Neighbour.Create();
        neighbour.SendLoopbackToHost();
        var first = FreePorts(2);
        var (open, local) = (first.ToString(CultureInfo.InvariantCulture), (first + 1).ToString(CultureInfo.InvariantCulture));
        var (front, back, dark) = (EngineRoom.Name("n"), EngineRoom.Name("n"), EngineRoom.Name("n"));
        (await _room.Docker("network", "create", front)).Ok();
        (await _room.Docker("network", "create", back)).Ok();
        (await _room.Docker("network", "create", "--internal", dark)).Ok();
        var web = await Web("--network", front, "-p", open + ":80", "-p", $"127.0.0.1:{local}:80");
        var near = await Web("--network", front);
        var far = await Web("--network", back);
        var hidden = await Web("--network", dark);
        var (webAt, farAt, darkAt) = (await Address(web), await Address(far), await Address(hidden));
        var processes = new Dictionary<string, string>();
        foreach (var container in new[] { near, far, hidden })
        {
            processes[container] = await _room.Inspect(container, "{{.State.Pid}}");
        }

        // Not by exec, which needs the daemon.
        string From(string container, string address) =>
            Tool.Try("nsenter", "-t", processes[container], "-m", "-n", "/bin/busybox", "timeout", "1", "/bin/busybox", "wget", "-qO-", $"http://{address}/hello") is { Code: 0 } answer ? answer.Output.Trim() : "-";
        string Matrix()
        {
            var table = new StringBuilder();
            table.Append($"host {Get("127.0.0.1:" + open)} {Get("127.0.0.1:" + local)} {Get(webAt)} {Get(darkAt)}; ");
            table.Append($"neighbour {neighbour.Get($"{neighbour.HostAddress}:{open}")} {neighbour.Get($"{neighbour.HostAddress}:{local}")} {neighbour.Get("127.0.0.1:" + local)} {neighbour.Get(webAt)} {neighbour.Get(darkAt)}; ");
            table.Append($"near {From(near, webAt)} {From(near, $"{neighbour.HostAddress}:{open}")} {From(near, farAt)} {From(near, darkAt)}; ");
            table.Append($"far {From(far, webAt)} {From(far, $"{neighbour.HostAddress}:{open}")} {From(far, $"{neighbour.HostAddress}:{local}")}; ");
            table.Append($"hidden {From(hidden, webAt)} {From(hidden, $"{neighbour.HostAddress}:{open}")} {From(hidden, darkAt)}; ");
            return table.ToString();
        }

        await Wait.UntilAsync("all serve", () => Get(webAt) == "hello" && Get(darkAt) == "hello");
        const string expected = "host hello hello hello hello; neighbour hello - - - -; near hello hello - -; far - hello -; hidden - - hello; ";
        Assert.Equal(expected, Matrix());
        Assert.Equal(("hello", "-"), (From(near, web), From(near, far)));
        Tool.Run("nft", "delete", "table", "inet", HostLeftovers.OwnerOf(_room.Daemon.ExecRoot).Replace('-', '_'));
        Assert.Equal("-", neighbour.Get($"{neighbour.HostAddress}:{open}"));
        await Wait.UntilAsync("the rules are back", () => neighbour.Get($"{neighbour.HostAddress}:{open}") == "hello", seconds: 60);
        Assert.Equal(expected, Matrix());
        await _room.Daemon.KillAsync();
        Assert.Equal(expected, Matrix());
        await _room.Daemon.StartAsync();
        Assert.Equal(expected, Matrix());
        Assert.Equal(("hello", "-"), (From(near, web), From(near, far)));
        await _room.Remove(web, near, far, hidden);
        (await _room.Docker("network", "rm", front, back, dark)).Ok();
    }

    private static string Get(string address) =>
        Tool.Try("timeout", "1", "/bin/busybox", "wget", "-qO-", $"http://{address}/hello") is { Code: 0 } answer ? answer.Output.Trim() : "-";

    /// <summary>So many TCP ports in a row that nobody has right now.</summary>
    private static int FreePorts(int count)
    {
        while (true)
        {
            var first = Random.Shared.Next(20000, 30000);
            var listeners = Enumerable.Range(first, count).Select(port => new TcpListener(IPAddress.IPv6Any, port) { Server = { DualMode = true } }).ToList();
            try
            {
                listeners.ForEach(listener => listener.Start());
                return first;
            }
            catch (SocketException)
            {
                // Somebody has one of them.
            }
            finally
            {
                listeners.ForEach(listener => listener.Dispose());
            }
        }
    }

    private async Task<string> Web(params string[] options)
    {
        var name = EngineRoom.Name();
        (await _room.Docker(["run", "-d", "--name", name, .. options, "busybox", "sh", "-c", "echo hello > /tmp/hello; exec httpd -f -h /tmp"])).Ok();
        return name;
    }

    private Task<string> Address(string name) => _room.Inspect(name, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
}
