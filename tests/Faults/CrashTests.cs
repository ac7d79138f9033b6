using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 1–4, 6 and 8: the daemon or a monitor is killed.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task Check1_TwentyContainersSurviveKillMinus9()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        string[] config = ["", "\"Tty\":true", "\"OpenStdin\":true", "\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000000}", ""];
        string[] host = ["", "", "", "\"RestartPolicy\":{\"Name\":\"always\"}", "\"AutoRemove\":true"];
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => daemon.RunAsync($"echo line{i}; exec sleep 1000", $"c{i}", config[i % 5], host[i % 5])));
        var pids = await Task.WhenAll(ids.Select(async id => (int)(await daemon.StateAsync(id))["Pid"]!));

        await daemon.KillAsync();
        Assert.All(pids, pid => Assert.True(Directory.Exists($"/proc/{pid}")));
        Assert.True((await daemon.StartAsync()).TotalSeconds < 10);

        for (var i = 0; i < ids.Length; i++)
        {
            var state = await daemon.StateAsync(ids[i]);
            Assert.Equal(("running", pids[i]), ((string?)state["Status"], (int)state["Pid"]!));
        }

        Assert.Equal((0, "in\n"), await daemon.ExecAsync(ids[0], "echo in"));
        Assert.Equal("line0\n", await daemon.LogsAsync(ids[0]));
        await Wait.UntilAsync("health checks go on", async () => (string?)(await daemon.StateAsync(ids[3]))["Health"]?["Status"] == "healthy");
        var waiting = daemon.Api.WaitContainerAsync(ids[2]);
        await Task.WhenAll(ids.Select(id => daemon.Api.StopContainerAsync(id, 0)));
        Assert.Equal(137, (await waiting).StatusCode);
        await Wait.UntilAsync("auto-remove works on", async () => !await daemon.ExistsAsync(ids[4]));
        Assert.Equal(16, (await daemon.ListAsync()).Count);
    }

    [Fact]
    public async Task Check2_NoLogLineIsLostWhileTheDaemonIsDown()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; [ $((i % 100)) = 0 ] && sleep 0.02; done");
        await Wait.PauseAsync(300);
        await daemon.KillAsync();
        await Wait.PauseAsync(2000);
        await daemon.StartAsync();

        Assert.Equal(0, await daemon.ExitAsync(id));
        Assert.Equal(Enumerable.Range(1, 20000), (await daemon.LogsAsync(id)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse));
    }

    [Fact]
    public async Task Check3_EndsDuringTheOutageAreTrue()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var since = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var code = await daemon.RunAsync("sleep 1; exit 42");
        var oom = await daemon.RunAsync("sleep 1; exec tail /dev/zero", host: "\"Memory\":16777216,\"MemorySwap\":16777216");
        var gone = await daemon.RunAsync("sleep 1", config: "\"Volumes\":{\"/data\":{}}", host: "\"AutoRemove\":true");
        await daemon.KillAsync();
        await Wait.UntilAsync("all three end", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Count == 0);
        var end = TimeProvider.System.GetUtcNow();
        await Wait.PauseAsync(1500);
        await daemon.StartAsync();

        await daemon.StatusAsync(code, "exited");
        var state = await daemon.StateAsync(code);
        Assert.Equal(42, (int)state["ExitCode"]!);
        Assert.InRange((DateTimeOffset.Parse((string)state["FinishedAt"]!, System.Globalization.CultureInfo.InvariantCulture) - end).TotalSeconds, -5, 0.5);
        await daemon.StatusAsync(oom, "exited");
        state = await daemon.StateAsync(oom);
        Assert.Equal((137, true), ((int)state["ExitCode"]!, (bool)state["OOMKilled"]!));
        await Wait.UntilAsync("the container of --rm is gone", async () => !await daemon.ExistsAsync(gone));
        Assert.Empty((JsonArray)(await daemon.CallAsync("GET", "/volumes"))!["Volumes"]!);
        await using var events = await daemon.Api.RequestAsync("GET", $"/events?since={since}&until={TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1}");
        using var reader = new StreamReader(events.Body);
        var text = await reader.ReadToEndAsync();
        Assert.Contains(text.Split('\n'), line => line.Contains(code, StringComparison.Ordinal) && line.Contains("\"exitCode\":\"42\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Check4_AKilledMonitorLeavesNoFalseRunning(bool daemonUp)
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("sleep 1000");
        var monitor = MonitorOf(daemon, id);
        if (!daemonUp)
        {
            await daemon.KillAsync();
        }

        Tool.Run("kill", "-9", $"{monitor}");
        if (!daemonUp)
        {
            await daemon.StartAsync();
        }

        await Wait.PauseAsync(500);
        var state = await daemon.StateAsync(id);
        if ((bool)state["Running"]!)
        {
            Assert.True(Directory.Exists($"/proc/{(int)state["Pid"]!}"));
        }

        await daemon.Api.StopContainerAsync(id, 1).WaitAsync(TimeSpan.FromSeconds(10));
        await daemon.StatusAsync(id, "exited");
        await daemon.CallAsync("POST", $"/containers/{id}/start");
        Assert.Equal((0, "again\n"), await daemon.ExecAsync(id, "echo again"));
        await daemon.RemoveAsync(id);
        await Wait.UntilAsync("no process is left", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).All(pid => pid == daemon.Pid));
    }

    [Fact]
    public async Task Check6_KilledWhileRestartingPausedAndRemoving()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var restarting = await daemon.RunAsync("exit 3", host: "\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":4}");
        var paused = await daemon.RunAsync("sleep 1000");
        await daemon.Api.PauseContainerAsync(paused);
        var removing = await daemon.RunAsync("sleep 1000");
        await Wait.UntilAsync("two restarts", async () => (int)(await daemon.InspectAsync(restarting))["RestartCount"]! >= 2);
        var removal = daemon.RemoveAsync(removing);
        await daemon.KillAsync();
        await Record.ExceptionAsync(() => removal);
        await daemon.StartAsync();

        Assert.Equal("paused", (string?)(await daemon.StateAsync(paused))["Status"]);
        await daemon.Api.UnpauseContainerAsync(paused);
        Assert.Equal((0, "on\n"), await daemon.ExecAsync(paused, "echo on"));
        await Wait.UntilAsync("the policy ends", async () => (string?)(await daemon.StateAsync(restarting))["Status"] == "exited", 20);
        Assert.Equal(4, (int)(await daemon.InspectAsync(restarting))["RestartCount"]!);
        if (await daemon.ExistsAsync(removing))
        {
            await daemon.RemoveAsync(removing);
        }

        Assert.False(await daemon.ExistsAsync(removing));
    }

    [Fact]
    public async Task Check8_ASecondDaemonOnTheSameRootRefuses()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("sleep 1000");
        var second = scratch.Daemon(room: "b");

        Assert.NotEqual(0, await second.StartAndEndAsync());
        Assert.Contains(daemon.DataRoot, second.Log, StringComparison.Ordinal);
        Assert.Equal("running", (string?)(await daemon.StateAsync(id))["Status"]);
    }

    private static int MonitorOf(PrivateDaemon daemon, string id) =>
        Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Single(pid => File.ReadAllText($"/proc/{pid}/comm").Trim() == "conmon" && File.ReadAllText($"/proc/{pid}/cmdline").Contains(id, StringComparison.Ordinal));
}
