using System.Globalization;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Who reaches whom: containers on several networks, the host, and a machine next door; before and after everything that may upset it.</summary>
[Collection(NetworkCollection.Name)]
public sealed class ReachabilityTests(EngineRoom room)
{
    [Fact]
    public async Task Isolation_holds_through_crashes_and_flushes()
    {
        using var neighbour = Neighbour.Create();
        var networks = new[] { "red", "blue", "inner" }.ToDictionary(color => color, color => EngineRoom.Name(color));
        foreach (var (color, name) in networks)
        {
            (await room.Docker(["network", "create", .. color == "inner" ? new[] { "--internal" } : [], name])).Ok();
        }

        var (port, local) = (FreePort(), FreePort());
        var red = await Web(networks["red"], "-p", $"{port}:80", "-p", $"127.0.0.1:{local}:80");
        var friend = await Web(networks["red"]);
        var blue = await Web(networks["blue"]);
        var inner = await Web(networks["inner"]);
        var both = await Web(networks["red"], "--network", networks["blue"]);
        async Task<string[]> Matrix() =>
        [
            .. await Rows("red", red, friend, blue, inner, both, neighbour),
            .. await Rows("blue", blue, red, blue, inner, both, neighbour),
            .. await Rows("inner", inner, red, blue, inner, both, neighbour),
            .. await Rows("both", both, red, blue, inner, both, neighbour),
            $"neighbour direct {neighbour.Reaches(await Address(red), 80)}",
            $"neighbour published {neighbour.Reaches(neighbour.HostAddress, port)}",
            $"neighbour loopback {neighbour.Reaches(neighbour.HostAddress, local)} {neighbour.Reaches("127.0.0.1", local)}",
            $"host published {HostReaches("127.0.0.1", port)} {HostReaches("127.0.0.1", local)} {HostReaches(neighbour.HostAddress, port)}",
            $"host direct {HostReaches(await Address(red), 80)} {HostReaches(await Address(inner), 80)}",
            $"hairpin {await Reaches(blue, neighbour.HostAddress, port)} {await Reaches(friend, neighbour.HostAddress, port)} {await Reaches(red, neighbour.HostAddress, port)}",
        ];

        var before = await Matrix();
        Assert.Equal(
            [
                "red True False False True True", "blue False True False True True", "inner False False True False False", "both True True False True True",
                "neighbour direct False", "neighbour published True", "neighbour loopback False False", "host published True True True", "host direct True True", "hairpin True True True",
            ],
            before);

        await room.Daemon.KillAsync();
        Assert.True(neighbour.Reaches(neighbour.HostAddress, port), "published ports answer while the daemon is down");
        await room.Daemon.StartAsync();
        Assert.Equal(before, await Matrix());

        // As a firewall's reload does it, in our table alone: other daemons on the machine are not ours to disturb.
        Tool.Run("nft", "delete", "table", "inet", HostLeftovers.OwnerOf(room.Daemon.ExecRoot).Replace('-', '_'));
        await Wait.UntilAsync("the firewall is repaired", () => HostLeftovers.HasTable(room.Daemon.ExecRoot), 60);
        Assert.Equal(before, await Matrix());
        await room.Remove(red, friend, blue, inner, both);
        (await room.Docker(["network", "rm", .. networks.Values])).Ok();
    }

    [Fact]
    public async Task A_bridge_that_was_taken_away_comes_back_with_the_daemon()
    {
        var name = EngineRoom.Name("net");
        var id = (await room.Docker("network", "create", name)).Ok();
        var (one, two) = (await Web(name), await Web(name));
        await room.Daemon.KillAsync();
        Tool.Run("ip", "link", "del", "br-" + id[..12]);
        await room.Daemon.StartAsync();
        var address = await Address(two);
        await Wait.UntilAsync("the containers are plugged in again", async () => await Reaches(one, address, 80), 20);
        Assert.True(HostReaches(address, 80));
        await room.Remove(one, two);
        (await room.Docker("network", "rm", name)).Ok();
    }

    private async Task<string[]> Rows(string name, string from, string first, string second, string third, string fourth, Neighbour neighbour)
    {
        var reached = new List<bool>();
        foreach (var to in new[] { first, second, third, fourth })
        {
            reached.Add(await ReachesAny(from, to));
        }

        reached.Add((await room.Docker("exec", from, "ping", "-c", "1", "-W", "1", neighbour.Address)).Code == 0);
        return [$"{name} {string.Join(' ', reached)}"];
    }

    private async Task<bool> ReachesAny(string from, string to)
    {
        foreach (var address in (await room.Inspect(to, "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (await Reaches(from, address, 80))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<string> Address(string container) =>
        (await room.Inspect(container, "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}")).Split(' ')[0];

    private async Task<bool> Reaches(string container, string address, int port) =>
        (await room.Docker("exec", container, "nc", "-w", "1", address, port.ToString(CultureInfo.InvariantCulture), "-e", "/bin/true")).Code == 0;

    private static bool HostReaches(string address, int port) =>
        Tool.Try("busybox", "nc", "-w", "1", address, port.ToString(CultureInfo.InvariantCulture), "-e", "/bin/true").Code == 0;

    private async Task<string> Web(string network, params string[] options)
    {
        var name = EngineRoom.Name("web");
        (await room.Docker(["run", "-d", "--name", name, "--network", network, .. options, "busybox", "httpd", "-f", "-h", "/"])).Ok();
        await Wait.UntilAsync("the server listens", async () => (await room.Docker("exec", name, "nc", "-w", "1", "127.0.0.1", "80", "-e", "/bin/true")).Code == 0, 10);
        return name;
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Any, 0);
        socket.Start();
        return ((System.Net.IPEndPoint)socket.LocalEndpoint).Port;
    }
}
