using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 15–17 and 20: the disk is full, has no inode left, is read-only, or fails.</summary>
public sealed class DiskTests
{
    [Fact]
    public async Task Check15And16_AFullDiskIsReportedSurvivedAndCanBeFreed()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk();
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        await daemon.LoadAsync(BusyboxImage.Archive("big:1", 8 << 20));
        var running = await daemon.RunAsync("while :; do echo tick; sleep 0.2; done", "running");
        var stopped = await daemon.CreateAsync("true", "stopped");
        await daemon.CallAsync("POST", "/volumes/create", """{"Name":"vol"}""");
        disk.Fill();

        var said = await daemon.LoadAsync(BusyboxImage.Archive("tardy:1", 16 << 20)).RefusalAsync();
        Assert.Contains("no space left on device", said, StringComparison.OrdinalIgnoreCase);
        said = await daemon.CreateAsync("true", "late").RefusalAsync();
        Assert.True(said.Contains("no space left on device", StringComparison.OrdinalIgnoreCase), said + daemon.Log);
        var (code, output) = await daemon.ExecAsync(running, "dd if=/dev/zero of=/fill bs=1M count=64");
        Assert.NotEqual(0, code);
        Assert.Contains("No space left on device", output, StringComparison.Ordinal);
        Assert.Equal("running", (string?)(await daemon.StateAsync(running))["Status"]);
        Assert.DoesNotContain("tardy", (await daemon.CallAsync("GET", "/images/json"))!.ToJsonString(), StringComparison.Ordinal);

        await daemon.RemoveAsync(stopped);
        await daemon.CallAsync("DELETE", "/volumes/vol");
        await daemon.CallAsync("DELETE", "/images/big:1");
        await daemon.CallAsync("POST", "/containers/prune");
        await daemon.CallAsync("POST", "/images/prune");
        Assert.False(await daemon.ExistsAsync(stopped));
        await daemon.RemoveAsync(running);
        disk.Empty();
        Assert.Equal(0, await daemon.ExitAsync(await daemon.RunAsync("true")));
        Assert.DoesNotContain("error", await daemon.LoadAsync(BusyboxImage.Archive("tardy:1", 1 << 20)), StringComparison.Ordinal);
        await daemon.CrashAndStartAsync();
        Assert.Equal(0, await daemon.ExitAsync(await daemon.RunAsync("true")));
    }

    [Fact]
    public async Task Check16_TheDaemonStartsOnAFullDisk()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk();
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var running = await daemon.RunAsync("sleep 1000");
        var ends = await daemon.RunAsync("sleep 1; exit 7");
        await daemon.KillAsync();
        disk.Fill();
        await Wait.PauseAsync(1200);
        await daemon.StartAsync();

        await daemon.StatusAsync(ends, "exited");
        Assert.Equal(7, (int)(await daemon.StateAsync(ends))["ExitCode"]!);
        Assert.Equal("running", (string?)(await daemon.StateAsync(running))["Status"]);
        await daemon.RemoveAsync(running);
        await daemon.RemoveAsync(ends);
        Assert.Empty(await daemon.ListAsync());
    }

    [Fact]
    public async Task Check17_InodeExhaustionIsReportedAndRecovers()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk(128, inodes: 1024);
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var kept = await daemon.CreateAsync("true");
        var crowd = Directory.CreateDirectory(Path.Combine(disk.MountPoint, "crowd")).FullName;
        Assert.Throws<IOException>(() => Crowd(crowd));

        Assert.Contains("no space left on device", await daemon.CreateAsync("true").RefusalAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("no space left on device", await daemon.LoadAsync(BusyboxImage.Archive("other:1", 1000)).RefusalAsync(), StringComparison.OrdinalIgnoreCase);
        await daemon.RemoveAsync(kept);
        Directory.Delete(crowd, recursive: true);
        Assert.Equal(0, await daemon.ExitAsync(await daemon.RunAsync("true")));
    }

    [Fact]
    public async Task Check17_AReadOnlyDataRootIsReportedAndRecovers()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk(128);
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var kept = await daemon.CreateAsync("true", "kept");
        disk.FailReadOnly();

        Assert.Contains("read-only file system", await daemon.CreateAsync("true", "late").RefusalAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual("", await daemon.LoadAsync(BusyboxImage.Archive("tardy:1", 1000)).RefusalAsync());
        Assert.Equal("created", (string?)(await daemon.StateAsync(kept))["Status"]);
        Assert.Single(await daemon.ListAsync());

        await daemon.StopAsync();
        await disk.RepairAsync();
        await daemon.StartAsync();
        Assert.Single(await daemon.ListAsync());
        await daemon.CallAsync("POST", $"/containers/{kept}/start");
        Assert.Equal(0, await daemon.ExitAsync(kept));
    }

    [Fact]
    public async Task Check20_AFailingDiskIsReportedAndNothingIsMixedUp()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk(128);
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var kept = await daemon.CreateAsync("echo kept; exit 6", "kept");
        var running = await daemon.RunAsync("sleep 1000", "running");
        await daemon.CallAsync("POST", "/volumes/create", """{"Name":"vol"}""");
        Tool.Run("sync", "-f", disk.MountPoint);
        disk.FailEverything();

        Assert.Contains("input/output error", await daemon.CreateAsync("true", "late").RefusalAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("input/output error", await daemon.LoadAsync(BusyboxImage.Archive("tardy:1", 1000)).RefusalAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.InRange((await daemon.RefusedAsync("POST", "/volumes/create", """{"Name":"other"}""")).StatusCode, 500, 503);
        Assert.InRange((await daemon.RefusedAsync("POST", $"/containers/{kept}/start")).StatusCode, 500, 503);
        Assert.Equal(2, (await daemon.ListAsync()).Count);
        Assert.Equal("running", (string?)(await daemon.StateAsync(running))["Status"]);
        await Record.ExceptionAsync(() => daemon.Api.KillContainerAsync(running));
        await Wait.UntilAsync("the processes end", () => Scratch.Processes(daemon.CgroupParent, daemon.ExecRoot).All(pid => pid == daemon.Pid));
        await Wait.UntilAsync("it is not called running", async () => (string?)(await daemon.StateAsync(running))["Status"] != "running");
        await daemon.StopAsync();
        Assert.NotEqual(0, await daemon.StartAndEndAsync());
        Assert.Contains("input/output error", daemon.Log, StringComparison.OrdinalIgnoreCase);

        await disk.RepairAsync();
        await daemon.StartAsync();
        Assert.Equal(2, (await daemon.ListAsync()).Count);
        Assert.Equal((137, "exited"), ((int)(await daemon.StateAsync(running))["ExitCode"]!, (string?)(await daemon.StateAsync(running))["Status"]));
        Assert.DoesNotContain("tardy", (await daemon.CallAsync("GET", "/images/json"))!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("vol", (string?)Assert.Single((System.Text.Json.Nodes.JsonArray)(await daemon.CallAsync("GET", "/volumes"))!["Volumes"]!)!["Name"]);
        await daemon.CallAsync("POST", $"/containers/{kept}/start");
        Assert.Equal(6, await daemon.ExitAsync(kept));
        Assert.Equal("kept\n", await daemon.LogsAsync(kept));
        Assert.DoesNotContain("error", await daemon.LoadAsync(BusyboxImage.Archive("tardy:1", 1000)), StringComparison.Ordinal);
    }

    private static void Crowd(string directory)
    {
        for (var i = 0; i < 100_000; i++)
        {
            File.Create(Path.Combine(directory, $"{i}")).Dispose();
        }
    }
}
