using Slipway.Engine.Tests.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Tests.Images;

public sealed class LoadTests
{
    private static readonly byte[] Bottom = new TarBytes().Dir("etc/").File("etc/a", "below").File("gone", "x").End();
    private static readonly byte[] Top = new TarBytes().File("etc/.wh.a", "").File(".wh.gone", "").File("etc/b", "above", 0x9ED, 5, 6).End();

    [Fact]
    public async Task A_docker_archive_becomes_an_image_with_dockers_id_and_unpacked_layers()
    {
        await using var store = await ImageStore.CreateAsync();
        var lines = await store.LoadAsync(new MemoryStream(Archives.Docker(["busybox:test"], Bottom, Top)));
        Assert.Equal(["Loaded image: busybox:test\n"], lines);
        var run = await store.Images.PrepareAsync("busybox:test", null, CancellationToken.None);
        Assert.Equal(Digest.Of(Archives.Config(Bottom, Top)), run.ConfigDigest);
        var lower = store.Snapshots.LowerDirs(run.ChainId!);
        Assert.Equal(2, lower.Count);
        Assert.Equal("above", await File.ReadAllTextAsync(Path.Combine(lower[0], "etc/b")));
        Assert.Equal("below", await File.ReadAllTextAsync(Path.Combine(lower[1], "etc/a")));
        Assert.Empty(store.Leftovers());
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Compressed_layers_and_archives_load_too(bool inner, bool outer)
    {
        await using var store = await ImageStore.CreateAsync();
        var config = Archives.Config(Bottom);
        var archive = new TarBytes().File("manifest.json", Archives.ManifestJson("c.json", ["x:1"], ["l.tar"])).File("c.json", config)
            .File("l.tar", inner ? Archives.Gzip(Bottom) : Bottom).End();
        await store.LoadAsync(new MemoryStream(outer ? Archives.Gzip(archive) : archive));
        var run = await store.Images.PrepareAsync("x:1", null, CancellationToken.None);
        Assert.True(File.Exists(Path.Combine(store.Snapshots.LowerDirs(run.ChainId!)[0], "gone")));
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart_and_after_the_state_database_was_lost()
    {
        await using var store = await ImageStore.CreateAsync();
        await store.LoadAsync(new MemoryStream(Archives.Docker(["busybox:test", "other:1"], Bottom, Top)));
        foreach (var lose in new[] { false, true })
        {
            await store.RestartAsync(lose);
            var image = store.Images.Resolve("other:1");
            Assert.Equal(["busybox:test", "other:1"], image.Tags);
            Assert.True(store.Snapshots.Contains(image.ChainIds[^1]));
        }
    }
}
