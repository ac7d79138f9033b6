using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 7, 12 and 13: the power is cut, seen from a copy of the disk taken while the daemon works.</summary>
public sealed class PowerTests
{
    private const int Seed = 12;

    [Fact]
    public async Task Check12_EveryAcknowledgedCommandSurvivesAPowerCut()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk(256);
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var random = new Random(Seed);
        for (var round = 0; round < Scratch.Rounds(8); round++)
        {
            var names = new Acknowledged();
            using var stop = new CancellationTokenSource();
            var work = WorkAsync(daemon, $"n{round}-", names, stop.Token);
            await Wait.PauseAsync(random.Next(50, 400));
            List<string> containers = [], volumes = [], tags = [];
            var copy = scratch.CutPower(disk, () => (containers, volumes, tags) = names.Snapshot());
            await stop.CancelAsync();
            await work;

            var after = scratch.Daemon(Path.Combine(copy.MountPoint, "data"), $"cut{round}");
            Assert.True((await after.StartAsync()).TotalSeconds < 10);
            var list = (await after.ListAsync()).Select(c => ((string)c!["Names"]![0]!)[1..]).ToHashSet();
            Assert.Empty(containers.Except(list));
            Assert.Empty(volumes.Except(((JsonArray)(await after.CallAsync("GET", "/volumes"))!["Volumes"]!).Select(v => (string)v!["Name"]!)));
            var images = (await after.CallAsync("GET", "/images/json"))!.ToJsonString();
            Assert.All(tags, tag => Assert.Contains($"\"{tag}:latest\"", images, StringComparison.Ordinal));
            Assert.Equal(0, await after.ExitAsync(await after.RunAsync("true")));
            await scratch.DropAsync(after, copy);
        }
    }

    [Fact]
    public async Task Check13_APowerCutDuringLoadSaveAndCommitLeavesNothingHalf()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk(256);
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var changed = await daemon.RunAsync("dd if=/dev/zero of=/new bs=1M count=4; sleep 1000");
        await Wait.UntilAsync("the file is written", async () => (await daemon.ExecAsync(changed, "ls -l /new")).Output.Contains("4194304", StringComparison.Ordinal));
        var random = new Random(Seed);
        for (var round = 0; round < Scratch.Rounds(6); round++)
        {
            using var archive = BusyboxImage.Archive($"loaded:{round}", 4 << 20);
            var load = daemon.LoadAsync(archive);
            var commit = daemon.CallAsync("POST", $"/commit?container={changed}&repo=committed&tag={round}");
            var save = SaveAsync(daemon, "busybox");
            await Wait.PauseAsync(random.Next(1, 250));
            var acknowledged = new[] { (load.IsCompleted, $"loaded:{round}"), (commit.IsCompleted, $"committed:{round}") };
            var copy = scratch.CutPower(disk);
            await Task.WhenAll(load, commit, save);

            var after = scratch.Daemon(Path.Combine(copy.MountPoint, "data"), $"cut{round}");
            await after.StartAsync();
            var images = (await after.CallAsync("GET", "/images/json"))!.ToJsonString();
            foreach (var (done, name) in acknowledged)
            {
                var listed = images.Contains($"\"{name}\"", StringComparison.Ordinal);
                Assert.True(listed || !done, $"{name} was acknowledged and is gone");
                if (listed)
                {
                    Assert.Equal(await DigestsAsync(daemon, name), await DigestsAsync(after, name));
                }
            }

            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(after.DataRoot, "staging")));
            await scratch.DropAsync(after, copy);
        }
    }

    [Fact]
    public async Task Check7_ManyRestartAlwaysContainersComeBackAfterAPowerCut()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk();
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"));
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive());
        var count = Scratch.Rounds(25);
        for (var i = 0; i < count; i++)
        {
            await daemon.RunAsync("exec sleep 1000", $"always{i}", host: "\"RestartPolicy\":{\"Name\":\"always\"}");
        }

        var copy = scratch.CutPower(disk);
        await daemon.KillAsync();
        // A power cut ends processes too; the copy's daemon must not meet those of the original.
        await Wait.UntilAsync("the processes are gone", () => Scratch.KillAll(daemon.CgroupParent, daemon.ExecRoot) == 0);
        var after = scratch.Daemon(Path.Combine(copy.MountPoint, "data"), "cut");
        Assert.True((await after.StartAsync()).TotalSeconds < 10);
        await Wait.UntilAsync("all run again", async () => (await after.ListAsync()).Count(c => (string?)c!["State"] == "running") == count, 30);
        var (code, output) = await after.ExecAsync("always0", "echo up");
        Assert.True(code == 0 && output == "up\n", output + after.Log);
    }

    private static async Task SaveAsync(PrivateDaemon daemon, string image)
    {
        await using var archive = await daemon.Api.RequestAsync("GET", $"/images/{image}/get");
        await archive.Body.CopyToAsync(Stream.Null);
    }

    // The digest of every file of the image, as a container sees it.
    private static async Task<string> DigestsAsync(PrivateDaemon daemon, string image)
    {
        var id = (string)(await daemon.CallAsync("POST", "/containers/create", $$"""{"Image":"{{image}}","Cmd":["sh","-c","sha256sum /bin/busybox /etc/passwd /extra /new 2>/dev/null; ls /bin"],"HostConfig":{"NetworkMode":"none"} }"""))!["Id"]!;
        await daemon.CallAsync("POST", $"/containers/{id}/start");
        await daemon.ExitAsync(id);
        var output = await daemon.LogsAsync(id);
        await daemon.RemoveAsync(id);
        return output;
    }

    private static async Task WorkAsync(PrivateDaemon daemon, string prefix, Acknowledged names, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var name = $"{prefix}{i}";
            await daemon.CreateAsync("true", name);
            names.Add(names.Containers, name);
            await daemon.CallAsync("POST", "/volumes/create", $$"""{"Name":"{{name}}"}""");
            names.Add(names.Volumes, name);
            await daemon.CallAsync("POST", $"/images/busybox/tag?repo={name}");
            names.Add(names.Tags, name);
            // Between the two names neither is promised.
            names.Drop(names.Containers, name);
            await daemon.CallAsync("POST", $"/containers/{name}/rename?name={name}-b");
            names.Add(names.Containers, name + "-b");
        }
    }

    private sealed class Acknowledged
    {
        private readonly Lock _lock = new();

        internal List<string> Containers { get; } = [];

        internal List<string> Volumes { get; } = [];

        internal List<string> Tags { get; } = [];

        internal void Add(List<string> list, string name)
        {
            lock (_lock)
            {
                list.Add(name);
            }
        }

        internal void Drop(List<string> list, string name)
        {
            lock (_lock)
            {
                list.Remove(name);
            }
        }

        internal (List<string> Containers, List<string> Volumes, List<string> Tags) Snapshot()
        {
            lock (_lock)
            {
                return ([.. Containers], [.. Volumes], [.. Tags]);
            }
        }
    }
}
