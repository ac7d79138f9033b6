using System.IO.Compression;
using Slipway.Engine.Tests.Layers;

namespace Slipway.Engine.Tests.Images;

/// <summary>Archives that are made to cost much: memory stays bounded, nothing is left behind, several layers go at once.</summary>
[Collection(AloneCollection.Name)]
public sealed class BoundsTests
{
    private const long Allowed = 96 << 20;

    [Fact]
    public async Task A_gzip_bomb_with_an_endless_header_is_refused_in_little_memory()
    {
        // 512 MiB of one PAX header in half a megabyte of gzip.
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(new TarBytes().Entry('x', "pax", "", 0x1A4, 0, 0, 512L << 20, 0).Truncated(0));
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 512; i++)
            {
                gzip.Write(zeros);
            }
        }

        packed.Position = 0;
        await using var store = await ImageStore.CreateAsync();
        var failure = await Watched(async () => await Assert.ThrowsAsync<EngineException>(() => store.LoadAsync(packed)));
        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        Assert.Empty(store.Leftovers());
    }

    [Fact]
    public async Task A_layer_of_very_many_entries_is_unpacked_in_little_memory()
    {
        // Hard links to one file, so that many names cost the disk little; ext4 allows 65000 of them.
        await using var store = await ImageStore.CreateAsync();
        var layer = new TarBytes();
        layer.Dir("d/").File("d/0", "x");
        for (var i = 1; i < 60_000; i++)
        {
            layer.Hard($"d/{i}", "d/0");
        }

        var archive = Archives.Docker(["many:1"], layer.End());
        await Watched(() => store.LoadAsync(new MemoryStream(archive)));
        var run = await store.Images.PrepareAsync("many:1", null, CancellationToken.None);
        Assert.True(File.Exists(Path.Combine(store.Snapshots.LowerDirs(run.ChainId!)[0], "d/59999")));
    }

    [Fact]
    public async Task Layers_that_arrive_together_are_unpacked_each_on_its_own_and_stacked_in_order()
    {
        var layers = Enumerable.Range(0, 12).Select(i => new TarBytes().File("same", $"{i}").File($"own{i}", new byte[200_000 + i]).End()).ToArray();
        await using var store = await ImageStore.CreateAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(n => store.LoadAsync(new MemoryStream(Archives.Docker([$"par:{n}"], [.. layers.Skip(n)])))));
        for (var n = 0; n < 4; n++)
        {
            var run = await store.Images.PrepareAsync($"par:{n}", null, CancellationToken.None);
            var lower = store.Snapshots.LowerDirs(run.ChainId!);
            Assert.Equal(12 - n, lower.Count);
            Assert.Equal("11", await File.ReadAllTextAsync(Path.Combine(lower[0], "same")));
            Assert.Equal($"{n}", await File.ReadAllTextAsync(Path.Combine(lower[^1], "same")));
        }

        Assert.Empty(store.Leftovers());
    }

    private static async Task<T> Watched<T>(Func<Task<T>> action)
    {
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var work = action();
        var most = 0L;
        while (!work.IsCompleted)
        {
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - before);
            await Task.WhenAny(work, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }

        Assert.True(most < Allowed, $"{most >> 20} MiB were used");
        return await work;
    }
}
