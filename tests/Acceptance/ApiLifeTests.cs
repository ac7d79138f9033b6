using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Waiting, events, restart policies and updates as the API shows them.</summary>
[Collection(LifeCollection.Name)]
public sealed class ApiLifeTests(EngineRoom room)
{
    [Fact]
    public async Task WaitConditionsAreKept()
    {
        var daemon = room.Daemon;
        var id = await daemon.CreateAsync("exit 6");
        Assert.Equal(0, (int)(await daemon.CallAsync("POST", $"/containers/{id}/wait"))!["StatusCode"]!);
        var next = daemon.CallAsync("POST", $"/containers/{id}/wait?condition=next-exit");
        var removed = daemon.CallAsync("POST", $"/containers/{id}/wait?condition=removed");
        await Wait.PauseAsync(200);
        Assert.False(next.IsCompleted);
        await daemon.CallAsync("POST", $"/containers/{id}/start");
        Assert.Equal(6, (int)(await next)!["StatusCode"]!);
        Assert.Equal(6, (int)(await daemon.CallAsync("POST", $"/containers/{id}/wait?condition=not-running"))!["StatusCode"]!);
        Assert.False(removed.IsCompleted);
        await daemon.RemoveAsync(id);
        Assert.Equal(6, (int)(await removed)!["StatusCode"]!);
        Assert.Equal(404, (await daemon.RefusedAsync("POST", $"/containers/{id}/wait")).StatusCode);
        var other = await daemon.CreateAsync("true");
        Assert.Contains("invalid condition", (await daemon.RefusedAsync("POST", $"/containers/{other}/wait?condition=nonsense")).Message, StringComparison.Ordinal);
        await daemon.RemoveAsync(other);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KillsForWantOfMemoryAreToldWhenTheyHappen(bool limitedLater)
    {
        var since = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string[] limits = ["--memory", "12m", "--memory-swap", "12m"];
        var fifo = "mkfifo /go; read x </go; tail /dev/zero; sleep 1000";
        var name = await room.Background([.. limitedLater ? [] : limits, "busybox", "sh", "-c", fifo]);
        if (limitedLater)
        {
            (await room.Docker(["update", .. limits, name])).Ok();
        }

        async Task<int> Told() =>
            (await room.Docker("events", "--since", $"{since}", "--until", $"{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1}", "--filter", "container=" + name, "--filter", "event=oom", "--format", "{{.Action}}")).Lines().Length;

        Assert.Equal(0, await Told());
        (await room.Docker("exec", name, "sh", "-c", "echo >/go")).Ok();
        await Wait.UntilAsync("an oom event of the child", async () => await Told() > 0);
        Assert.Equal("true", await room.Inspect(name, "{{.State.Running}}"));
        await room.Remove(name);
    }

    [Fact]
    public async Task EventsAreFilteredAndCut()
    {
        var name = EngineRoom.Name();
        var since = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        (await room.Run("--name", name, "--label", "kind=" + name, "busybox", "true")).Ok();
        (await room.Docker("volume", "create", name)).Ok();
        var until = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1;
        async Task<string[]> Events(params string[] filters) =>
            (await room.Docker(["events", "--since", $"{since}", "--until", $"{until}", "--format", "{{.Type}} {{.Action}}", .. filters.SelectMany(f => (string[])["--filter", f])])).Lines();

        Assert.Equal(["container create", "container destroy"], await Events("container=" + name, "event=create", "event=destroy"));
        Assert.Equal(["volume create"], await Events("volume=" + name));
        Assert.Equal(["container die"], await Events("label=kind=" + name, "event=die"));
        Assert.Empty(await Events("label=kind=other", "container=" + name));
        Assert.DoesNotContain(await Events("type=volume"), line => !line.StartsWith("volume", StringComparison.Ordinal));
        Assert.NotEmpty(await Events("image=busybox", "container=" + name));
        var die = (await room.Docker("events", "--since", $"{since}", "--until", $"{until}", "--filter", "container=" + name, "--filter", "event=die", "--format", "{{json .}}")).Ok();
        var nano = (long)JsonNode.Parse(die)!["timeNano"]!;
        var stamp = $"{nano / 1_000_000_000}.{nano % 1_000_000_000:D9}";
        Assert.Equal("die", (await room.Docker("events", "--since", stamp, "--until", stamp, "--filter", "container=" + name, "--format", "{{.Action}}")).Ok());
        Assert.Contains("invalid filter", (await room.Daemon.RefusedAsync("GET", "/events?until=1&filters=%7B%22nonsense%22:[%22x%22]%7D")).Message, StringComparison.Ordinal);
        (await room.Docker("volume", "rm", name)).Ok();
    }

    [Fact]
    public async Task TheDelayOfRestartsGrows()
    {
        var name = await room.Background("--restart", "always", "busybox", "false");
        await Wait.UntilAsync("it restarts", async () => int.Parse(await room.Inspect(name, "{{.RestartCount}}"), CultureInfo.InvariantCulture) >= 3, 20);
        Assert.Equal("restarting", await room.Inspect(name, "{{.State.Status}}"));
        await Wait.PauseAsync(2500);
        Assert.InRange(int.Parse(await room.Inspect(name, "{{.RestartCount}}"), CultureInfo.InvariantCulture), 4, 7);
        // Now and then it happens to run for a moment.
        await Wait.UntilAsync("an exec is refused", async () => (await room.Docker("exec", name, "true")) is { Code: 1, Error: var told } && told.Contains("is restarting", StringComparison.Ordinal));
        (await room.Docker("stop", name)).Ok();
        Assert.Equal("exited", await room.Inspect(name, "{{.State.Status}}"));
        await room.Remove(name);
    }

    [Fact]
    public async Task UnlessStoppedMeansUntilStopped()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        const string Policy = "\"RestartPolicy\":{\"Name\":\"unless-stopped\"}";
        var stopped = await daemon.RunAsync("sleep 1000", host: Policy);
        var running = await daemon.RunAsync("sleep 1000", host: Policy);
        var always = await daemon.RunAsync("sleep 1000", host: "\"RestartPolicy\":{\"Name\":\"always\"}");
        var never = await daemon.RunAsync("sleep 1000");
        await daemon.Api.StopContainerAsync(stopped, 0);
        await daemon.Api.StopContainerAsync(always, 0);
        await daemon.KillAsync();
        Scratch.KillAll(daemon.CgroupParent, daemon.ExecRoot);
        await Wait.UntilAsync("all are dead", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Count == 0);
        await daemon.StartAsync();
        await daemon.StatusAsync(running, "running");
        await daemon.StatusAsync(always, "running");
        Assert.Equal("exited", (string?)(await daemon.StateAsync(stopped))["Status"]);
        Assert.Equal("exited", (string?)(await daemon.StateAsync(never))["Status"]);
    }

    [Fact]
    public async Task UpdatesReachTheKernelAndStay()
    {
        var name = await room.Sleeper("--memory", "64m");
        (await room.Docker("update", "--memory", "128m", "--memory-swap", "256m", "--memory-reservation", "32m", "--cpus", "0.25", "--cpu-shares", "256", "--cpuset-cpus", "0", "--blkio-weight", "200", "--restart", "on-failure:2", name)).Ok();
        Assert.Equal($"{128 << 20} {256 << 20} {32 << 20} 250000000 256 0 on-failure 2", await room.Inspect(name,
            "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.MemoryReservation}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"));
        var cgroup = $"{room.Daemon.CgroupParent}/{await room.Inspect(name, "{{.Id}}")}";
        string Value(params string[] files) => File.ReadAllText(files.Select(f => $"/sys/fs/cgroup/{f.Replace("@", cgroup, StringComparison.Ordinal)}").First(File.Exists)).Trim();
        Assert.Equal($"{128 << 20}", Value("memory@/memory.limit_in_bytes", "@/memory.max"));
        Assert.Equal("0", Value("cpuset@/cpuset.cpus", "@/cpuset.cpus"));
        Assert.StartsWith("25000", Value("cpu@/cpu.cfs_quota_us", "@/cpu.max"), StringComparison.Ordinal);
        (await room.Docker("update", "--memory", "1m", name)).Fails("Minimum memory limit allowed is 6MB");
        (await room.Docker("update", "--cpuset-cpus", "99", name)).Fails("Requested CPUs are not available");
        (await room.Docker("restart", "-t", "0", name)).Ok();
        Assert.Equal($"{128 << 20}", Value("memory@/memory.limit_in_bytes", "@/memory.max"));
        await room.Remove(name);
    }

    [Fact]
    public async Task PruneRemovesWhatItSaysAndNothingElse()
    {
        var label = EngineRoom.Name();
        var running = await room.Sleeper("--label", label);
        var ended = await room.Background("--label", label, "busybox", "sh", "-c", "echo 12345 > /f");
        var other = await room.Background("busybox", "true");
        (await room.Docker("wait", ended, other)).Ok();
        var report = (await room.Daemon.CallAsync("POST", "/containers/prune?filters=%7B%22label%22:[%22" + label + "%22]%7D"))!;
        Assert.Equal("exited", await room.Inspect(other, "{{.State.Status}}"));
        Assert.Single((JsonArray)report["ContainersDeleted"]!);
        Assert.True((long)report["SpaceReclaimed"]! > 0);
        Assert.Equal("running", await room.Inspect(running, "{{.State.Status}}"));
        Assert.Equal(404, (await room.Daemon.RefusedAsync("GET", $"/containers/{ended}/json")).StatusCode);
        Assert.Contains("until", (await room.Daemon.RefusedAsync("POST", "/containers/prune?filters=%7B%22until%22:[%22x%22,%22y%22]%7D")).Message, StringComparison.Ordinal);
        await room.Remove(running, other);
    }
}
