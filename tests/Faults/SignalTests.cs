using System.Diagnostics;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 55 and 56: only the right processes are signalled, in time, and the codes are true.</summary>
public sealed class SignalTests
{
    private static readonly string[] SmallPidSpace =
        ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "sh", "-c", "echo 420 > /proc/sys/kernel/pid_max && exec \"$@\"", "sh"];

    [Fact]
    public async Task Check55_NumbersThatWrapAreNotMistaken()
    {
        // pid_max belongs to the process number namespace since Linux 6.14; before, it is the machine's and stays untouched.
        if (Environment.OSVersion.Version < new Version(6, 14))
        {
            return;
        }

        await using var scratch = new Scratch();
        var daemon = scratch.DaemonThrough(SmallPidSpace);
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var old = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => daemon.RunAsync("sleep 1000")));
        var ended = await daemon.RunAsync("exit 5");
        await daemon.ExitAsync(ended);
        var worker = await daemon.RunAsync("i=0; while [ $i -lt 1500 ]; do i=$((i+1)); /bin/true; done; echo wrapped; sleep 1000");
        await Wait.UntilAsync("the numbers have wrapped", async () => await daemon.LogsAsync(worker) == "wrapped\n", 60);

        Assert.Equal(409, (await daemon.RefusedAsync("POST", $"/containers/{ended}/kill")).StatusCode);
        await daemon.Api.StopContainerAsync(old[0], 0);
        await daemon.Api.KillContainerAsync(old[1], "KILL");
        await daemon.ExitAsync(old[1]);
        var fresh = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => daemon.RunAsync("sleep 1000")));
        await daemon.RemoveAsync(old[0]);
        await daemon.RemoveAsync(old[1]);
        foreach (var id in (string[])[old[2], old[3], worker, .. fresh])
        {
            Assert.Equal((0, "on\n"), await daemon.ExecAsync(id, "echo on"));
        }
    }

    [Fact]
    public async Task Check56_StopWaitsThenKillsAndTheCodesAreTrue()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var since = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var deaf = await daemon.RunAsync("trap '' TERM; while :; do sleep 0.1; done");
        var polite = await daemon.RunAsync("trap 'exit 9' TERM; echo up; while :; do sleep 0.1; done");
        var paused = await daemon.RunAsync("trap 'exit 8' TERM; while :; do sleep 0.1; done");
        await Wait.UntilAsync("it traps", async () => await daemon.LogsAsync(polite) == "up\n");
        await daemon.Api.PauseContainerAsync(paused);

        var watch = Stopwatch.StartNew();
        await daemon.Api.StopContainerAsync(deaf, 1);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.9, 8);
        await daemon.Api.StopContainerAsync(polite, 30);
        await daemon.Api.StopContainerAsync(paused, 3);
        Assert.Equal(137, (int)(await daemon.StateAsync(deaf))["ExitCode"]!);
        Assert.Equal(9, (int)(await daemon.StateAsync(polite))["ExitCode"]!);
        Assert.Contains((int)(await daemon.StateAsync(paused))["ExitCode"]!, new[] { 8, 137 });
        Assert.False((bool)(await daemon.StateAsync(paused))["Paused"]!);

        await using var events = await daemon.Api.RequestAsync("GET", $$"""/events?since={{since}}&until={{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1}}&filters=%7B%22container%22:[%22{{deaf}}%22]%7D""");
        using var reader = new StreamReader(events.Body);
        var actions = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)
            .Select(e => (string?)e["Action"] + " " + (string?)e["Actor"]!["Attributes"]!["signal"]);
        Assert.Equal(["create ", "start ", "kill 15", "kill 9", "die ", "stop "], actions);
    }

    [Fact]
    public async Task Check56_OnTheHostsProcessNumbersOnlyOwnProcessesDie()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        using var bystander = Process.Start("sleep", "1000");
        try
        {
            var killed = await daemon.RunAsync("sleep 1000 & sleep 1000 & sleep 1000", host: "\"PidMode\":\"host\"");
            var stopped = await daemon.RunAsync("trap '' TERM; sleep 1000 & while :; do sleep 1; done", host: "\"PidMode\":\"host\"");
            var neighbour = await daemon.RunAsync("sleep 1000", host: "\"PidMode\":\"host\"");
            await daemon.Api.KillContainerAsync(killed);
            await daemon.Api.StopContainerAsync(stopped, 0);
            Assert.Equal(137, await daemon.ExitAsync(killed));
            Assert.Equal(137, await daemon.ExitAsync(stopped));
            await Wait.UntilAsync("their children are gone", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).Count(pid => pid != daemon.Pid) == 2);
            Assert.Equal((0, "on\n"), await daemon.ExecAsync(neighbour, "echo on"));
            Assert.False(bystander.HasExited);
        }
        finally
        {
            bystander.Kill();
        }
    }

    [Fact]
    public async Task Check56_WaitOnMany()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => daemon.RunAsync($"read x < /go 2>/dev/null; while [ ! -e /go ]; do sleep 0.05; done; exit {i}")));
        var waits = ids.SelectMany(id => Enumerable.Range(0, 10).Select(_ => daemon.ExitAsync(id))).ToList();
        foreach (var id in ids)
        {
            await daemon.ExecAsync(id, "touch /go");
        }

        Assert.Equal(Enumerable.Range(0, 20).SelectMany(i => Enumerable.Repeat(i, 10)), await Task.WhenAll(waits));
    }
}
