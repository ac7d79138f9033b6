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
