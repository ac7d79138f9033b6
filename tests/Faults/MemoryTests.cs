using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability check 52: memory runs out in the first process, in a child, in an exec.</summary>
public sealed class MemoryTests
{
    private const string Small = "\"Memory\":25165824,\"MemorySwap\":25165824";

    [Fact]
    public async Task Check52_FlagsAndCodesTellWhoRanOutOfMemory()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var since = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var neighbour = await daemon.RunAsync("sleep 1000", host: Small);
        var first = await daemon.RunAsync("exec tail /dev/zero", host: Small);
        var swapping = await daemon.RunAsync("exec tail /dev/zero", host: "\"Memory\":25165824,\"MemorySwap\":-1");
        var child = await daemon.RunAsync("exec 2>/dev/null; tail /dev/zero; echo child $?; sleep 1000", host: Small);
        var ended = await daemon.RunAsync("tail /dev/zero; exit 3", host: Small);
        var killed = await daemon.RunAsync("kill -9 $$; sleep 1", host: Small);

        Assert.Equal(137, await daemon.ExitAsync(first));
        Assert.True((bool)(await daemon.StateAsync(first))["OOMKilled"]!);
        Assert.Equal(137, await daemon.ExitAsync(swapping));
        Assert.True((bool)(await daemon.StateAsync(swapping))["OOMKilled"]!);
        Assert.Equal(3, await daemon.ExitAsync(ended));
        Assert.True((bool)(await daemon.StateAsync(ended))["OOMKilled"]!);
        await Wait.UntilAsync("the child is reported", async () => await daemon.LogsAsync(child) == "child 137\n");
        Assert.Equal("running", (string?)(await daemon.StateAsync(child))["Status"]);
        await daemon.Api.KillContainerAsync(killed);
        await daemon.ExitAsync(killed);
        Assert.False((bool)(await daemon.StateAsync(killed))["OOMKilled"]!);
        Assert.Equal((0, "fine\n"), await daemon.ExecAsync(neighbour, "echo fine"));
        Assert.False((bool)(await daemon.StateAsync(neighbour))["OOMKilled"]!);

        var until = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1;
        await using var events = await daemon.Api.RequestAsync("GET", $$"""/events?since={{since}}&until={{until}}&filters=%7B%22event%22:[%22oom%22]%7D""");
        using var reader = new StreamReader(events.Body);
        var told = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string?)JsonNode.Parse(line)!["Actor"]!["ID"]).ToHashSet();
        Assert.Equal(new HashSet<string?> { first, swapping, ended }, told.Where(id => id != child).ToHashSet());
    }

    [Fact]
    public async Task Check52_AnExecThatRunsOutOfMemoryLeavesTheContainerRunning()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("sleep 1000", host: Small);
        Assert.Equal(137, (await daemon.ExecAsync(id, "exec tail /dev/zero")).Code);
        Assert.Equal("running", (string?)(await daemon.StateAsync(id))["Status"]);
        Assert.Equal((0, "on\n"), await daemon.ExecAsync(id, "echo on"));
    }

    [Fact]
    public async Task Check52_RestartsAfterOutOfMemoryAreCounted()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("exec tail /dev/zero", host: Small + ",\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":2}");
        await Wait.UntilAsync("it gave up", async () => (string?)(await daemon.StateAsync(id))["Status"] == "exited" && (int)(await daemon.InspectAsync(id))["RestartCount"]! == 2, 20);
        var state = await daemon.StateAsync(id);
        Assert.Equal((137, true), ((int)state["ExitCode"]!, (bool)state["OOMKilled"]!));
    }
}
