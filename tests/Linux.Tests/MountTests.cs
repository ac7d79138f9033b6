namespace Slipway.Linux.Tests;

public sealed class MountTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void Overlay_with_200_layers_has_the_top_one_on_top()
    {
        var lowers = Layers(200, new string('x', 60));
        var target = scratch.Make("merged");
        Mounts.MountOverlay(target, lowers, scratch.Make("upper"), scratch.Make("work"));
        Assert.True(Mounts.IsMountPoint(target));
        Assert.Equal("199", File.ReadAllText(target + "/same"));
        Assert.Equal(201, Directory.GetFiles(target).Length);
        File.WriteAllText(target + "/same", "new");
        Assert.Equal("new", File.ReadAllText(scratch.At("upper/same")));
        Mounts.Unmount(target);
        Assert.False(Mounts.IsMountPoint(target));
    }

    [Fact]
    public void Overlay_by_descriptors_serves_older_kernels()
    {
        var target = scratch.Make("merged");
        Mounts.MountOverlayByDescriptors(target, Layers(200, new string('y', 60)), scratch.Make("upper"), scratch.Make("work"), 0, "");
        Assert.Equal("199", File.ReadAllText(target + "/same"));
    }

    [Fact]
    public void Overlay_takes_odd_names()
    {
        var lower = Path.GetDirectoryName(scratch.Write("lo,w:e\\r x/file", "odd"))!;
        var target = scratch.Make("merged");
        Mounts.MountOverlay(target, [lower], scratch.Make("up,per:"), scratch.Make("wo,rk"));
        Assert.Equal("odd", File.ReadAllText(target + "/file"));
    }

    [Fact]
    public void Detached_overlay_is_read_by_descriptor_and_mounted_nowhere()
    {
        var before = Mounts.ReadMountInfo().Count;
        using var view = SafePath.FromFd(Mounts.OverlayDetached(Layers(3, new string('z', 250)), null, null, readOnly: true));
        using var file = view.OpenRead("/same");
        Assert.Equal(1, FileStat.Of(file).Size);
        Assert.Equal(4, view.ReadDirectory("/").Count());
        Assert.True(Assert.Throws<LinuxException>(() => view.CreateDirectory("d", Scratch.Private)).Errno is Errno.ReadOnly);
        Assert.Equal("/same", view.Resolve("../same"));
        Assert.Equal(before, Mounts.ReadMountInfo().Count);
    }

    [Fact]
    public void Bind_read_only_keeps_other_flags()
    {
        Mounts.Mount("tmpfs", scratch.Make("tmp"), "tmpfs", MountFlags.NoSuid | MountFlags.NoDev, "size=64k");
        Mounts.Bind(scratch.At("tmp"), scratch.Make("view"), recursive: true, readOnly: true);
        Assert.Throws<IOException>(() => File.WriteAllText(scratch.At("view/x"), "x"));
        var options = Mounts.MountOf(scratch.At("view"))!.Options.Split(',');
        Assert.Contains("nosuid", options);
        Assert.Contains("nodev", options);
        Assert.Contains("ro", options);
        var full = Assert.Throws<LinuxException>(() => DurableFile.Rename(scratch.At("view/a"), scratch.At("view/b")));
        Assert.True(full.IsNotFound || full.Errno == Errno.ReadOnly);
    }

    [Fact]
    public void Options_are_split()
    {
        var options = MountOptions.Parse("ro,nosuid,size=64m,rshared,rw,mode=1777");
        Assert.Equal(new MountOptions(MountFlags.NoSuid, MountFlags.Shared | MountFlags.Recursive, "size=64m,mode=1777"), options);
    }

    [Fact]
    public void A_mount_namespace_keeps_its_mounts_to_itself()
    {
        var target = scratch.Make("private");
        var space = new MountNamespace();
        using var view = space.Run(() =>
        {
            Mounts.Mount("tmpfs", target, "tmpfs", 0, null);
            File.WriteAllText(target + "/f", "1");
            Assert.True(Mounts.IsMountPoint(target));
            return SafePath.Open(target);
        });
        Assert.False(Mounts.IsMountPoint(target));
        Assert.Empty(Directory.GetFileSystemEntries(target));
        Assert.Equal("/f", view.Resolve("f"));
        Assert.Equal(1, view.Stat("f")!.Value.Size);
        Assert.Throws<LinuxException>(() => space.Run(() => Mounts.Unmount(target + "/nothing")));
        space.Dispose();
        view.CreateFile("g", Scratch.Private).Dispose();
        Assert.Equal(2, view.ReadDirectory("/").Count());
    }

    [Fact]
    public void A_network_namespace_is_another_one()
    {
        using var netns = NetworkNamespace.Create();
        var inside = NetworkNamespace.RunIn(netns, () => File.ReadAllLines("/proc/thread-self/net/dev").Length);
        Assert.True(inside <= File.ReadAllLines("/proc/net/dev").Length);
        var other = NetworkNamespace.RunIn(netns, () => new FileInfo("/proc/thread-self/ns/net").LinkTarget);
        Assert.NotEqual(new FileInfo("/proc/self/ns/net").LinkTarget, other);
    }

    private List<string> Layers(int count, string padding) =>
        Enumerable.Range(0, count).Reverse().Select(i =>
        {
            scratch.Write($"{padding}{i}/only{i}", "");
            return Path.GetDirectoryName(scratch.Write($"{padding}{i}/same", $"{i}"))!;
        }).ToList();
}
