using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>exec, attach and logs.</summary>
[Collection(LifeCollection.Name)]
public sealed class StreamTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task ExecRunsInTheContainer(string client)
    {
        var name = await room.Sleeper("--hostname", "inner");
        Assert.Equal("inner", (await room.Client(client, "exec", name, "hostname")).Ok());
        Assert.Equal("v 7 /tmp", (await room.Client(client, "exec", "-e", "K=v", "-u", "7", "-w", "/tmp", name, "sh", "-c", "echo $K $(id -u) $(pwd)")).Ok());
        (await room.Client(client, "exec", name, "sh", "-c", "exit 9")).Exits(9);
        (await room.Client(client, "exec", name, "no-such")).Exits(127);
        (await room.Client(client, "exec", "-d", name, "touch", "/tmp/detached")).Ok();
        await Wait.UntilAsync("the detached exec ran", async () => (await room.Docker("exec", name, "ls", "/tmp/detached")).Code == 0);
        using var command = room.Start(client, "exec", "-i", name, "cat");
        await command.WriteAsync("half\n");
        Assert.Equal("half", (await command.EndAsync()).Ok());
        await room.Remove(name);
        (await room.Client(client, "exec", name, "true")).Fails("No such container");
    }

    [Fact]
    public async Task ExecOnATerminal()
    {
        var name = await room.Sleeper();
        using var terminal = room.StartOnTerminal($"exec -it {name} sh -c 'stty size; tty'");
        Assert.Contains("/dev/pts/", (await terminal.EndAsync(closeInput: false)).Ok(), StringComparison.Ordinal);
        await room.Remove(name);
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task LogsAreCutByCountAndTime(string client)
    {
        var name = await room.Background("busybox", "sh", "-c", "for i in 1 2 3; do echo out$i; done; echo err >&2");
        (await room.Docker("wait", name)).Ok();
        var all = await room.Client(client, "logs", name);
        Assert.Equal(("out1\nout2\nout3\n", "err\n"), (all.Output, all.Error));
        var tail = await room.Client(client, "logs", "--tail", "2", name);
        Assert.Equal(2, (tail.Output + tail.Error).Count(c => c == '\n'));
        Assert.Equal("", (await room.Client(client, "logs", "--until", "2001-01-01T00:00:00Z", name)).Ok());
        Assert.Equal(3, (await room.Client(client, "logs", "--since", "1h", name)).Lines().Length);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT[0-9:.]+Z out1$", (await room.Client(client, "logs", "-t", name)).Lines()[0]);
        await room.Remove(name);
    }

    [Fact]
    public async Task FollowedLogsEndWithTheContainer()
    {
        var name = await room.Background("busybox", "sh", "-c", "echo a; sleep 0.5; echo b");
        Assert.Equal(["a", "b"], (await room.Docker("logs", "-f", name)).Lines());
        await room.Remove(name);
    }

    [Fact]
    public async Task AttachCarriesInputAndTheExitCode()
    {
        var name = EngineRoom.Name();
        (await room.Docker("create", "-i", "--network", "none", "--name", name, "busybox", "sh", "-c", "read x; echo got $x; exit 3")).Ok();
        using var command = room.Start("docker", "start", "-ai", name);
        await command.WriteAsync("it\n");
        Assert.Equal("got it", (await command.EndAsync()).Exits(3));
        await room.Remove(name);
    }

    [Fact]
    public async Task Check57_ClientsThatVanishDisturbNobody()
    {
        var name = await room.Background("-i", "busybox", "sh", "-c", "while :; do echo x; sleep 0.01; done");
        for (var i = 0; i < 10; i++)
        {
            using var attach = room.Start("docker", "attach", "--sig-proxy=false", name);
            using var logs = room.Start("docker", "logs", "-f", name);
            using var exec = room.Start("docker", "exec", name, "sleep", "100");
            await Wait.PauseAsync(20 * (i % 4));
        }

        Assert.Equal("ok", (await room.DockerWith("ok\n", "exec", "-i", name, "cat")).Ok());
        Assert.Equal("true", await room.Inspect(name, "{{.State.Running}}"));
        await room.Remove(name);
    }
}
