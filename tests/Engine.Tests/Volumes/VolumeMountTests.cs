using Slipway.DockerApi;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Containers;
using Slipway.Engine.Tests.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Volumes;

public sealed class VolumeMountTests
{
    [Fact]
    public async Task A_tmpfs_volume_is_mounted_while_containers_use_it()
    {
        await using var root = new EngineRoot();
        var volume = await root.Create.RunAsync(VolumeTests.Request("fast", ("type", "tmpfs"), ("device", "tmpfs"), ("o", "size=1m,mode=750,noexec")));
        Assert.False(Mounts.IsMountPoint(volume.Mountpoint));
        Assert.Equal([volume.Mountpoint], await root.Mounts.AttachAsync("c1", [Mount("fast")]));
        await root.Mounts.AttachAsync("c2", [Mount("fast")]);
        var mounted = Mounts.MountOf(volume.Mountpoint)!;
        Assert.Equal(("tmpfs", true), (mounted.FsType, mounted.Options.Contains("noexec", StringComparison.Ordinal)));
        await root.Mounts.ReleaseAsync("c1");
        Assert.True(Mounts.IsMountPoint(volume.Mountpoint));
        await root.Mounts.ReleaseAsync("c2");
        Assert.False(Mounts.IsMountPoint(volume.Mountpoint));
    }

    [Fact]
    public async Task A_bind_volume_shows_the_directory_and_a_missing_one_fails_in_Dockers_words()
    {
        await using var root = new EngineRoot();
        var host = root.Make("host");
        File.WriteAllText(Path.Combine(host, "file"), "x");
        var volume = await root.Create.RunAsync(VolumeTests.Request("shown", ("type", "none"), ("device", host), ("o", "bind,ro")));
        await root.Mounts.AttachAsync("c1", [Mount("shown")]);
        Assert.True(File.Exists(Path.Combine(volume.Mountpoint, "file")));
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(Path.Combine(volume.Mountpoint, "new"), ""));
        await root.Mounts.ReleaseAsync("c1");

        var missing = await root.Create.RunAsync(VolumeTests.Request("missing", ("type", "none"), ("device", "/nowhere"), ("o", "bind")));
        var failure = await Assert.ThrowsAsync<EngineException>(() => root.Mounts.AttachAsync("c1", [Mount("missing")]));
        Assert.Equal(
            $"error while mounting volume '{missing.Mountpoint}': failed to mount local volume: mount /nowhere:{missing.Mountpoint}, flags: 0x1000: no such file or directory",
            failure.Message);
    }

    [Fact]
    public async Task A_subpath_is_resolved_inside_the_volume()
    {
        await using var root = new EngineRoot();
        var volume = await root.Create.RunAsync(new VolumeCreateRequest { Name = "data" });
        Directory.CreateDirectory(Path.Combine(volume.Mountpoint, "sub/deep"));
        File.WriteAllText(Path.Combine(volume.Mountpoint, "sub/deep/file"), "inside");
        File.CreateSymbolicLink(Path.Combine(volume.Mountpoint, "inner"), "/sub");
        File.CreateSymbolicLink(Path.Combine(volume.Mountpoint, "outer"), root.Root);
        File.CreateSymbolicLink(Path.Combine(volume.Mountpoint, "passwd"), "../../../../../../../../etc/passwd");
        var sources = await root.Mounts.AttachAsync("c1", [Mount("data", "inner/deep"), Mount("data", "sub/deep/file")]);
        Assert.Equal("inside", File.ReadAllText(Path.Combine(sources[0], "file")));
        Assert.Equal("inside", File.ReadAllText(sources[1]));
        await root.Mounts.ReleaseAsync("c1");
        foreach (var bad in (string[])["outer", "passwd", "nothing", "../../x"])
        {
            var failure = await Assert.ThrowsAsync<EngineException>(() => root.Mounts.AttachAsync("c2", [Mount("data", bad)]));
            Assert.StartsWith("cannot access path ", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_crash_leaves_mounted_is_unmounted_at_the_next_start()
    {
        await using var root = new EngineRoot();
        var used = await root.Create.RunAsync(VolumeTests.Request("used", ("type", "tmpfs"), ("device", "tmpfs")));
        var stray = await root.Create.RunAsync(VolumeTests.Request("stray", ("type", "tmpfs"), ("device", "tmpfs")));
        await root.Mounts.AttachAsync("running", [Mount("used")]);
        await root.Mounts.AttachAsync("dead", [Mount("stray")]);
        var container = Directory.CreateDirectory(root.Paths.RootFs("gone")).FullName;
        Mounts.Mount("tmpfs", container, "tmpfs", 0, null);
        Directory.CreateDirectory(Path.Combine(root.Paths.Staging, "half"));
        new StartupSweep(root.Paths, root.Removal, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
            .Run(new HashSet<string> { "running" }, new HashSet<string> { "running" }, new HashSet<string> { used.Mountpoint }, "/slipway-test-none", new HashSet<string>());
        Assert.True(Mounts.IsMountPoint(used.Mountpoint));
        Assert.False(Mounts.IsMountPoint(stray.Mountpoint));
        Assert.False(Directory.Exists(root.Paths.Container("gone")));
        Assert.Empty(Directory.GetFileSystemEntries(root.Paths.Staging));
        await root.Mounts.ReleaseAsync("running");
    }

    [Fact]
    public async Task Only_cgroups_that_left_something_in_the_roots_are_swept()
    {
        await using var root = new EngineRoot();
        var (mine, foreign) = (new string('a', 64), new string('b', 64));
        var parent = $"/slipway-sweep-{Environment.ProcessId}";
        var hierarchy = Slipway.Linux.Mounts.ReadMountInfo().First(mount => mount.FsType is "cgroup2" || (mount.FsType is "cgroup" && mount.Target.EndsWith("/pids", StringComparison.Ordinal))).Target;
        var cgroups = new[] { mine, foreign }.Select(id => Directory.CreateDirectory($"{hierarchy}{parent}/{id}").FullName).ToList();
        try
        {
            Directory.CreateDirectory(root.Paths.Bundle(mine));
            new StartupSweep(root.Paths, root.Removal, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
                .Run(new HashSet<string>(), new HashSet<string>(), new HashSet<string>(), parent, new HashSet<string>());
            Assert.Equal([false, true], cgroups.Select(Directory.Exists));
            Assert.False(Directory.Exists(root.Paths.Bundle(mine)));
        }
        finally
        {
            foreach (var left in cgroups.Append(hierarchy + parent).Where(Directory.Exists))
            {
                Directory.Delete(left);
            }
        }
    }

    internal static ContainerMount Mount(string volume, string subpath = "", string destination = "/data") =>
        new() { Type = "volume", Name = volume, Destination = destination, Subpath = subpath, Driver = "local" };
}
