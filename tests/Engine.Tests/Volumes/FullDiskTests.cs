using Slipway.DockerApi;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Tests.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Volumes;

public sealed class FullDiskTests
{
    [Fact]
    public async Task On_a_full_disk_volumes_are_removed_and_their_space_comes_back()
    {
        var disk = Directory.CreateTempSubdirectory("slipway-disk-").FullName;
        Mounts.Mount("tmpfs", disk, "tmpfs", 0, "size=400m");
        try
        {
            var root = new EngineRoot(Directory.CreateDirectory(Path.Combine(disk, "root")).FullName);
            await using (root)
            {
                Assert.True(SpinWait.SpinUntil(() => root.Reserve.IsHeld, TimeSpan.FromSeconds(20)));
                var volume = await root.Create.RunAsync(new VolumeCreateRequest { Name = "big" });
                Fill(Path.Combine(volume.Mountpoint, "data"));
                var refused = await Assert.ThrowsAsync<EngineException>(() => root.Create.RunAsync(new VolumeCreateRequest { Name = "more" }));
                Assert.Equal(ErrorKind.Unavailable, refused.Kind);
                Assert.Contains("no space left on device", refused.Message, StringComparison.Ordinal);
                Assert.Null(root.Table.Find("more"));
                await root.Remove.RunAsync("big");
                await root.Removal.WhenIdle;
                await root.Create.RunAsync(new VolumeCreateRequest { Name = "more" });
                Assert.True(root.Reserve.IsHeld);
            }
        }
        finally
        {
            Mounts.Unmount(disk);
            Directory.Delete(disk);
        }
    }

    private static void Fill(string path)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var chunk = new byte[1 << 20];
        var offset = 0L;
        for (var size = chunk.Length; size > 0;)
        {
            try
            {
                RandomAccess.Write(file, chunk.AsSpan(0, size), offset);
                offset += size;
            }
            catch (IOException e) when (ReserveFile.IsNoSpace(e))
            {
                size /= 2;
            }
        }
    }
}
