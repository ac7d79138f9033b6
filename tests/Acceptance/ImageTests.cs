using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Images: in, out, named and removed.</summary>
[Collection(MakingCollection.Name)]
public sealed class ImageTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task SavedImagesLoadAgain(string client)
    {
        var (name, file) = (EngineRoom.Name("img") + ":1", Path.Combine(room.Home, EngineRoom.Name("save") + ".tar"));
        (await room.Client(client, "tag", "busybox", name)).Ok();
        (await room.Client(client, "save", "-o", file, name)).Ok();
        (await room.Client(client, "rmi", name)).Ok();
        Assert.Contains(name, (await room.Client(client, "load", "-i", file)).Ok(), StringComparison.Ordinal);
        Assert.Equal(await room.Inspect("busybox", "{{.Id}}"), await room.Inspect(name, "{{.Id}}"));
        (await room.Client(client, "rmi", name)).Ok();
    }

    [Fact]
    public async Task CommitKeepsFilesAndChanges()
    {
        var (name, image) = (await room.Background("busybox", "sh", "-c", "echo kept > /kept; rm /etc/group; sleep 1000"), EngineRoom.Name("img"));
        await Wait.UntilAsync("the file is there", async () => (await room.Docker("exec", name, "cat", "/kept")).Code == 0);
        (await room.Docker("commit", "-a", "me", "-m", "msg", "-c", "ENV A=b", "-c", "CMD [\"cat\",\"/kept\"]", name, image)).Ok();
        await room.Remove(name);
        Assert.Equal("kept", (await room.Run(image)).Ok());
        Assert.Equal("b", (await room.Run(image, "sh", "-c", "echo $A; test ! -e /etc/group")).Ok());
        Assert.Equal("me", await room.Inspect(image, "{{.Author}}"));
        Assert.Contains("msg", (await room.Docker("history", "--no-trunc", image)).Ok(), StringComparison.Ordinal);
        (await room.Docker("rmi", image)).Ok();
    }

    [Fact]
    public async Task ExportedContainersImport()
    {
        var (name, image, file) = (await room.Sleeper(), EngineRoom.Name("img"), Path.Combine(room.Home, "export.tar"));
        (await room.Docker("export", "-o", file, name)).Ok();
        Assert.Contains("bin/busybox", Tool.Run("tar", "-tf", file), StringComparison.Ordinal);
        await room.Remove(name);
        (await room.Docker("import", "--change", "CMD [\"echo\",\"imported\"]", "--change", "ENV PATH=/bin", file, image)).Ok();
        Assert.Equal("imported", (await room.Run(image)).Ok());
        (await room.Docker("rmi", image)).Ok();
    }

    [Fact]
    public async Task ListsAreFiltered()
    {
        Assert.Equal("busybox:latest", (await room.Docker("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=busybox")).Ok());
        Assert.Equal("", (await room.Docker("images", "-q", "--filter", "label=never")).Ok());
        Assert.Equal("", (await room.Docker("images", "-q", "nothing")).Ok());
    }

    [Fact]
    public async Task RemovalOfUsedAndUnknownImagesIsRefused()
    {
        var name = await room.Sleeper();
        (await room.Docker("rmi", await room.Inspect("busybox", "{{.Id}}"))).Fails("conflict");
        (await room.Docker("rmi", "no-such")).Fails("No such image: no-such:latest");
        (await room.Docker("tag", "no-such", "x")).Fails("No such image");
        (await room.Docker("tag", "busybox", "BAD")).Fails("invalid reference format");
        await room.Remove(name);
    }

    [Fact]
    public void TheContentIsAnOciLayout()
    {
        var target = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("skopeo"))).FullName;
        Tool.Run("skopeo", "copy", "--insecure-policy", $"oci:{Path.Combine(room.Daemon.DataRoot, "content")}:busybox:latest", "oci:" + target + ":x");
        Assert.True(File.Exists(Path.Combine(target, "index.json")));
    }

    [Fact]
    public async Task BrokenArchivesAreRefused() =>
        Assert.NotEqual(0, (await room.DockerWith("this is no archive", "load")).Code);
}
