using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Volumes, binds and temporary filesystems.</summary>
[Collection(MakingCollection.Name)]
public sealed class VolumeTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task VolumesAreMadeListedAndRemoved(string client)
    {
        var name = EngineRoom.Name("v");
        Assert.Equal(name, (await room.Client(client, "volume", "create", "--label", "a=b", name)).Ok());
        Assert.Equal(name, (await room.Client(client, "volume", "ls", "-q", "--filter", "name=" + name)).Ok());
        Assert.Equal("local", (await room.Client(client, "volume", "inspect", "-f", "{{.Driver}}", name)).Ok());
        (await room.Client(client, "volume", "rm", name)).Ok();
        (await room.Client(client, "volume", "inspect", name)).Fails("no such volume");
    }

    [Fact]
    public async Task ContentIsCopiedUpKeptAndProtected()
    {
        var volume = EngineRoom.Name("v");
        Assert.Contains("passwd", (await room.Run("-v", volume + ":/etc", "busybox", "ls", "/etc")).Ok(), StringComparison.Ordinal);
        (await room.Run("-v", volume + ":/data", "busybox", "touch", "/data/kept")).Ok();
        Assert.Contains("kept", (await room.Run("-v", volume + ":/data:ro", "busybox", "ls", "/data")).Ok(), StringComparison.Ordinal);
        Assert.NotEqual(0, (await room.Run("-v", volume + ":/data:ro", "busybox", "touch", "/data/x")).Code);
        var name = await room.Sleeper("-v", volume + ":/data");
        (await room.Docker("volume", "rm", volume)).Fails("volume is in use");
        await room.Remove(name);
        (await room.Docker("volume", "rm", volume)).Ok();
    }

    [Fact]
    public async Task NoCopyLeavesAVolumeEmpty()
    {
        var volume = EngineRoom.Name("v");
        var listing = (await room.Run("-v", volume + ":/etc:nocopy", "busybox", "ls", "/etc")).Ok();
        Assert.DoesNotContain("passwd", listing, StringComparison.Ordinal);
        (await room.Docker("volume", "rm", volume)).Ok();
    }

    [Fact]
    public async Task ASubpathIsMountedAndCannotLeaveItsVolume()
    {
        var volume = EngineRoom.Name("v");
        (await room.Run("-v", volume + ":/d", "busybox", "sh", "-c", "mkdir /d/sub; echo in > /d/sub/f; ln -s /etc /d/out")).Ok();
        string Mount(string subpath) => $$"""{"Image":"busybox","Cmd":["cat","/m/f"],"HostConfig":{"NetworkMode":"none","Mounts":[{"Type":"volume","Source":"{{volume}}","Target":"/m","VolumeOptions":{"Subpath":"{{subpath}}"} }]} }""";
        var id = (string)(await room.Daemon.CallAsync("POST", "/containers/create", Mount("sub")))!["Id"]!;
        Assert.Equal("in", (await room.Docker("start", "-a", id)).Ok());
        await room.Remove(id);
        await Assert.ThrowsAsync<Slipway.Client.EngineApiException>(async () =>
        {
            var bad = (string)(await room.Daemon.CallAsync("POST", "/containers/create", Mount("../..")))!["Id"]!;
            await room.Daemon.CallAsync("POST", $"/containers/{bad}/start");
        });
        (await room.Docker("container", "prune", "-f")).Ok();
    }

    [Fact]
    public async Task BindsReadAndWriteTheHost()
    {
        var directory = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("bind"))).FullName;
        (await room.Run("-v", directory + ":/h", "busybox", "sh", "-c", "echo x > /h/f")).Ok();
        Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(directory, "f")));
        Assert.NotEqual(0, (await room.Run("--mount", $"type=bind,source={directory},target=/h,readonly", "busybox", "touch", "/h/g")).Code);
        (await room.Run("--mount", "type=bind,source=/no/such/place,target=/h", "busybox", "true")).Fails("bind source path does not exist", 125);
        (await room.Run("-v", directory + ":/h", "--tmpfs", "/h", "busybox", "true")).Fails("Duplicate mount point", 125);
    }

    [Fact]
    public async Task AnonymousVolumesGoWithTheirContainer()
    {
        var name = await room.Sleeper("-v", "/anon");
        var volume = await room.Inspect(name, "{{(index .Mounts 0).Name}}");
        await room.Remove(name);
        (await room.Docker("volume", "inspect", volume)).Fails("no such volume");
    }

    [Fact]
    public async Task VolumesFromAnotherContainerAreShared()
    {
        var name = await room.Sleeper("-v", "/shared");
        (await room.Run("--volumes-from", name, "busybox", "touch", "/shared/f")).Ok();
        Assert.Equal("f", (await room.Docker("exec", name, "ls", "/shared")).Ok());
        await room.Remove(name);
    }
}
