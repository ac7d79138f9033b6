using System.Text.Json.Nodes;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>What the daemon tells of itself, its events, and that containers outlive it.</summary>
[Collection(LifeCollection.Name)]
public sealed class SystemTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task VersionAndInfoAreTrue(string client)
    {
        Assert.Equal("linux", (await room.Client(client, "version", "--format", "{{.Server.Os}}")).Ok());
        Assert.Equal(room.Daemon.DataRoot, (await room.Client(client, "info", "--format", "{{.DockerRootDir}}")).Ok());
        Assert.Equal(Tool.Run("uname", "-r").Trim(), (await room.Client(client, "info", "--format", "{{.KernelVersion}}")).Ok());
        Assert.Equal($"{Environment.ProcessorCount}", (await room.Client(client, "info", "--format", "{{.NCPU}}")).Ok());
        Assert.Equal(HostLeftovers.PoolOf(room.Daemon.ExecRoot), (await room.Client(client, "info", "--format", "{{range .DefaultAddressPools}}base={{.Base}},size={{.Size}}{{end}}")).Ok());
        Assert.Equal("nftables", (await room.Client(client, "info", "--format", "{{.FirewallBackend.Driver}}")).Ok());
    }

    [Fact]
    public async Task ImagesAreShownToOldClientsAsTheyKnowThem()
    {
        foreach (var (path, image) in ((string, Func<JsonNode, JsonNode?>)[])[("images/json", answer => answer[0]), ("images/busybox/json", answer => answer), ("system/df", answer => answer["Images"]![0])])
        {
            var old = image(JsonNode.Parse(Tool.Run("curl", "-s", "--unix-socket", room.Daemon.Socket, $"http://engine/v1.43/{path}"))!)!;
            var current = image((await room.Daemon.CallAsync("GET", "/" + path))!)!;
            Assert.Equal((long)old["Size"]!, (long)old["VirtualSize"]!);
            Assert.Null(current["VirtualSize"]);
        }
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task DiskUseNamesEveryKind(string client)
    {
        var text = (await room.Client(client, "system", "df")).Ok();
        Assert.All(["Images", "Containers", "Local Volumes", "Build Cache"], kind => Assert.Contains(kind, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EventsTellAContainersLife()
    {
        var name = EngineRoom.Name();
        var since = $"{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}";
        (await room.Run("--name", name, "busybox", "true")).Ok();
        var until = $"{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1}";
        var events = (await room.Docker("events", "--since", since, "--until", until, "--filter", "container=" + name, "--format", "{{.Action}}")).Lines();
        Assert.Equal(["create", "attach", "start", "die", "destroy"], events.Where(e => e is "create" or "attach" or "start" or "die" or "destroy"));
    }

    [Fact]
    public async Task NetworksAreListed()
    {
        var names = (await room.Docker("network", "ls", "--format", "{{.Name}}")).Lines();
        Assert.Contains("none", names);
        Assert.Contains("host", names);
    }

    // A layer below a running container would change under it.
    [Fact]
    public async Task ADamagedLayerIsRepairedWhenNothingRunsOnIt()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        Task<Outcome> Slipway(params string[] arguments) => CommandLine.Start(EngineRoom.SlipwayProgram, ["-H", "unix://" + daemon.Socket, .. arguments], scratch.Root).EndAsync();
        var id = (await Slipway("run", "-d", "--name", "user", "--network", "none", "busybox", "sleep", "1000")).Ok();
        var file = Assert.Single(Directory.GetFiles(Path.Combine(daemon.DataRoot, "snapshots"), "passwd", SearchOption.AllDirectories));
        File.WriteAllText(file, "damaged\n");
        foreach (var repair in (string[][])[["--repair"], []])
        {
            var found = await Slipway(["system", "check", .. repair]);
            Assert.Contains("of image busybox:latest: its files are not those of layer sha256:", found.Exits(1), StringComparison.Ordinal);
            Assert.Equal(repair.Length > 0, found.Output.Contains($"; stop container {id[..12]} to have it repaired", StringComparison.Ordinal));
            Assert.Contains("1 damaged, 0 repaired", found.Output, StringComparison.Ordinal);
        }

        Assert.Equal("running", (await Slipway("inspect", "-f", "{{.State.Status}}", "user")).Ok());
        (await Slipway("stop", "-t", "0", "user")).Ok();
        Assert.Contains("1 damaged, 1 repaired", (await Slipway("system", "check", "--repair")).Ok(), StringComparison.Ordinal);
        Assert.Equal("Everything is sound", (await Slipway("system", "check")).Ok());
        (await Slipway("start", "user")).Ok();
        Assert.StartsWith("root:x:0:0:", (await Slipway("exec", "user", "cat", "/etc/passwd")).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ContainersOutliveAKilledDaemon()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        Task<Outcome> Docker(params string[] arguments) => CommandLine.Start(EngineRoom.DockerProgram, ["-H", "unix://" + daemon.Socket, .. arguments], scratch.Root).EndAsync();
        (await Docker("run", "-d", "--name", "lives", "--network", "none", "busybox", "sh", "-c", "echo before; sleep 1000")).Ok();
        (await Docker("run", "-d", "--name", "ends", "--network", "none", "busybox", "sh", "-c", "sleep 0.5; exit 4")).Ok();
        var pid = (await Docker("inspect", "-f", "{{.State.Pid}}", "lives")).Ok();
        await daemon.KillAsync();
        await Wait.PauseAsync(700);
        await daemon.StartAsync();
        Assert.Equal($"running {pid}", (await Docker("inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "lives")).Ok());
        Assert.Equal("exited 4", (await Docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "ends")).Ok());
        Assert.Equal("before", (await Docker("logs", "lives")).Ok());
        Assert.Equal("in", (await Docker("exec", "lives", "echo", "in")).Ok());
        (await Docker("rm", "-f", "lives", "ends")).Ok();
    }
}
