using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>A container's life from create to rm.</summary>
[Collection(LifeCollection.Name)]
public sealed class LifeTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task VerbsLeadThroughTheStates(string client)
    {
        var name = EngineRoom.Name();
        (await room.Client(client, "create", "--network", "none", "--name", name, "busybox", "sleep", "1000")).Ok();
        foreach (var (verb, status) in ((string, string)[])[("start", "running"), ("pause", "paused"), ("unpause", "running"), ("restart", "running"), ("kill", "exited")])
        {
            (await room.Client(client, verb == "restart" ? [verb, "-t", "0", name] : [verb, name])).Ok();
            await Wait.UntilAsync($"{verb} makes it {status}", async () => await room.Inspect(name, "{{.State.Status}}") == status);
        }

        Assert.Equal("137", (await room.Client(client, "wait", name)).Ok());
        (await room.Client(client, "rename", name, name + "b")).Ok();
        (await room.Client(client, "rm", name + "b")).Ok();
        (await room.Client(client, "start", name + "b")).Fails("No such container");
    }

    [Fact]
    public async Task StopSendsItsSignalAndWaits()
    {
        var name = await room.Background("--stop-signal", "USR1", "busybox", "sh", "-c", "trap 'exit 5' USR1; echo ready; while :; do sleep 0.1; done");
        await Wait.UntilAsync("it is ready", async () => (await room.Docker("logs", name)).Output.Length > 0);
        (await room.Docker("stop", name)).Ok();
        Assert.Equal("5", await room.Inspect(name, "{{.State.ExitCode}}"));
        (await room.Docker("kill", name)).Fails("is not running");
        await room.Remove(name);
    }

    [Fact]
    public async Task ARunningContainerIsNotRemovedWithoutForce()
    {
        var name = await room.Sleeper();
        (await room.Docker("rm", name)).Fails("container is running");
        await room.Remove(name);
    }

    [Fact]
    public async Task RestartPoliciesRestartAndGiveUp()
    {
        var name = await room.Background("--restart", "on-failure:2", "busybox", "false");
        await Wait.UntilAsync("it gave up", async () => await room.Inspect(name, "{{.RestartCount}} {{.State.Status}}") == "2 exited", 20);
        var always = await room.Background("--restart", "always", "busybox", "sleep", "0.2");
        await Wait.UntilAsync("it was restarted", async () => int.Parse(await room.Inspect(always, "{{.RestartCount}}"), System.Globalization.CultureInfo.InvariantCulture) > 1, 20);
        (await room.Docker("stop", "-t", "0", always)).Ok();
        await Wait.PauseAsync(500);
        Assert.Equal("exited", await room.Inspect(always, "{{.State.Status}}"));
        await room.Remove(name, always);
    }

    [Fact]
    public async Task HealthIsCheckedAndFails()
    {
        var name = await room.Sleeper("--health-cmd", "test ! -e /sick", "--health-interval", "200ms", "--health-retries", "1");
        await Wait.UntilAsync("healthy", async () => await room.Inspect(name, "{{.State.Health.Status}}") == "healthy");
        (await room.Docker("exec", name, "touch", "/sick")).Ok();
        await Wait.UntilAsync("unhealthy", async () => await room.Inspect(name, "{{.State.Health.Status}}") == "unhealthy");
        Assert.Equal(name, (await room.Docker("ps", "--filter", "health=unhealthy", "--filter", "name=" + name, "--format", "{{.Names}}")).Ok());
        await room.Remove(name);
    }

    [Fact]
    public async Task AnExecThatCannotStartSaysWhy()
    {
        var name = await room.Sleeper();
        Assert.Equal("OCI runtime exec failed: exec failed: unable to start container process: exec: \"no-such-program\": executable file not found in $PATH: unknown", (await room.Docker("exec", name, "no-such-program")).Exits(127));
        Assert.Equal("unable to find user nobody-here: no matching entries in passwd file", (await room.Docker("exec", "--user", "nobody-here", name, "true")).Exits(126));
        (await room.Docker("exec", "-d", "--user", "nobody-here", name, "true")).Fails("unable to find user nobody-here: no matching entries in passwd file");
        await room.Remove(name);
    }

    [Fact]
    public async Task WhatRunsIsNotRemovedWithoutForce()
    {
        var name = await room.Sleeper();
        (await room.Docker("rm", name)).Fails($"cannot remove container \"/{name}\": container is running: stop the container before removing or force remove");
        (await room.Docker("pause", name)).Ok();
        (await room.Docker("rm", name)).Fails($"cannot remove container \"/{name}\": container is paused and must be unpaused first");
        await room.Remove(name);
    }

    [Fact]
    public async Task ListsAreFilteredAndFormatted()
    {
        var name = await room.Sleeper("--label", "kind=" + EngineRoom.Name());
        var label = await room.Inspect(name, "{{.Config.Labels.kind}}");
        Assert.Equal(name, (await room.Docker("ps", "--filter", "label=kind=" + label, "--format", "{{.Names}}")).Ok());
        Assert.Equal("", (await room.Docker("ps", "-aq", "--filter", "name=" + name, "--filter", "status=exited")).Ok());
        Assert.StartsWith("Up ", (await room.Docker("ps", "--filter", "name=" + name, "--format", "{{.Status}}")).Ok(), StringComparison.Ordinal);
        (await room.Docker("ps", "--filter", "nonsense=1")).Fails("invalid filter");
        Assert.Contains("busybox", (await room.Client("slipway", "ps", "--filter", "name=" + name)).Ok(), StringComparison.Ordinal);
        await room.Remove(name);
    }

    [Fact]
    public async Task TopStatsAndDiffSeeTheContainer()
    {
        var name = await room.Sleeper();
        (await room.Docker("exec", name, "sh", "-c", "echo x > /new; rm /etc/group; mkdir /root/d")).Ok();
        Assert.Equal(["A /new", "A /root/d", "C /etc", "C /root", "D /etc/group"], (await room.Docker("diff", name)).Lines().Order(StringComparer.Ordinal));
        Assert.Contains("sleep 1000", (await room.Docker("top", name)).Ok(), StringComparison.Ordinal);
        Assert.Contains(name, (await room.Docker("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", name)).Ok(), StringComparison.Ordinal);
        await room.Remove(name);
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task FilesAreCopiedBothWays(string client)
    {
        var name = await room.Sleeper();
        var file = Path.Combine(room.Home, EngineRoom.Name("cp"));
        await File.WriteAllTextAsync(file, "content");
        (await room.Client(client, "cp", file, name + ":/tmp/in")).Ok();
        Assert.Equal("content", (await room.Docker("exec", name, "cat", "/tmp/in")).Ok());
        (await room.Client(client, "cp", name + ":/tmp/in", file + ".back")).Ok();
        Assert.Equal("content", await File.ReadAllTextAsync(file + ".back"));
        (await room.Docker("exec", name, "ln", "-s", "/etc/passwd", "/tmp/link")).Ok();
        (await room.Client(client, "cp", "-L", name + ":/tmp/link", file + ".link")).Ok();
        Assert.StartsWith("root:x:0:0:root:/root:/bin/sh\n", await File.ReadAllTextAsync(file + ".link"), StringComparison.Ordinal);
        Assert.Contains("content", (await room.Client(client, "cp", name + ":/tmp/in", "-")).Ok(), StringComparison.Ordinal);
        Assert.NotEqual(0, (await room.Client(client, "cp", name + ":/no/such", file)).Code);
        await room.Remove(name);
    }

    [Fact]
    public async Task Check44_LinksOfAContainerDoNotLeadOut()
    {
        var name = await room.Sleeper();
        var outside = Path.Combine(room.Home, EngineRoom.Name("secret"));
        await File.WriteAllTextAsync(outside, "host");
        (await room.Docker("exec", name, "ln", "-s", outside, "/tmp/way")).Ok();
        Assert.NotEqual(0, (await room.Docker("cp", "-L", name + ":/tmp/way", outside + ".taken")).Code);
        await File.WriteAllTextAsync(outside + ".new", "changed");
        await room.Docker("cp", outside + ".new", name + ":/tmp/way");
        Assert.Equal("host", await File.ReadAllTextAsync(outside));
        await room.Remove(name);
    }
}
