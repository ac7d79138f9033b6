using Slipway.Engine.Steps;
using Slipway.DockerApi;
using Slipway.Engine.Images;
using Slipway.Engine.Tests.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Tests.Images;

public sealed class VerbTests
{
    private static readonly byte[] Bottom = new TarBytes().Dir("etc/").File("etc/a", "below").End();
    private static readonly byte[] Top = new TarBytes().File("b", "above").End();

    [Fact]
    public async Task Saved_images_load_again_with_the_same_id_here_and_in_skopeo()
    {
        await using var store = await ImageStore.CreateAsync();
        await store.LoadAsync(new MemoryStream(Archives.Docker(["busybox:test", "other:1"], Bottom, Top)));
        var id = store.Images.Resolve("other:1").ImageId;
        var file = Path.Combine(store.Paths.DataRoot, "saved.tar");
        await using (var output = File.Create(file))
        {
            await new SaveImages(store.Images, store.Content, store.Events, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).RunAsync(["busybox:test", "other"], null, output, CancellationToken.None);
        }

        await using var second = await ImageStore.CreateAsync();
        var lines = await second.LoadFileAsync(file);
        Assert.Equal(["Loaded image: busybox:test\n", "Loaded image: other:1\n"], lines.Order());
        Assert.Equal(id, second.Images.Resolve("busybox:test").ImageId);
        Assert.Contains(id.ToString(), await Skopeo("inspect", "--raw", $"docker-archive:{file}:other:1"));
        Assert.Contains("amd64", await Skopeo("inspect", $"oci:{second.Paths.Content}:busybox:test"));
        await Skopeo("copy", $"oci:{second.Paths.Content}:other:1", $"docker-archive:{file}.copy:x:y");
        await second.LoadFileAsync(file + ".copy");
        Assert.Equal(id, second.Images.Resolve("x:y").ImageId);
    }

    [Fact]
    public async Task Names_ids_and_digests_find_the_image()
    {
        await using var store = await ImageStore.CreateAsync();
        await store.LoadAsync(new MemoryStream(Archives.Docker(["busybox:latest"], Bottom)));
        var image = store.Images.Resolve("busybox");
        var id = image.ImageId;
        foreach (var reference in new[] { id.ToString(), id.Hex, id.Short, id.Hex[..1], "sha256:" + id.Hex[..5], "docker.io/library/busybox:latest", image.Record.Target.Digest.ToString(), $"busybox@{image.Record.Target.Digest}" })
        {
            Assert.Equal(id, store.Images.Resolve(reference).ImageId);
        }

        Assert.Equal("No such image: nope:latest", Assert.Throws<EngineException>(() => store.Images.Resolve("nope")).Message);
        Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<EngineException>(() => store.Images.Resolve("UPPER")).Kind);
    }

    [Theory]
    [InlineData("sha256:../../etc/passwd")]
    [InlineData("sha256:ABCDEF")]
    [InlineData("sha1:0123456789")]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("a/%2e%2e/b")]
    [InlineData("ünïcode")]
    [InlineData("x@sha256:12")]
    public async Task Malformed_names_are_refused(string reference)
    {
        await using var store = await ImageStore.CreateAsync();
        var kind = Assert.Throws<EngineException>(() => store.Images.Resolve(reference)).Kind;
        Assert.True(kind is ErrorKind.InvalidArgument or ErrorKind.NotFound);
        Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<EngineException>(() => store.Images.Resolve(string.Join('/', Enumerable.Repeat("a", 300)))).Kind);
    }

    [Fact]
    public async Task Removing_follows_dockers_rules()
    {
        await using var store = await ImageStore.CreateAsync();
        List<ImageUse> uses = [];
        var garbage = new CollectGarbage(store.Content, store.Snapshots, store.Images, () => uses, new BuildCacheTable(store.State, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), new Slipway.Engine.Repositories.RepositoryTable(store.State, store.Content, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var remove = new RemoveImage(store.Images, store.Content, garbage, store.Events, () => uses);
        await store.LoadAsync(new MemoryStream(Archives.Docker(["a:1", "b:1"], Bottom, Top)));
        var image = store.Images.Resolve("a:1");
        var id = image.ImageId;

        var conflict = await Assert.ThrowsAsync<EngineException>(() => remove.RunAsync(id.Hex, false, true));
        Assert.Equal($"conflict: unable to delete {id.Short} (must be forced) - image is referenced in multiple repositories", conflict.Message);
        var elsewhere = await Assert.ThrowsAsync<EngineException>(() => remove.RunAsync("a:1", false, true, [Platform.Parse("linux/s390x")]));
        Assert.Equal((ErrorKind.NotFound, id), (elsewhere.Kind, store.Images.Resolve("a:1").ImageId));
        Assert.Equal(["a:1"], (await remove.RunAsync("a:1", false, true, [Platform.Host])).Select(item => item.Untagged));

        uses.Add(new ImageUse(new string('c', 64), id.ToString(), image.Record.ManifestDigest.ToString(), image.ChainIds[^1].ToString(), true));
        conflict = await Assert.ThrowsAsync<EngineException>(() => remove.RunAsync("b:1", false, true));
        Assert.Equal($"conflict: unable to remove repository reference \"b:1\" (must force) - container cccccccccccc is using its referenced image {id.Short}", conflict.Message);
        conflict = await Assert.ThrowsAsync<EngineException>(() => remove.RunAsync(id.Hex, true, true));
        Assert.Equal($"conflict: unable to delete {id.Short} (cannot be forced) - image is being used by running container cccccccccccc", conflict.Message);

        uses[0] = uses[0] with { Running = false };
        conflict = await Assert.ThrowsAsync<EngineException>(() => remove.RunAsync(id.Hex, false, true));
        Assert.Equal($"conflict: unable to delete {id.Short} (must be forced) - image is being used by stopped container cccccccccccc", conflict.Message);
        await remove.RunAsync(id.Hex, true, true);
        Assert.Empty(store.Images.All);
        Assert.Equal(2, store.Snapshots.LowerDirs(image.ChainIds[^1].ToString()).Count);

        uses.Clear();
        await garbage.RunAsync();
        Assert.Empty(store.Snapshots.All);
        Assert.Empty(store.Content.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(store.Paths.Snapshots));
    }

    [Fact]
    public async Task A_name_that_moves_leaves_a_dangling_image_that_prune_removes()
    {
        await using var store = await ImageStore.CreateAsync();
        var garbage = new CollectGarbage(store.Content, store.Snapshots, store.Images, () => [], new BuildCacheTable(store.State, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), new Slipway.Engine.Repositories.RepositoryTable(store.State, store.Content, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await store.LoadAsync(new MemoryStream(Archives.Docker(["a:1"], Bottom, Top)));
        await store.LoadAsync(new MemoryStream(Archives.Docker(["a:1"], Bottom)));
        var list = new ListImages(store.Images, store.Content, store.Snapshots, () => [], TimeProvider.System);
        Assert.Equal(2, list.Run(new ImageListRequest(false, Filters.None, true, true)).Count);
        Assert.Single(list.Run(new ImageListRequest(false, Filters.None.With("dangling", "true"), false, false)));
        Assert.Equal(["a:1"], list.Run(new ImageListRequest(false, Filters.None.With("reference", "a:*"), false, false)).Single().RepoTags!);
        var prune = new PruneImages(store.Images, new RemoveImage(store.Images, store.Content, garbage, store.Events, () => []), garbage, store.Content, () => [], TimeProvider.System);
        var blobs = store.Content.List().Sum(store.Content.Size);
        var report = await prune.RunAsync(Filters.None, CancellationToken.None);
        Assert.Equal(5 + blobs - store.Content.List().Sum(store.Content.Size), (long)report.SpaceReclaimed);
        Assert.Single(store.Images.All);
        Assert.Single(store.Snapshots.All);
    }

    [Fact]
    public async Task Import_takes_packed_archives_and_changes()
    {
        foreach (var pack in new[] { "gzip", "bzip2", "xz", "zstd" })
        {
            await using var store = await ImageStore.CreateAsync();
            var plain = Path.Combine(store.Paths.DataRoot, "root.tar");
            await File.WriteAllBytesAsync(plain, Bottom);
            Run(pack, "-k", plain);
            var packed = Directory.EnumerateFiles(store.Paths.DataRoot).Single(file => file.StartsWith(plain + ".", StringComparison.Ordinal));
            var import = new ImportImage(store.Content, store.Snapshots, store.Images, store.Events, TimeProvider.System);
            string[] changes = ["CMD [\"sh\"]", "ENV A=1 B=\"2 3\"", "EXPOSE 80 53/udp", "LABEL x=y", "WORKDIR /w", "USER 5", "VOLUME /v", "HEALTHCHECK --interval=3s CMD true", "ENTRYPOINT /go $A"];
            await using var body = File.OpenRead(packed);
            await import.RunAsync(body, new ImportRequest("imported", "1", null, changes, null, "-"), CancellationToken.None);
            var inspect = new InspectImage(store.Images, store.Content, store.Snapshots, () => []).Run("imported:1", null, false);
            Assert.Equal(["sh"], inspect.Config!.Cmd!);
            Assert.Equal(["A=1", "B=2 3"], inspect.Config.Env!);
            Assert.Equal(["53/udp", "80/tcp"], inspect.Config.ExposedPorts!.Keys.Order());
            Assert.Equal("/w", inspect.Config.WorkingDir);
            Assert.Equal(["CMD-SHELL", "true"], inspect.Config.Healthcheck!.Test!);
            Assert.Equal(["/bin/sh", "-c", "/go $A"], inspect.Config.Entrypoint!);
            Assert.Equal("Imported from -", inspect.Comment);
            Assert.Equal(Digest.Of(Bottom).ToString(), inspect.RootFS.Layers!.Single());
            Assert.Single(new ImageHistory(store.Images, store.Content).Run("imported:1", null));
        }
    }

    [Fact]
    public async Task A_flipped_byte_is_reported_as_damage_and_loading_again_heals_it()
    {
        await using var store = await ImageStore.CreateAsync();
        var archive = Archives.Docker(["a:1"], Bottom);
        await store.LoadAsync(new MemoryStream(archive));
        var image = store.Images.Resolve("a:1");
        foreach (var digest in new[] { image.ImageId, image.Record.ManifestDigest, Digest.Of(Bottom) })
        {
            var path = Path.Combine(store.Paths.Content, "blobs/sha256", digest.Hex);
            var bytes = await File.ReadAllBytesAsync(path);
            bytes[^20] ^= 1;
            await File.WriteAllBytesAsync(path, bytes);
            var damage = Assert.Throws<EngineException>(() => store.Content.Verify(digest));
            Assert.Equal(ErrorKind.Damaged, damage.Kind);
            Assert.Contains(digest.ToString(), damage.Message);
            await store.RestartAsync();
            Assert.Single(new ListImages(store.Images, store.Content, store.Snapshots, () => [], TimeProvider.System).Run(new ImageListRequest(false, Filters.None, false, false)));
            await store.LoadAsync(new MemoryStream(archive));
            store.Content.Verify(digest);
        }
    }

    [Fact]
    public async Task Unpacking_a_damaged_blob_fails_by_name_and_a_lost_snapshot_is_unpacked_again()
    {
        await using var store = await ImageStore.CreateAsync();
        await store.LoadAsync(new MemoryStream(Archives.Docker(["a:1"], Bottom)));
        var run = await store.Images.PrepareAsync("a:1", null, CancellationToken.None);
        Directory.Delete(Path.GetDirectoryName(store.Snapshots.LowerDirs(run.ChainId!)[0])!, true);
        await store.RestartAsync();
        run = await store.Images.PrepareAsync("a:1", null, CancellationToken.None);
        Assert.True(File.Exists(Path.Combine(store.Snapshots.LowerDirs(run.ChainId!)[0], "etc/a")));

        Directory.Delete(Path.GetDirectoryName(store.Snapshots.LowerDirs(run.ChainId!)[0])!, true);
        var blob = Path.Combine(store.Paths.Content, "blobs/sha256", Digest.Of(Bottom).Hex);
        var bytes = await File.ReadAllBytesAsync(blob);
        bytes[1024] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes);
        await store.RestartAsync();
        var damage = await Assert.ThrowsAsync<EngineException>(() => store.Images.PrepareAsync("a:1", null, CancellationToken.None));
        Assert.Equal(ErrorKind.Damaged, damage.Kind);
        Assert.Contains(Digest.Of(Bottom).ToString(), damage.Message);
        Assert.Empty(store.Leftovers());
    }

    private static async Task<string> Skopeo(params string[] arguments) => await Task.Run(() => Run("skopeo", arguments));

    private static string Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {error}");
        return output;
    }
}
