using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Where images come from besides archives: bootstrap and URLs; hostile names and archives (reliability checks 24 and 27).</summary>
[Collection(MakingCollection.Name)]
public sealed class ImageSourceTests(EngineRoom room)
{
    [Fact]
    public async Task BootstrapMakesTheSameBusyboxTwice()
    {
        (await room.Client("slipway", "image", "bootstrap", "busybox")).Ok();
        var first = await room.Inspect("busybox:latest", "{{.Id}} {{json .Config.Cmd}} {{json .Config.Env}}");
        (await room.Client("slipway", "image", "bootstrap", "busybox")).Ok();
        Assert.Equal(first, await room.Inspect("busybox:latest", "{{.Id}} {{json .Config.Cmd}} {{json .Config.Env}}"));
        Assert.EndsWith("[\"sh\"] [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"]", first, StringComparison.Ordinal);
        Assert.Equal("hi", (await room.Run("busybox", "echo", "hi")).Ok());
        await room.Daemon.LoadAsync(BusyboxImage.Archive());
    }

    [Fact]
    public async Task ImportFetchesAUrlAndAppliesChanges()
    {
        var name = await room.Sleeper();
        var tar = Path.Combine(room.Home, EngineRoom.Name("e"));
        (await room.Docker("export", "-o", tar, name)).Ok();
        await room.Remove(name);
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var serving = ServeOnceAsync(server, await File.ReadAllBytesAsync(tar));
        var image = EngineRoom.Name("imp");
        (await room.Docker("import", "-c", "CMD [\"echo\",\"from url\"]", "-c", "ENV A=b", "-m", "why", $"http://{server.LocalEndpoint}/root.tar", image)).Ok();
        await serving;
        Assert.Equal("from url", (await room.Docker("run", "--rm", "--network", "none", image)).Ok());
        Assert.Equal("why", (await room.Docker("history", "--format", "{{.Comment}}", image)).Ok());
        (await room.Docker("import", "http://127.0.0.1:1/x", "y")).Fails("127.0.0.1");
        (await room.Docker("rmi", image)).Ok();
    }

    [Theory]
    [InlineData("sha256:../../etc/passwd")]
    [InlineData("sha256:ABCDEF0000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sha256:abc")]
    [InlineData("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData("busybox@sha256:")]
    [InlineData("../../etc")]
    [InlineData("a/%2e%2e/b")]
    [InlineData("bücher")]
    [InlineData("UPPER/case:x")]
    public async Task Check24_HostileReferencesAreRefused(string reference)
    {
        var body = new JsonObject { ["Image"] = reference, ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" } }.ToJsonString();
        Assert.InRange((await room.Daemon.RefusedAsync("POST", "/containers/create", body)).StatusCode, 400, 404);
        var escaped = Uri.EscapeDataString(reference);
        Assert.InRange((await room.Daemon.RefusedAsync("GET", $"/images/{escaped}/json")).StatusCode, 400, 404);
        Assert.InRange((await room.Daemon.RefusedAsync("DELETE", $"/images/{escaped}")).StatusCode, 400, 404);
        Assert.InRange((await room.Daemon.RefusedAsync("GET", $"/images/{escaped}/get")).StatusCode, 400, 404);
    }

    [Fact]
    public async Task Check24_HostileTagsAreRefused()
    {
        foreach (var reference in (string[])[string.Join('/', Enumerable.Repeat("a", 300)), "../../etc", "bücher", "a//b", "busybox@sha256:" + new string('0', 64)])
        {
            Assert.Equal(400, (await room.Daemon.RefusedAsync("POST", $"/images/busybox/tag?repo={Uri.EscapeDataString(reference)}")).StatusCode);
        }

        Assert.InRange((await room.Daemon.RefusedAsync("POST", "/images/busybox/tag?repo=x&tag=" + new string('t', 200))).StatusCode, 400, 400);
    }

    [Theory]
    [InlineData("""[{"Config":"../../etc/passwd","RepoTags":["h:1"],"Layers":["layer.tar"]}]""")]
    [InlineData("""[{"Config":"missing.json","RepoTags":["h:1"],"Layers":["layer.tar"]}]""")]
    [InlineData("""[{"Config":"config.json","RepoTags":["h:1"],"Layers":["../../../etc/passwd"]}]""")]
    [InlineData("""[{"Config":"config.json","RepoTags":["h:1"],"Layers":["/etc/passwd"]}]""")]
    [InlineData("""[{"Config":"config.json","RepoTags":["h:1"],"Layers":["link.tar"]}]""")]
    [InlineData("""[{"Config":"config.json","RepoTags":["../..:1"],"Layers":["layer.tar"]}]""")]
    [InlineData("not json")]
    public async Task Check27_HostileArchivesAreRefusedAndLeaveNothing(string manifest)
    {
        var before = (await room.Docker("images", "-aq")).Ok();
        var archive = new MemoryStream();
        using (var tar = new System.Formats.Tar.TarWriter(archive, leaveOpen: true))
        {
            Add(tar, "config.json", """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000"]}}""");
            Add(tar, "layer.tar", "no archive");
            tar.WriteEntry(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.SymbolicLink, "link.tar") { LinkName = "/etc/passwd" });
            Add(tar, "manifest.json", manifest);
        }

        archive.Position = 0;
        Assert.NotEqual("", await room.Daemon.LoadAsync(archive).RefusalAsync());
        Assert.Equal(before, (await room.Docker("images", "-aq")).Ok());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(room.Daemon.DataRoot, "staging")));
    }

    private static void Add(System.Formats.Tar.TarWriter tar, string name, string content) =>
        tar.WriteEntry(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });

    private static async Task ServeOnceAsync(TcpListener server, byte[] content)
    {
        using var client = await server.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        await stream.ReadAtLeastAsync(new byte[4096], 16);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(content);
    }
}
