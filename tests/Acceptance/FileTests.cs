using System.Formats.Tar;
using System.Text.Json.Nodes;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary><c>cp</c> beyond single files: directories, streams, owners, volumes, read-only and stopped containers, odd files (reliability check 41).</summary>
[Collection(MakingCollection.Name)]
public sealed class FileTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task DirectoriesAreCopiedAsCpDoes(string client)
    {
        var name = await room.Sleeper();
        var root = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("tree"))).FullName;
        Directory.CreateDirectory(root + "/sub/deep");
        await File.WriteAllTextAsync(root + "/sub/deep/f", "deep");
        File.CreateSymbolicLink(root + "/sub/link", "deep/f");
        File.SetUnixFileMode(root + "/sub/deep/f", UnixFileMode.UserRead | UnixFileMode.UserExecute);

        (await room.Client(client, "cp", root, name + ":/tmp/new")).Ok();
        (await room.Client(client, "cp", root, name + ":/tmp")).Ok();
        (await room.Client(client, "cp", root + "/.", name + ":/root")).Ok();
        Assert.Equal("deep", (await room.Docker("exec", name, "cat", "/tmp/new/sub/deep/f", $"/tmp/{Path.GetFileName(root)}/sub/link", "/root/sub/link")).Ok().Replace("deepdeep", "", StringComparison.Ordinal));
        Assert.Equal("500", (await room.Docker("exec", name, "stat", "-c", "%a", "/root/sub/deep/f")).Ok());

        (await room.Client(client, "cp", name + ":/tmp/new/sub", root + "/back")).Ok();
        Assert.Equal("deep", await File.ReadAllTextAsync(root + "/back/deep/f"));
        Assert.Equal("deep/f", new FileInfo(root + "/back/link").LinkTarget);
        Assert.NotEqual(0, (await room.Client(client, "cp", root, name + ":/etc/passwd")).Code);
        Assert.NotEqual(0, (await room.Client(client, "cp", root, name + ":/no/such/dir")).Code);
        await room.Remove(name);
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task StreamsAreUnpackedAndOwnersKept(string client)
    {
        var name = await room.Sleeper();
        var archive = Path.Combine(room.Home, EngineRoom.Name("tar"));
        using (var tar = new TarWriter(File.Create(archive)))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "mine") { Uid = 1234, Gid = 77, DataStream = new MemoryStream("x"u8.ToArray()) });
        }

        foreach (var (option, owner) in ((string[], string)[])[([], "1234:77"), (["-a"], "1234:77")])
        {
            using var command = room.Start(client, ["cp", .. option, "-", name + ":/tmp"]);
            await using (var file = File.OpenRead(archive))
            {
                await file.CopyToAsync(command.Process.StandardInput.BaseStream);
            }

            (await command.EndAsync()).Ok();
            Assert.Equal(owner, (await room.Docker("exec", name, "stat", "-c", "%u:%g", "/tmp/mine")).Ok());
        }

        await File.WriteAllTextAsync(archive + ".f", "y");
        (await room.Client(client, "cp", archive + ".f", name + ":/tmp/f")).Ok();
        Assert.Equal("0:0", (await room.Docker("exec", name, "stat", "-c", "%u:%g", "/tmp/f")).Ok());
        await room.Remove(name);
    }

    /// <summary>Each start copies and reads the host's mount table: containers that run must not make it longer.</summary>
    [Fact]
    public async Task RunningContainersAreInNoMountTableButTheirOwnAndStillExported()
    {
        var volume = EngineRoom.Name("v");
        var name = await room.Sleeper("-v", volume + ":/data", "--tmpfs", "/fast");
        var id = await room.Inspect(name, "{{.Id}}");
        (await room.Docker("exec", name, "sh", "-c", "echo new >/etc/new; echo kept >/data/inside; echo fast >/fast/inside")).Ok();
        await Wait.UntilAsync("the root filesystem has left the host's mount table", () => Scratch.Mounts(room.Daemon.DataRoot).All(mount => !mount.Contains(id, StringComparison.Ordinal)));
        Assert.Equal("new\n", await File.ReadAllTextAsync(await room.Inspect(name, "{{.GraphDriver.Data.MergedDir}}") + "/etc/new"));

        foreach (var state in (string[])["pause", "unpause", "restart", "stop"])
        {
            (await room.Docker(state == "stop" ? [state, "-t", "0", name] : [state, name])).Ok();
            var archive = Path.Combine(room.Home, EngineRoom.Name("tar"));
            (await room.Docker("export", "-o", archive, name)).Ok();
            Assert.Equal(["data/", "etc/new", "fast/"], Entries(archive).Where(entry => entry is "etc/new" || entry.StartsWith("data", StringComparison.Ordinal) || entry.StartsWith("fast", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        }

        await room.Remove(name);
        (await room.Docker("volume", "rm", volume)).Ok();
    }

    [Fact]
    public async Task VolumesStoppedAndReadOnlyContainersAreServed()
    {
        var volume = EngineRoom.Name("v");
        var name = EngineRoom.Name();
        var file = Path.Combine(room.Home, EngineRoom.Name("f"));
        await File.WriteAllTextAsync(file, "content");
        (await room.Docker("create", "--network", "none", "--name", name, "-v", volume + ":/data", "busybox", "sleep", "1000")).Ok();
        (await room.Docker("cp", file, name + ":/data/f")).Ok();
        Assert.Equal("content", (await room.Run("-v", volume + ":/d", "busybox", "cat", "/d/f")).Ok());
        Assert.DoesNotContain(Scratch.Mounts(room.Daemon.DataRoot), mount => mount.Contains(volume, StringComparison.Ordinal));
        (await room.Docker("start", name)).Ok();
        (await room.Docker("pause", name)).Ok();
        (await room.Docker("cp", name + ":/data/f", file + ".paused")).Ok();
        await room.Remove(name);

        var closed = await room.Sleeper("--read-only", "-v", volume + ":/data:ro");
        (await room.Docker("cp", file, closed + ":/tmp/x")).Fails("read-only");
        (await room.Docker("cp", file, closed + ":/data/x")).Fails("read-only");
        (await room.Docker("cp", closed + ":/data/f", file + ".read")).Ok();
        await room.Remove(closed);
        (await room.Docker("volume", "rm", volume)).Ok();
    }

    [Fact]
    public async Task Check41_OddFilesNeverHang()
    {
        var name = await room.Sleeper();
        (await room.Docker("exec", name, "sh", "-c", "busybox mkfifo /tmp/fifo; mknod /tmp/null c 1 3; busybox truncate -s 5G /tmp/sparse; ln -s loop /tmp/loop")).Ok();
        foreach (var path in (string[])["/tmp/fifo", "/tmp/null"])
        {
            var tar = await room.Docker("cp", name + ":" + path, "-");
            Assert.InRange(tar.Output.Length, 0, 20_000);
        }

        Assert.NotEqual(0, (await room.Docker("cp", "-L", name + ":/tmp/loop", "-")).Code);
        Assert.NotEqual(0, (await room.Docker("cp", name + ":/proc/1/root/../../../../etc/no-such", "-")).Code);
        var stat = (await room.Docker("exec", name, "stat", "-c", "%s", "/tmp/sparse")).Ok();
        Assert.Equal("5368709120", stat);
        await room.Remove(name);
    }

    [Fact]
    public async Task TheApiTellsPathsAndRefuses()
    {
        var id = await room.Daemon.RunAsync("sleep 1000");
        await using (var head = await room.Daemon.Api.RequestAsync("HEAD", $"/containers/{id}/archive?path=/etc/passwd"))
        {
            var stat = JsonNode.Parse(Convert.FromBase64String(head.Headers["X-Docker-Container-Path-Stat"]))!;
            Assert.Equal(("passwd", 30L), ((string?)stat["name"], (long)stat["size"]!));
        }

        Assert.Equal(404, (await room.Daemon.RefusedAsync("GET", $"/containers/{id}/archive?path=/no/such")).StatusCode);
        Assert.Equal(400, (await room.Daemon.RefusedAsync("GET", $"/containers/{id}/archive")).StatusCode);
        Assert.Equal(400, (await room.Daemon.RefusedAsync("PUT", $"/containers/{id}/archive?path=/etc/passwd", "x")).StatusCode);
        Assert.InRange((await room.Daemon.RefusedAsync("PUT", $"/containers/{id}/archive?path=/tmp", "this is no archive")).StatusCode, 400, 400);
        await room.Daemon.RemoveAsync(id);
    }

    [Fact]
    public async Task ImagesAreMounted()
    {
        Assert.Equal("bin", (await room.Run("--mount", "type=image,source=busybox,target=/img", "busybox", "ls", "/img")).Lines()[0]);
        Assert.NotEqual(0, (await room.Run("--mount", "type=image,source=busybox,target=/img", "busybox", "touch", "/img/x")).Code);
        Assert.Equal("busybox", (await room.Run("--mount", "type=image,source=busybox,target=/img,image-subpath=bin", "busybox", "sh", "-c", "ls /img | grep '^busybox$'")).Ok());
        (await room.Run("--mount", "type=image,source=no-such,target=/img", "busybox", "true")).Exits(125);
        (await room.Run("--mount", "type=image,source=busybox,target=/img,image-subpath=../..", "busybox", "true")).Exits(125);
    }

    private static IEnumerable<string> Entries(string archive)
    {
        using var tar = new TarReader(File.OpenRead(archive));
        while (tar.GetNextEntry() is { } entry)
        {
            yield return entry.Name;
        }
    }
}
