using Slipway.Engine.Containers;
using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Files;

public sealed class OverlayTests
{
    [Fact]
    public async Task Changes_of_a_real_overlay_are_listed_as_docker_lists_them()
    {
        await using var root = new EngineRoot();
        var layers = Layers(root);
        Change(layers, root.Make("rootfs"));
        using var upper = SafePath.Open(layers.Upper!);
        using var image = MountedRoot.Open(layers with { Upper = null, Work = null }, root.Make("rootfs"));
        var changes = ContainerChanges.Of(upper, image.Root, default).Select(change => $"{"CAD"[change.Kind]} {change.Path}");
        Assert.Equal(
            [
                "C /dir", "A /dir/added", "A /dir/added/file", "C /dir/changed", "C /etc", "A /etc/new", "C /gone", "D /gone/file",
                "C /replaced", "D /replaced/old", "A /replaced/same-new",
            ],
            changes);
        Assert.DoesNotContain(Mounts.ReadMountInfo(), mount => mount.Target.StartsWith(root.Root, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_container_without_changes_has_none()
    {
        await using var root = new EngineRoot();
        var layers = Layers(root);
        var target = root.Make("rootfs");
        Mounts.MountOverlay(target, layers.Lower, layers.Upper, layers.Work);
        foreach (var name in (string[])["etc/hosts", "etc/hostname", "etc/resolv.conf", ".dockerenv"])
        {
            File.WriteAllText(Path.Combine(target, name), "");
        }

        Directory.CreateDirectory(Path.Combine(target, "proc"));
        Mounts.Unmount(target);
        using var upper = SafePath.Open(layers.Upper!);
        using var image = MountedRoot.Open(layers with { Upper = null, Work = null }, target);
        Assert.Empty(ContainerChanges.Of(upper, image.Root, default));
    }

    [Fact]
    public async Task A_stopped_container_is_seen_with_its_volumes_and_the_host_sees_no_mount()
    {
        await using var root = new EngineRoot();
        var layers = Layers(root);
        var volume = await root.Create.RunAsync(new DockerApi.VolumeCreateRequest { Name = "data" });
        var tmpfs = await root.Create.RunAsync(Volumes.VolumeTests.Request("fast", ("type", "tmpfs"), ("device", "tmpfs")));
        File.WriteAllText(Path.Combine(volume.Mountpoint, "in-volume"), "v");
        ContainerMount[] mounts =
        [
            Volumes.VolumeMountTests.Mount("data", destination: "/dir/volume"),
            Volumes.VolumeMountTests.Mount("data", destination: "/evil/read-only") with { ReadWrite = false },
            Volumes.VolumeMountTests.Mount("fast", destination: "/fast"),
            new ContainerMount { Type = "bind", Source = root.Root + "/vanished", Destination = "/none" },
            new ContainerMount { Type = "tmpfs", Destination = "/tmp" },
        ];
        using (var mounted = MountedRoot.Open(layers, root.Make("rootfs"), mounts, root.Table.Find))
        {
            Assert.NotNull(mounted.Root.Stat("dir/volume/in-volume"));
            Assert.True(Assert.Throws<LinuxException>(() => mounted.Root.CreateFile("evil/read-only/x", default)).Errno == Errno.ReadOnly);
            mounted.Root.CreateFile("dir/volume/made", default).Dispose();
            mounted.Root.CreateFile("fast/x", default).Dispose();
            Assert.True(File.Exists(Path.Combine(volume.Mountpoint, "made")));
            Assert.False(File.Exists(Path.Combine(tmpfs.Mountpoint, "x")));
            Assert.DoesNotContain(Mounts.ReadMountInfo(), mount => mount.Target.StartsWith(root.Root, StringComparison.Ordinal));
        }

        // The link "evil" points at /etc: the mount point was made in the container's, not in the host's.
        Assert.True(Directory.Exists(Path.Combine(layers.Upper!, "etc/read-only")));
        Assert.False(Directory.Exists("/etc/read-only"));
    }

    [Fact]
    public async Task Export_has_the_merged_tree_and_of_volumes_only_the_mount_point()
    {
        await using var root = new EngineRoot();
        var layers = Layers(root);
        Change(layers, root.Make("rootfs"));
        using var mounted = MountedRoot.Open(new OverlayLayers([layers.Upper!, .. layers.Lower]), root.Make("rootfs"));
        using var output = new MemoryStream();
        using (var tar = new TarWriter(output))
        {
            await new TreeArchive(tar, default).WriteDirectoryAsync(mounted.Root, "");
            await tar.FinishAsync(default);
        }

        Assert.Equal(
            "dir/ dir/added/ dir/added/file dir/changed etc/ etc/new etc/passwd evil gone/ replaced/ replaced/same-new",
            string.Join(' ', Views.Read(output).Select(entry => entry.Name)));
    }

    private static OverlayLayers Layers(EngineRoot root)
    {
        var layers = new OverlayLayers([root.Make("l2"), root.Make("l1")], root.Make("upper"), root.Make("work"));
        using var lower = SafePath.Open(layers.Lower[1]);
        foreach (var (path, text) in ((string, string)[])[("etc/passwd", "root"), ("dir/changed", "1"), ("gone/file", "1"), ("replaced/old", "1")])
        {
            lower.EnsureDirectories(Path.GetDirectoryName(path)!, (UnixFileMode)0x1ED);
            File.WriteAllText(Path.Combine(layers.Lower[1], path), text);
        }

        lower.CreateSymlink("/etc", "evil");
        foreach (var directory in (string[])["etc", "dir", "gone", "replaced"])
        {
            lower.SetTimes(directory, 0, 1_000_000_000);
        }

        return layers;
    }

    private static void Change(OverlayLayers layers, string target)
    {
        Mounts.MountOverlay(target, layers.Lower, layers.Upper, layers.Work);
        File.WriteAllText(Path.Combine(target, "etc/new"), "");
        File.WriteAllText(Path.Combine(target, "dir/changed"), "22");
        Directory.CreateDirectory(Path.Combine(target, "dir/added"));
        File.WriteAllText(Path.Combine(target, "dir/added/file"), "");
        File.Delete(Path.Combine(target, "gone/file"));
        Directory.Delete(Path.Combine(target, "replaced"), recursive: true);
        Directory.CreateDirectory(Path.Combine(target, "replaced"));
        File.WriteAllText(Path.Combine(target, "replaced/same-new"), "");
        Mounts.Unmount(target);
    }
}
