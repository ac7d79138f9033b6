using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Engine.Images;
using Slipway.Engine.Repositories;
using Slipway.Engine.Steps;
using Slipway.Engine.Tests.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Tests.Images;

/// <summary>Archives given to load that lie about what they hold.</summary>
public sealed class HostileArchiveTests
{
    private static readonly byte[] Layer = new TarBytes().File("a", "x").End();
    private static readonly byte[] Config = Archives.Config(Layer);

    internal static IReadOnlyDictionary<string, Func<byte[]>> Refused { get; } = new Dictionary<string, Func<byte[]>>
    {
        ["empty"] = () => new TarBytes().End(),
        ["noise"] = () => [.. Enumerable.Range(0, 4096).Select(i => (byte)i)],
        ["truncated gzip"] = () => Archives.Gzip(Archives.Docker(["a:1"], Layer))[..200],
        ["truncated tar"] = () => Archives.Docker(["a:1"], Layer)[..2000],
        ["layer is an absolute link"] = () => new TarBytes().Link("l", "/etc/passwd").File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["layer is a link out"] = () => new TarBytes().Link("l", "../../../etc/passwd").File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["layer is a link to itself"] = () => new TarBytes().Link("l", "l").File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["layer path leads out"] = () => new TarBytes().File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["../../etc/passwd"])).End(),
        ["layer path absolute"] = () => new TarBytes().File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["/etc/passwd"])).End(),
        ["entry name leads out"] = () => new TarBytes().File("../x", "x").End(),
        ["config missing"] = () => new TarBytes().File("l", Layer).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["config is no JSON"] = () => new TarBytes().File("l", Layer).File("c", "{").File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["config nested too deep"] = () => new TarBytes().File("l", Layer).File("c", new string('[', 10000)).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["config of 5 MB"] = () => new TarBytes().File("l", Layer).File("c", new byte[5 << 20]).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["wrong number of layers"] = () => new TarBytes().File("l", Layer).File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l", "l"])).End(),
        ["layer is not what config says"] = () => new TarBytes().File("l", new TarBytes().File("b", "y").End()).File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l"])).End(),
        ["bad tag"] = () => new TarBytes().File("l", Layer).File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["../../x:1"], ["l"])).End(),
        ["null manifest entry"] = () => new TarBytes().File("manifest.json", "[null]").End(),
        ["manifest.json of 5 MB"] = () => new TarBytes().File("manifest.json", new byte[5 << 20]).End(),
        ["hostile layer"] = () => Archives.Docker(["a:1"], new TarBytes().File("../../x", "x").End()),
        ["layout with wrong blob"] = () => Layout(Config, Layer, lie: true),
        ["layout without blob"] = () => Layout(Config, null, lie: false),
        ["both layers and manifests"] = () => Confused(),
    };

    public static TheoryData<string> Names => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Refused_and_nothing_stays(string name)
    {
        await using var store = await ImageStore.CreateAsync();
        var failure = await Assert.ThrowsAsync<EngineException>(() => store.LoadAsync(new MemoryStream(Refused[name]())));
        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        for (var i = 0; i < 100 && store.Leftovers().Count > 0; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.Empty(store.Leftovers());
        Assert.Empty(store.Images.All);
        Assert.Empty(store.Snapshots.All);
        Assert.Empty(store.Content.List());
    }

    [Fact]
    public async Task A_layout_loads_with_its_index_kept_whole()
    {
        await using var store = await ImageStore.CreateAsync();
        await store.LoadAsync(new MemoryStream(Layout(Config, Layer, lie: false, index: true)));
        var image = store.Images.Resolve("multi:1");
        Assert.Equal(MediaTypes.OciIndex, image.Record.Target.MediaType);
        Assert.Equal(Digest.Of(Config), image.ImageId);
        await store.Images.PrepareAsync("multi:1", Platform.Host, CancellationToken.None);
        var missing = await Assert.ThrowsAsync<EngineException>(() => store.Images.PrepareAsync("multi:1", Platform.Parse("linux/s390x"), CancellationToken.None));
        Assert.Equal(ErrorKind.NotFound, missing.Kind);
    }

    [Fact]
    public async Task One_platform_of_several_is_not_removed_with_the_others()
    {
        await using var store = await ImageStore.CreateAsync();
        await store.LoadAsync(new MemoryStream(Layout(Config, Layer, lie: false, index: true, both: true)));
        var garbage = new CollectGarbage(store.Content, store.Snapshots, store.Images, () => [], new BuildCacheTable(store.State, NullLogger.Instance), new RepositoryTable(store.State, store.Content, TimeProvider.System, NullLogger.Instance), NullLogger.Instance);
        var remove = new RemoveImage(store.Images, store.Content, garbage, store.Events, () => []);
        var refused = await Assert.ThrowsAsync<EngineException>(() => remove.RunAsync("multi:1", false, true, [Platform.Parse("linux/s390x")]));
        Assert.Equal(ErrorKind.NotImplemented, refused.Kind);
        Assert.Single(store.Images.All);
        await remove.RunAsync("multi:1", false, true, [Platform.Parse("linux/s390x"), Platform.Host]);
        Assert.Empty(store.Images.All);
    }

    [Fact]
    public async Task Check38_Layers_that_unpack_side_by_side_stay_apart()
    {
        var outside = Directory.CreateTempSubdirectory("slipway-outside-");
        await using var store = await ImageStore.CreateAsync();
        try
        {
            File.WriteAllText(Path.Combine(outside.FullName, "file"), "host");
            var (first, links, last) = (new TarBytes(), new TarBytes(), new TarBytes());
            for (var i = 0; i < 500; i++)
            {
                first.File($"d{i}/file", "first");
                links.Link($"d{i}", i % 2 == 0 ? outside.FullName : "../../../../../../../.." + outside.FullName);
                last.File($"d{i}/file", "last").File($"d{i}/new", "last");
            }

            await store.LoadAsync(new MemoryStream(Archives.Docker(["a:1"], first.End(), links.End(), last.End())));
            await store.LoadAsync(new MemoryStream(Archives.Docker(["b:1"], links.End(), last.End(), first.End())));
            Assert.Equal(["file"], outside.GetFileSystemInfos().Select(entry => entry.Name));
            Assert.Equal("host", File.ReadAllText(Path.Combine(outside.FullName, "file")));
            Assert.Equal(2, store.Images.All.Count);
        }
        finally
        {
            outside.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Repeated_names_mean_the_last_one_and_links_inside_are_followed()
    {
        await using var store = await ImageStore.CreateAsync();
        await store.LoadAsync(new MemoryStream(new TarBytes().File("real/layer.tar", "wrong").File("real/layer.tar", Layer).Link("l/layer.tar", "../real/layer.tar")
            .File("c", Config).File("manifest.json", Archives.ManifestJson("c", ["a:1"], ["l/layer.tar"])).End()));
        var run = await store.Images.PrepareAsync("a:1", null, CancellationToken.None);
        Assert.True(File.Exists(Path.Combine(store.Snapshots.LowerDirs(run.ChainId!)[0], "a")));
    }

    private static byte[] Confused()
    {
        var manifest = Encoding.UTF8.GetBytes($"{{\"schemaVersion\":2,\"config\":{Describe(Config, MediaTypes.OciConfig)},\"layers\":[],\"manifests\":[]}}");
        return Pack(new TarBytes().File(Name(Config), Config), manifest, MediaTypes.OciManifest);
    }

    private static byte[] Layout(byte[] config, byte[]? layer, bool lie, bool index = false, bool both = false)
    {
        var manifest = Encoding.UTF8.GetBytes($"{{\"schemaVersion\":2,\"config\":{Describe(config, MediaTypes.OciConfig)},\"layers\":[{Describe(Layer, MediaTypes.OciLayer)}]}}");
        var tar = new TarBytes().File(Name(config), config);
        if (layer is not null)
        {
            tar.File(Name(layer), lie ? new TarBytes().File("b", "z").End() : layer);
        }

        if (!index)
        {
            return Pack(tar, manifest, MediaTypes.OciManifest);
        }

        var foreign = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(config).Replace(Platform.Host.Architecture, "s390x", StringComparison.Ordinal));
        var foreignManifest = Encoding.UTF8.GetBytes($"{{\"schemaVersion\":2,\"config\":{Describe(foreign, MediaTypes.OciConfig)},\"layers\":[{Describe(Layer, MediaTypes.OciLayer)}]}}");
        if (both)
        {
            tar.File(Name(foreign), foreign).File(Name(foreignManifest), foreignManifest);
        }

        var other = both ? Describe(foreignManifest, MediaTypes.OciManifest)[..^1] + ",\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}}" : "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:" + new string('a', 64) + "\",\"size\":7,\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}}";
        var document = Encoding.UTF8.GetBytes($"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{other},{Describe(manifest, MediaTypes.OciManifest)}]}}");
        return Pack(tar.File(Name(manifest), manifest), document, MediaTypes.OciIndex);
    }

    private static byte[] Pack(TarBytes tar, byte[] target, string mediaType) => tar.File(Name(target), target)
        .File("index.json", $"{{\"schemaVersion\":2,\"manifests\":[{Describe(target, mediaType)[..^1]},\"annotations\":{{\"io.containerd.image.name\":\"docker.io/library/multi:1\"}}}}]}}")
        .File("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}").End();

    private static string Describe(byte[] content, string mediaType) => $"{{\"mediaType\":\"{mediaType}\",\"digest\":\"{Digest.Of(content)}\",\"size\":{content.Length}}}";

    private static string Name(byte[] content) => "blobs/sha256/" + Digest.Of(content).Hex;
}
