using Slipway.DockerApi;
using Slipway.Engine.Tests.Files;

namespace Slipway.Engine.Tests.Volumes;

public sealed class VolumeTests
{
    [Theory]
    [InlineData("a", "create a: volume name is too short, names should be at least two alphanumeric characters")]
    [InlineData("a b", "create a b: \"a b\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path")]
    [InlineData("../x", "create ../x: \"../x\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path")]
    [InlineData("ok\n", null)]
    public async Task Bad_names_are_refused_in_Dockers_words(string name, string? message)
    {
        await using var root = new EngineRoot();
        var failure = await Assert.ThrowsAsync<EngineException>(() => root.Create.RunAsync(new VolumeCreateRequest { Name = name }));
        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        Assert.True(message is null || failure.Message == message, failure.Message);
        Assert.Empty(Directory.GetFileSystemEntries(root.Paths.Volumes));
    }

    [Theory]
    [InlineData("foo", "1", "create vol: invalid option: \"foo\"")]
    [InlineData("type", "tmpfs", "create vol: missing required option: \"device\"")]
    [InlineData("device", "tmpfs", "create vol: missing required option: \"type\"")]
    [InlineData("o", "size=1m", "create vol: missing required option: \"device\"")]
    public async Task Bad_options_are_refused(string option, string value, string message)
    {
        await using var root = new EngineRoot();
        var failure = await Assert.ThrowsAsync<EngineException>(() => root.Create.RunAsync(Request("vol", (option, value))));
        Assert.Equal((ErrorKind.InvalidArgument, message), (failure.Kind, failure.Message));
    }

    [Fact]
    public async Task Creating_twice_finds_the_first_and_other_options_conflict()
    {
        await using var root = new EngineRoot();
        var first = await root.Create.RunAsync(new VolumeCreateRequest { Name = "data", Labels = new Dictionary<string, string> { ["a"] = "b" } });
        Assert.Same(first, await root.Create.RunAsync(new VolumeCreateRequest { Name = "data" }));
        var conflict = await Assert.ThrowsAsync<EngineException>(() => root.Create.RunAsync(Request("data", ("type", "tmpfs"), ("device", "tmpfs"))));
        Assert.Equal(ErrorKind.Conflict, conflict.Kind);
        var driver = await Assert.ThrowsAsync<EngineException>(() => root.Create.RunAsync(new VolumeCreateRequest { Name = "x1", Driver = "flocker" }));
        Assert.Equal("create x1: error looking up volume plugin flocker: plugin \"flocker\" not found", driver.Message);
    }

    [Fact]
    public async Task A_volume_in_use_stays_and_an_unused_one_goes()
    {
        await using var root = new EngineRoot();
        var volume = await root.Create.RunAsync(new VolumeCreateRequest { Name = "data" }, "c1");
        var failure = await Assert.ThrowsAsync<EngineException>(() => root.Remove.RunAsync("data", force: true));
        Assert.Equal((ErrorKind.Conflict, "remove data: volume is in use - [c1]"), (failure.Kind, failure.Message));
        root.Table.Release("c1");
        File.WriteAllText(Path.Combine(volume.Mountpoint, "file"), "x");
        await root.Remove.RunAsync("data");
        await root.Removal.WhenIdle;
        Assert.Empty(Directory.GetFileSystemEntries(root.Paths.Volumes));
        Assert.Empty(Directory.GetFileSystemEntries(root.Paths.Trash));
        await root.Remove.RunAsync("data", force: true);
        Assert.Equal("get data: no such volume", (await Assert.ThrowsAsync<EngineException>(() => root.Remove.RunAsync("data"))).Message);
    }

    [Fact]
    public async Task Lists_are_filtered_and_prune_takes_anonymous_ones_unless_told()
    {
        await using var root = new EngineRoot();
        await root.Create.RunAsync(new VolumeCreateRequest { Name = "named", Labels = new Dictionary<string, string> { ["tier"] = "db" } });
        var anonymous = await root.Create.RunAsync(new VolumeCreateRequest());
        File.WriteAllText(Path.Combine(anonymous.Mountpoint, "f"), "12345");
        await root.Create.RunAsync(new VolumeCreateRequest { Name = "held" }, "c1");
        Assert.Equal(64, anonymous.Name.Length);
        Assert.Equal(["named"], Names(root, Filters.None.With("label", "tier=db")));
        Assert.Equal(["held"], Names(root, Filters.None.With("dangling", "false")));
        Assert.Equal(["named"], Names(root, Filters.None.With("name", "ame")));
        Assert.Empty(Names(root, Filters.None.With("driver", "nfs")));
        Assert.Equal("invalid filter 'foo'", Assert.Throws<EngineException>(() => root.List.Run(Filters.None.With("foo", "1"))).Message);
        var first = await root.Prune.RunAsync(Filters.None, allByDefault: false, default);
        Assert.Equal([anonymous.Name], first.VolumesDeleted);
        Assert.Equal(5ul, first.SpaceReclaimed);
        Assert.Equal(["named"], (await root.Prune.RunAsync(Filters.None.With("all", "true"), allByDefault: false, default)).VolumesDeleted);
        Assert.Equal(["held"], Names(root, Filters.None));
    }

    [Fact]
    public async Task Volumes_are_found_again_after_a_restart_and_after_the_database_is_lost()
    {
        var root = new EngineRoot();
        var labels = new Dictionary<string, string> { ["a"] = "b" };
        var volume = await root.Create.RunAsync(new VolumeCreateRequest { Name = "data", Labels = labels });
        File.WriteAllText(Path.Combine(volume.Mountpoint, "kept"), "x");
        Directory.CreateDirectory(Path.Combine(root.Paths.Volumes, "unfinished"));
        root = await root.RestartAsync();
        Assert.Equal(["data"], Names(root, Filters.None));
        await root.State.DisposeAsync();
        foreach (var file in Directory.GetFiles(root.Paths.DataRoot, "state.db*"))
        {
            File.WriteAllText(file, new string('\0', 5000));
        }

        root = await root.RestartAsync();
        Assert.Equal("b", root.Table.Get("data").Record.Labels!["a"]);
        Assert.True(File.Exists(Path.Combine(root.Table.Get("data").Mountpoint, "kept")));
        root = await root.RestartAsync();
        Assert.Equal(["data"], Names(root, Filters.None));
        await root.DisposeAsync();
    }

    private static IEnumerable<string> Names(EngineRoot root, Filters filters) => root.List.Run(filters).Volumes.Select(volume => volume.Name);

    internal static VolumeCreateRequest Request(string name, params (string Key, string Value)[] options) =>
        new() { Name = name, DriverOpts = options.ToDictionary(option => option.Key, option => option.Value) };
}
