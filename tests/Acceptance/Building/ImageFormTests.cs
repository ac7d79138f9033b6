using System.Text.Json;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>The forms that an image can have: times limited, packed in other ways, annotated, attested, for several platforms.</summary>
[Collection(BuildCollection.Name)]
public sealed class ImageFormTests(EngineRoom room)
{
    [Fact]
    public async Task TheSameDateGivesTheSameDigestTwice()
    {
        var context = new Context(room, "FROM busybox\nCOPY f /f\nRUN echo x > /x && mkdir -p /d/e\n").Write("f", "content");
        var digests = new List<string>();
        for (var round = 0; round < 2; round++)
        {
            File.SetLastWriteTimeUtc(Path.Combine(context.Path, "f"), DateTime.UnixEpoch.AddDays(20_000 + round));
            digests.Add((await room.Client("slipway", "build", "-q", "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1700000000", "-o", "type=image,rewrite-timestamp=true", "-t", "epoch", context.Path)).Ok());
            await Task.Delay(TimeSpan.FromSeconds(1.1));
        }

        Assert.Equal(digests[0], digests[1]);
        Assert.Equal("1700000000 x", (await room.Run("epoch", "sh", "-c", "echo $(stat -c %Y /d/e) $(cat /x)")).Ok());
    }

    [Fact]
    public async Task AttestationsTellWhatIsInAnImage()
    {
        var context = new Context(room, "FROM busybox\nARG SECRETIVE=1\nRUN mkdir -p /var/lib/dpkg /lib/apk/db && printf 'Package: zlib1g\\nStatus: install ok installed\\nArchitecture: amd64\\nSource: zlib\\nVersion: 1:1.2\\n\\nPackage: gone\\nStatus: deinstall ok config-files\\nVersion: 1\\n' > /var/lib/dpkg/status && printf 'P:musl\\nV:1.2.4-r2\\nA:x86_64\\nL:MIT\\n\\n' > /lib/apk/db/installed\n");
        var file = Path.Combine(room.Home, EngineRoom.Name("oci"));
        (await room.Client("slipway", "build", "-q", "--sbom", "true", "--provenance", "mode=min", "--build-arg", "SECRETIVE=private", "--annotation", "index:who=me", "--annotation", "about=it", "-o", $"type=oci,name=x.y/z:1,dest={file}.tar", context.Path)).Ok();
        Directory.CreateDirectory(file);
        Tool.Run("tar", "xf", file + ".tar", "-C", file);
        var index = Blob(file, Blob(file, "index.json").GetProperty("manifests")[0].GetProperty("digest").GetString()!);
        Assert.Equal("me", index.GetProperty("annotations").GetProperty("who").GetString());
        var (manifest, attached) = (index.GetProperty("manifests")[0], index.GetProperty("manifests")[1]);
        Assert.Equal("it", Blob(file, manifest.GetProperty("digest").GetString()!).GetProperty("annotations").GetProperty("about").GetString());
        Assert.Equal(manifest.GetProperty("digest").GetString(), attached.GetProperty("annotations").GetProperty("vnd.docker.reference.digest").GetString());
        var statements = Blob(file, attached.GetProperty("digest").GetString()!).GetProperty("layers").EnumerateArray().Select(layer => Blob(file, layer.GetProperty("digest").GetString()!)).ToList();
        Assert.Equal(["musl", "zlib1g"], statements[0].GetProperty("predicate").GetProperty("packages").EnumerateArray().Select(package => package.GetProperty("name").GetString()));
        Assert.StartsWith("pkg:docker/x.y/z@1?platform=", statements[0].GetProperty("subject")[0].GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("pkg:docker/busybox@latest", statements[1].GetProperty("predicate").GetProperty("materials")[0].GetProperty("uri").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("private", statements[1].GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralPlatformsAreOneImageAndForeignCommandsAreRefusedClearly()
    {
        var context = new Context(room, "FROM scratch AS base\nARG TARGETARCH\nCOPY f-$TARGETARCH /f\nFROM base AS run\nRUN [\"/f\"]\n").Write("f-amd64", "one").Write("f-s390x", "two");
        var file = Path.Combine(room.Home, EngineRoom.Name("oci"));
        (await room.Client("slipway", "build", "-q", "--target", "base", "--platform", "linux/s390x,linux/amd64", "-o", $"type=oci,dest={file}.tar", context.Path)).Ok();
        Directory.CreateDirectory(file);
        Tool.Run("tar", "xf", file + ".tar", "-C", file);
        var index = Blob(file, Blob(file, "index.json").GetProperty("manifests")[0].GetProperty("digest").GetString()!);
        Assert.Equal(["amd64", "s390x"], index.GetProperty("manifests").EnumerateArray().Select(one => one.GetProperty("platform").GetProperty("architecture").GetString()));
        foreach (var client in (string[])["slipway", "docker"])
        {
            var places = Path.Combine(room.Home, EngineRoom.Name("files"));
            string[] arguments = ["build", "--target", "base", "--platform", "linux/s390x,linux/amd64", "-o", places, context.Path];
            (client == "slipway" ? await room.Client("slipway", arguments) : await Plugged.RunAsync(room, ["buildx", .. arguments])).Ok();
            Assert.Equal(("one", "two"), (File.ReadAllText(places + "/linux_amd64/f"), File.ReadAllText(places + "/linux_s390x/f")));
        }

        if (!File.Exists("/proc/sys/fs/binfmt_misc/qemu-s390x"))
        {
            (await room.Client("slipway", "build", "--platform", "linux/s390x", context.Path)).Fails("cannot run programs for linux/s390x on this machine");
        }
    }

    [Fact]
    public async Task LayersArePackedAsAsked()
    {
        var context = new Context(room, "FROM busybox\nRUN echo packed > /p\n");
        var file = Path.Combine(room.Home, EngineRoom.Name("oci"));
        (await room.Client("slipway", "build", "-q", "-o", $"type=oci,dest={file}.tar,compression=zstd,force-compression=true", context.Path)).Ok();
        Directory.CreateDirectory(file);
        Tool.Run("tar", "xf", file + ".tar", "-C", file);
        var manifest = Blob(file, Blob(file, "index.json").GetProperty("manifests")[0].GetProperty("digest").GetString()!);
        Assert.All(manifest.GetProperty("layers").EnumerateArray(), layer => Assert.EndsWith("+zstd", layer.GetProperty("mediaType").GetString(), StringComparison.Ordinal));
        (await room.Docker("load", "-i", file + ".tar")).Ok();
        (await room.Client("slipway", "build", "-q", "-t", "zst", "-o", "type=image,compression=zstd", context.Path)).Ok();
        Assert.Equal("packed", (await room.Run("zst", "cat", "/p")).Ok());
    }

    [Fact]
    public async Task QuestionsAboutADockerfileAreAnswered()
    {
        var context = new Context(room, "# VERSION of it all\nARG VERSION=1\nFROM busybox AS one\nRUN --mount=type=secret,id=tok,required true\n# two is the second\nFROM one AS two\nARG MORE\n");
        Assert.Contains("two (default)  is the second", (await room.Client("slipway", "build", "--call", "targets", context.Path)).Ok().Replace("    ", "  ", StringComparison.Ordinal).Replace("   ", "  ", StringComparison.Ordinal), StringComparison.Ordinal);
        var outline = (await room.Client("slipway", "build", "--call", "outline", "--build-arg", "MORE=x", context.Path)).Ok();
        Assert.Matches("VERSION +1 +of it all\\nMORE +x", outline);
        Assert.Matches("tok +true", outline);
    }

    private static JsonElement Blob(string layout, string name)
    {
        var path = name.StartsWith("sha256:", StringComparison.Ordinal) ? Path.Combine(layout, "blobs", "sha256", name[7..]) : Path.Combine(layout, name);
        return JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
    }
}
