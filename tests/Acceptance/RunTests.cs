using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>How a command in a container is run and what its end says.</summary>
[Collection(LifeCollection.Name)]
public sealed class RunTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task ExitCodesAreTheContainersOrDockers(string client)
    {
        string[] run = ["run", "--rm", "--network", "none"];
        (await room.Client(client, [.. run, "busybox", "true"])).Exits(0);
        (await room.Client(client, [.. run, "busybox", "sh", "-c", "exit 42"])).Exits(42);
        (await room.Client(client, [.. run, "--memory", "1k", "busybox", "true"])).Exits(125);
        (await room.Client(client, [.. run, "busybox", "/etc"])).Exits(126);
        (await room.Client(client, [.. run, "busybox", "no-such-program"])).Exits(127);
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task StandardStreamsStayApart(string client)
    {
        var outcome = await room.Client(client, "run", "--rm", "--network", "none", "busybox", "sh", "-c", "echo out; echo err >&2");
        Assert.Equal((0, "out\n", "err\n"), (outcome.Code, outcome.Output, outcome.Error));
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task StandardInputIsHalfClosed(string client)
    {
        using var command = room.Start(client, "run", "--rm", "-i", "--network", "none", "busybox", "cat");
        await command.WriteAsync("hello\n");
        Assert.Equal("hello", (await command.EndAsync()).Ok());
    }

    [Fact]
    public async Task RunsWithoutANetworkOption() => Assert.Equal("hi", (await room.Docker("run", "--rm", "busybox", "echo", "hi")).Ok());

    [Fact]
    public async Task AnUnknownImageIsSaid() => (await room.Docker("run", "--rm", "--pull", "never", "no-such-image", "true")).Fails("No such image", 125);

    [Fact]
    public async Task EnvironmentUserAndDirectoryReachTheProcess()
    {
        Assert.Equal("bar", (await room.Run("-e", "FOO=bar", "busybox", "sh", "-c", "echo $FOO")).Ok());
        Assert.Equal("uid=7 gid=8 groups=8", (await room.Run("-u", "7:8", "busybox", "id")).Ok());
        Assert.Equal("/a/b", (await room.Run("-w", "/a/b", "busybox", "sh", "-c", "pwd")).Ok());
        Assert.Equal("x y", (await room.Run("--entrypoint", "echo", "busybox", "x", "y")).Ok());
        Assert.Equal("box", (await room.Run("--hostname", "box", "busybox", "hostname")).Ok());
        Assert.Contains("12", (await room.Run("-u", "7:8", "--group-add", "12", "busybox", "id", "-G")).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AutoRemoveLeavesNothing()
    {
        var name = EngineRoom.Name();
        (await room.Run("--name", name, "busybox", "true")).Ok();
        (await room.Docker("inspect", name)).Fails("No such object");
        (await room.Docker("run", "-d", "--rm", "--network", "none", "--name", name, "busybox", "true")).Ok();
        await Wait.UntilAsync("the container is removed", async () => (await room.Docker("inspect", name)).Code == 1);
    }

    [Fact]
    public async Task ATerminalHasItsSizeAndItsName()
    {
        using var terminal = room.StartOnTerminal("run --rm -it --network none busybox sh -c 'tty; echo done'");
        var text = (await terminal.EndAsync(closeInput: false)).Ok();
        Assert.Contains("/dev/pts/0", text, StringComparison.Ordinal);
        Assert.Contains("done\r\n", text + "\r\n", StringComparison.Ordinal);
    }

    [Fact]
    public async Task DetachKeysLeaveTheContainerRunning()
    {
        var name = EngineRoom.Name();
        using var terminal = room.StartOnTerminal($"run -it --network none --name {name} --detach-keys ctrl-a,d busybox sh");
        await Wait.UntilAsync("it runs", async () => (await room.Docker("inspect", "-f", "{{.State.Running}}", name)).Output.Trim() == "true");
        await terminal.WriteAsync("echo $((40+2))\n");
        await Wait.UntilAsync("it answers", () => terminal.Output.Contains("42", StringComparison.Ordinal));
        await terminal.WriteAsync("\u0001d");
        await terminal.EndAsync(closeInput: false);
        Assert.Equal("true", await room.Inspect(name, "{{.State.Running}}"));
        await room.Remove(name);
    }

    [Fact]
    public async Task ATakenNameIsAConflict()
    {
        var name = await room.Sleeper();
        (await room.Docker("create", "--name", name, "busybox")).Fails("is already in use by container");
        (await room.Docker("create", "--name", "/bad name", "busybox")).Fails("Invalid container name");
        await room.Remove(name);
    }

    [Fact]
    public async Task SignalsOfTheClientReachTheProcess()
    {
        var name = EngineRoom.Name();
        using var command = room.Start("docker", "run", "--rm", "--network", "none", "--name", name, "busybox", "sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done");
        await Wait.UntilAsync("it is ready", () => command.Output.Contains("ready", StringComparison.Ordinal));
        Tool.Run("kill", "-TERM", $"{command.Process.Id}");
        (await command.EndAsync()).Exits(7);
    }
}
