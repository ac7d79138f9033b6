using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Tests.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Volumes;

public sealed class CopyUpTests
{
    private const UnixFileMode Mode = (UnixFileMode)0x1E8;

    [Fact]
    public async Task Content_comes_with_owners_modes_times_attributes_and_hard_links()
    {
        await using var root = new EngineRoot();
        var lowers = Image(root);
        var volume = await root.Create.RunAsync(new VolumeCreateRequest { Name = "data" });
        await root.CopyUp.RunAsync("c1", [VolumeMountTests.Mount("data", destination: "/var/lib/link")], lowers, default);
        using var data = SafePath.Open(volume.Mountpoint);
        var top = data.Stat(".")!.Value;
        Assert.Equal((5u, 6u, Mode), (top.Uid, top.Gid, top.Permissions));
        var file = data.Stat("dir/file")!.Value;
        Assert.Equal((7u, 8u, Mode | UnixFileMode.SetUser, 1_500_000_000_123_456_789L), (file.Uid, file.Gid, file.Permissions, file.MTimeNs));
        Assert.Equal("content", File.ReadAllText(Path.Combine(volume.Mountpoint, "dir/file")));
        Assert.Equal("v"u8.ToArray(), data.GetXattr("dir/file", "user.key"));
        Assert.Equal((file.Ino, 2u), (data.Stat("hard")!.Value.Ino, file.NLink));
        Assert.Equal("/etc/passwd", data.ReadLink("link"));
        Assert.True(data.Stat("fifo")!.Value.IsFifo);
        Assert.Null(data.Stat("hidden"));
        Assert.False(File.Exists(Path.Combine(volume.Directory, "copying")));

        File.Delete(Path.Combine(volume.Mountpoint, "hard"));
        await root.CopyUp.RunAsync("c2", [VolumeMountTests.Mount("data", destination: "/var/lib/link")], lowers, default);
        Assert.Null(data.Stat("hard"));
    }

    [Fact]
    public async Task An_interrupted_copy_is_finished_by_the_next_container_and_changes_nothing_that_is_there()
    {
        await using var root = new EngineRoot();
        var lowers = Image(root);
        var volume = await root.Create.RunAsync(new VolumeCreateRequest { Name = "data" });
        Directory.CreateDirectory(Path.Combine(volume.Mountpoint, "dir"));
        File.WriteAllText(Path.Combine(volume.Mountpoint, "dir/.slipway-copy-unfinished"), "cont");
        File.WriteAllText(Path.Combine(volume.Mountpoint, "own"), "user's");
        File.WriteAllText(Path.Combine(volume.Directory, "copying"), "");
        await root.CopyUp.RunAsync("c1", [VolumeMountTests.Mount("data", destination: "/srv")], lowers, default);
        Assert.Equal("content", File.ReadAllText(Path.Combine(volume.Mountpoint, "dir/file")));
        Assert.Equal("user's", File.ReadAllText(Path.Combine(volume.Mountpoint, "own")));
        Assert.False(File.Exists(Path.Combine(volume.Mountpoint, "dir/.slipway-copy-unfinished")));
        Assert.False(File.Exists(Path.Combine(volume.Directory, "copying")));
    }

    [Fact]
    public async Task Nocopy_and_subpath_and_a_missing_destination_copy_nothing()
    {
        await using var root = new EngineRoot();
        var lowers = Image(root);
        var volume = await root.Create.RunAsync(new VolumeCreateRequest { Name = "data" });
        ContainerMount[] mounts =
        [
            VolumeMountTests.Mount("data", destination: "/srv") with { NoCopy = true },
            VolumeMountTests.Mount("data", "sub", "/srv"),
            VolumeMountTests.Mount("data", destination: "/missing"),
        ];
        await root.CopyUp.RunAsync("c1", mounts, lowers, default);
        Assert.Empty(Directory.GetFileSystemEntries(volume.Mountpoint));
    }

    [Fact]
    public async Task A_device_volume_is_filled_and_unmounted_again()
    {
        await using var root = new EngineRoot();
        var host = root.Make("host");
        await root.Create.RunAsync(VolumeTests.Request("dev", ("type", "none"), ("device", host), ("o", "bind")));
        await root.CopyUp.RunAsync("c1", [VolumeMountTests.Mount("dev", destination: "/srv")], Image(root), default);
        Assert.Equal("content", File.ReadAllText(Path.Combine(host, "dir/file")));
        Assert.False(Mounts.IsMountPoint(root.Table.Get("dev").Mountpoint));
    }

    // Two layers: the upper one hides a file of the lower one.
    private static string[] Image(EngineRoot root)
    {
        var (lower, upper) = (root.Make("lower"), root.Make("upper"));
        using var low = SafePath.Open(lower);
        using var up = SafePath.Open(upper);
        low.EnsureDirectories("srv/dir", Mode);
        low.EnsureDirectories("var/lib", Mode);
        low.CreateSymlink("/srv", "var/lib/link");
        File.WriteAllText(lower + "/srv/hidden", "");
        up.EnsureDirectories("srv/dir", Mode);
        up.CreateNode("srv/hidden", 0x2000, default);
        File.WriteAllText(upper + "/srv/dir/file", "content");
        up.SetOwner("srv/dir/file", 7, 8);
        up.SetMode("srv/dir/file", Mode | UnixFileMode.SetUser);
        up.SetXattr("srv/dir/file", "user.key", "v"u8);
        up.SetTimes("srv/dir/file", 0, 1_500_000_000_123_456_789);
        up.CreateHardLink("srv/dir/file", "srv/hard");
        up.CreateSymlink("/etc/passwd", "srv/link");
        up.CreateFifo("srv/fifo", Mode);
        up.SetOwner("srv", 5, 6);
        up.SetMode("srv", Mode);
        return [upper, lower];
    }
}
