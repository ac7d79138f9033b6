using System.Net;
using System.Text.Json.Nodes;
using Slipway.DockerApi;
using Slipway.Distribution;
using Slipway.Distribution.Authorization;
using Slipway.Oci;
using Slipway.Registry.Tests.Fixture;

namespace Slipway.Registry.Tests;

/// <summary>Our registry with other people's clients, and with our own engine.</summary>
public sealed class PeerTests
{
    private static readonly string[] s_plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];

    [Fact]
    public async Task Skopeo_copies_inspects_syncs_and_deletes()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var manifest = await registry.PushImageAsync("a/app", "v1", PrivateRegistry.Noise(300_000));
        var from = $"docker://{registry.Address}/a/app:v1";
        await registry.RunAsync("skopeo", ["copy", "--preserve-digests", .. s_plain, from, $"dir:{registry.Root}/dir"]);
        await registry.RunAsync("skopeo", ["copy", "--preserve-digests", .. s_plain, $"dir:{registry.Root}/dir", $"docker://{registry.Address}/b/copy:x"]);
        Assert.Equal(manifest, await registry.Http.GetByteArrayAsync("/v2/b/copy/manifests/x"));
        await registry.RunAsync("skopeo", "sync", "--src", "docker", "--dest", "dir", "--src-tls-verify=false", $"{registry.Address}/a/app", $"{registry.Root}/sync");
        await registry.RunAsync("skopeo", "sync", "--src", "dir", "--dest", "docker", "--dest-tls-verify=false", "--scoped", $"{registry.Root}/sync", $"{registry.Address}/mirror");
        Assert.Contains(registry.Engine.Repositories.All, repository => repository.Name.StartsWith("mirror/", StringComparison.Ordinal) && repository.HasContent);
        var tags = JsonNode.Parse(await registry.RunAsync("skopeo", "list-tags", "--tls-verify=false", $"docker://{registry.Address}/a/app"))!;
        Assert.Equal("v1", (string?)tags["Tags"]![0]);
        await registry.RunAsync("skopeo", "delete", "--tls-verify=false", from);
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await registry.FailAsync("GET", "/v2/a/app/manifests/v1"));
    }

    [Fact]
    public async Task Skopeo_proves_who_it_is()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        await registry.PushImageAsync("ann/app", "v1", PrivateRegistry.Noise(1000), headers: PrivateRegistry.Basic("ann"));
        await registry.RunAsync("skopeo", ["copy", .. s_plain, "--src-creds", "ann:ann", "--dest-creds", "bob:bob", $"docker://{registry.Address}/ann/app:v1", $"docker://{registry.Address}/bob/app:v1"]);
        Assert.NotNull(registry.Engine.Repositories.Find("bob/app")!.Tag("v1"));
        await Assert.ThrowsAnyAsync<Exception>(() => registry.RunAsync("skopeo", ["copy", .. s_plain, "--src-creds", "ann:ann", "--dest-creds", "bob:bob", $"docker://{registry.Address}/ann/app:v1", $"docker://{registry.Address}/ann/app:v2"]));
        Assert.Null(registry.Engine.Repositories.Find("ann/app")!.Tag("v2"));
    }

    [Fact]
    public async Task The_engine_pulls_from_and_pushes_to_it_like_to_any_other()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        await PushRunnableAsync(registry, "ann/app", PrivateRegistry.Basic("ann"));
        using var client = Registries.For(registry.Engine);
        var ann = RegistryCredentials.From(new AuthConfig { Username = "ann", Password = "ann" });
        var name = Reference.Parse($"{registry.Address}/ann/app:v1");
        await client.PullImage.RunAsync(new PullRequest(name, null, ann), null, CancellationToken.None);
        var again = Reference.Parse($"{registry.Address}/ann/other:v1");
        await registry.Engine.TagImage.RunAsync(name.ToString(), again.Name, "v1");
        await client.PushImage.RunAsync(new PushRequest(again, null, ann), null, CancellationToken.None);
        Assert.NotNull(registry.Engine.Repositories.Find("ann/other")!.Tag("v1"));
        var refused = await Assert.ThrowsAsync<Slipway.Engine.EngineException>(() => client.PullImage.RunAsync(new PullRequest(name, null, RegistryCredentials.None), null, CancellationToken.None));
        Assert.Equal(Slipway.Engine.ErrorKind.Forbidden, refused.Kind);
    }

    [Fact]
    public async Task What_the_engine_has_is_not_copied()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var manifest = await PushRunnableAsync(registry, "a");
        using var client = Registries.For(registry.Engine, new OwnRegistry(registry.Address, false, RegistryServer.EngineHeader, PrivateRegistry.Key));
        var name = Reference.Parse($"localhost:{registry.Address.Port}/a:v1");
        await client.PullImage.RunAsync(new PullRequest(name, null, RegistryCredentials.None), null, CancellationToken.None);
        await registry.Engine.Repositories.RemoveAsync("a");
        var before = registry.Engine.Content.List().Count();

        var messages = new List<JsonMessage>();
        await client.PushImage.RunAsync(new PushRequest(name, null, RegistryCredentials.None), message =>
        {
            lock (messages)
            {
                messages.Add(message);
            }
        }, CancellationToken.None);
        Assert.DoesNotContain(messages, message => message.Status is "Pushing" or "Compressing");
        Assert.Equal(before, registry.Engine.Content.List().Count());
        Assert.Equal(manifest, await registry.Http.GetByteArrayAsync("/v2/a/manifests/v1"));
    }

    [Fact]
    public async Task Images_and_repositories_keep_content_for_each_other()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var manifest = Manifest.Parse(await PushRunnableAsync(registry, "a"));
        using var client = Registries.For(registry.Engine);
        var name = Reference.Parse($"{registry.Address}/a:v1");
        await client.PullImage.RunAsync(new PullRequest(name, null, RegistryCredentials.None), null, CancellationToken.None);
        await registry.Engine.RemoveImage.RunAsync(name.ToString(), force: true, prune: true);
        Assert.True(registry.Engine.Content.Contains(manifest.Layers[0].Digest));

        await client.PullImage.RunAsync(new PullRequest(name, null, RegistryCredentials.None), null, CancellationToken.None);
        await registry.Engine.Repositories.RemoveAsync("a");
        await registry.Engine.CollectRepositories.RunAsync();
        Assert.True(registry.Engine.Content.Contains(manifest.Layers[0].Digest));
        await registry.Engine.RemoveImage.RunAsync(name.ToString(), force: true, prune: true);
        Assert.False(registry.Engine.Content.Contains(manifest.Layers[0].Digest));
    }

    [Fact]
    public async Task Check18_Damage_is_named_and_healed_from_where_the_image_came()
    {
        await using var there = await PrivateRegistry.StartAsync();
        await using var here = await PrivateRegistry.StartAsync();
        var layer = Manifest.Parse(await PushRunnableAsync(there, "a")).Layers[0].Digest;
        using var client = Registries.For(here.Engine);
        var name = Reference.Parse($"{there.Address}/a:v1");
        await client.PullImage.RunAsync(new PullRequest(name, null, RegistryCredentials.None), null, CancellationToken.None);
        var lone = await here.PushBlobAsync("x", PrivateRegistry.Noise(100));
        Assert.Empty(await client.RepairContent.RunAsync(repair: true, CancellationToken.None));
        Flip(here, layer);
        Flip(here, lone);

        var found = await client.RepairContent.RunAsync(repair: false, CancellationToken.None);
        Assert.Equal(["image " + name, "repository x"], found.Select(damage => damage.Object).Order(StringComparer.Ordinal));
        Assert.All(found, damage => Assert.False(damage.Repaired));
        found = await client.RepairContent.RunAsync(repair: true, CancellationToken.None);
        Assert.True(Assert.Single(found, damage => damage.Object == "image " + name).Repaired);
        Assert.False(Assert.Single(found, damage => damage.Object == "repository x").Repaired);
        await here.PushBlobAsync("x", PrivateRegistry.Noise(100));
        Assert.Empty(await client.RepairContent.RunAsync(repair: false, CancellationToken.None));
    }

    [Fact]
    public async Task Check18_What_only_a_repository_has_is_healed_from_any_registry_that_has_it()
    {
        await using var there = await PrivateRegistry.StartAsync();
        await using var here = await PrivateRegistry.StartAsync();
        await PushRunnableAsync(there, "a");
        var layer = PrivateRegistry.Noise(70_000);
        await there.PushBlobAsync("a", layer);
        using var client = Registries.For(here.Engine);
        await client.PullImage.RunAsync(new PullRequest(Reference.Parse($"{there.Address}/a:v1"), null, RegistryCredentials.None), null, CancellationToken.None);

        // The blob came by a push, and an image of the same repository there tells where to ask.
        var lone = await here.PushBlobAsync("x", layer);
        Flip(here, lone);
        Assert.True(Assert.Single(await client.RepairContent.RunAsync(repair: true, CancellationToken.None)).Repaired);
        Assert.Equal(layer, await here.Http.GetByteArrayAsync($"/v2/x/blobs/{lone}"));
        File.Delete(Path.Combine(here.Engine.Paths.Content, "blobs", "sha256", lone.Hex));
        Assert.True(Assert.Single(await client.RepairContent.RunAsync(repair: true, CancellationToken.None)).Repaired);
        Assert.Empty(await client.RepairContent.RunAsync(repair: true, CancellationToken.None));
    }

    [Fact]
    public async Task Check18_Damaged_files_of_a_layer_and_rows_that_disagree_are_named()
    {
        await using var there = await PrivateRegistry.StartAsync();
        await using var here = await PrivateRegistry.StartAsync();
        await PushRunnableAsync(there, "a");
        using var client = Registries.For(here.Engine);
        await client.PullImage.RunAsync(new PullRequest(Reference.Parse($"{there.Address}/a:v1"), null, RegistryCredentials.None), null, CancellationToken.None);
        var file = Path.Combine(here.Engine.Paths.Snapshots, "1", "fs", "file");
        var right = await File.ReadAllBytesAsync(file);
        await File.WriteAllBytesAsync(file, new byte[right.Length]);
        Assert.Contains("its files are not those of layer", Assert.Single(await client.RepairContent.RunAsync(repair: false, CancellationToken.None)).Reason, StringComparison.Ordinal);
        var damage = Assert.Single(await client.RepairContent.RunAsync(repair: true, CancellationToken.None));
        Assert.True(damage.Repaired);
        Assert.StartsWith("snapshot sha256:", damage.Object, StringComparison.Ordinal);
        Assert.Equal(right, await File.ReadAllBytesAsync(file));
        Directory.Delete(Path.Combine(here.Engine.Paths.Snapshots, "1"), recursive: true);
        Assert.True(Assert.Single(await client.RepairContent.RunAsync(repair: true, CancellationToken.None)).Repaired);
        Assert.Empty(await client.RepairContent.RunAsync(repair: true, CancellationToken.None));

        var layer = PrivateRegistry.Noise(100);
        await here.PushImageAsync("x", "v1", layer);
        await here.Engine.Repositories.UnlinkAsync("x", Digest.Of(layer));
        damage = Assert.Single(await client.RepairContent.RunAsync(repair: false, CancellationToken.None), found => found.Object == "repository x");
        Assert.Contains($"needs {Digest.Of(layer)}, which it does not have", damage.Reason, StringComparison.Ordinal);
        await here.PushBlobAsync("x", layer);
        Assert.Empty(await client.RepairContent.RunAsync(repair: false, CancellationToken.None));
    }

    [Fact]
    public async Task Podman_and_buildah_pull_commit_and_push()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        await PushRunnableAsync(registry, "ann/app", PrivateRegistry.Basic("ann"));
        string[] store = ["--root", registry.Root + "/store", "--runroot", registry.Root + "/run-store", "--storage-driver", "vfs"];
        Task<string> PodmanAsync(params string[] arguments) => registry.RunAsync("podman", [.. store, "--events-backend", "none", "--cgroup-manager", "cgroupfs", .. arguments]);
        Task<string> BuildahAsync(params string[] arguments) => registry.RunAsync("buildah", [.. store, .. arguments]);
        var name = $"{registry.Address}/ann/app";
        string[] creds = ["--tls-verify=false", "--creds", "ann:ann"];
        await PodmanAsync(["pull", "-q", .. creds, name + ":v1"]);
        await PodmanAsync(["push", "-q", .. creds, name + ":v1", $"{registry.Address}/ann/podman:1"]);
        Assert.NotNull(registry.Engine.Repositories.Find("ann/podman")!.Tag("1"));
        await Assert.ThrowsAnyAsync<Exception>(() => PodmanAsync("push", "-q", "--tls-verify=false", "--creds", "bob:bob", name + ":v1", $"{registry.Address}/ann/podman:2"));

        var container = (await BuildahAsync("from", name + ":v1")).Trim();
        await File.WriteAllTextAsync(Path.Combine(registry.Root, "new"), "x");
        await BuildahAsync("copy", "-q", container, Path.Combine(registry.Root, "new"), "/new");
        await BuildahAsync("commit", "-q", container, "made:1");
        await BuildahAsync(["push", "-q", .. creds, "made:1", $"docker://{registry.Address}/ann/made:oci"]);
        await BuildahAsync(["push", "-q", .. creds, "--format", "v2s2", "made:1", $"docker://{registry.Address}/ann/made:docker"]);
        using var client = Registries.For(registry.Engine);
        foreach (var tag in (string[])["oci", "docker"])
        {
            await client.PullImage.RunAsync(new PullRequest(Reference.Parse($"{registry.Address}/ann/made:{tag}"), null, RegistryCredentials.From(new AuthConfig { Username = "ann", Password = "ann" })), null, CancellationToken.None);
            Assert.Equal(2, registry.Engine.Images.Resolve($"{registry.Address}/ann/made:{tag}").Manifest.Layers.Count);
        }
    }

    private static void Flip(PrivateRegistry registry, Digest digest)
    {
        using var file = File.Open(Path.Combine(registry.Engine.Paths.Content, "blobs", "sha256", digest.Hex), FileMode.Open);
        var first = file.ReadByte();
        file.Position = 0;
        file.WriteByte((byte)~first);
    }

    [Fact]
    public async Task Many_pulls_and_equal_pushes_at_once()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var layer = PrivateRegistry.Noise(3 << 20);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => registry.PushImageAsync($"p{i % 3}", $"t{i}", layer)));
        var pulls = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => registry.Http.GetByteArrayAsync($"/v2/p{i % 3}/blobs/{Digest.Of(layer)}")));
        Assert.All(pulls, pull => Assert.True(pull.AsSpan().SequenceEqual(layer)));
    }

    [Fact]
    public async Task Check33_Collecting_never_takes_from_a_push()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        using var stop = new CancellationTokenSource();
        var collecting = Task.Run(async () =>
        {
            for (var runs = 0; ; runs++)
            {
                await registry.Engine.CollectRepositories.RunAsync();
                if (stop.IsCancellationRequested)
                {
                    return runs;
                }
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            for (var round = 0; round < 5; round++)
            {
                await registry.PushImageAsync($"p{i}", $"t{round}", PrivateRegistry.Noise(20_000, (i * 100) + round));
            }
        }));
        await stop.CancelAsync();
        Assert.True(await collecting > 0);
        foreach (var repository in registry.Engine.Repositories.All)
        {
            Assert.Equal(5, repository.Manifests.Count);
            Assert.All(repository.Manifests.SelectMany(manifest => manifest.Blobs).Append(repository.Manifests[0].Digest), digest => registry.Engine.Content.Verify(digest));
        }
    }

    private static async Task<byte[]> PushRunnableAsync(PrivateRegistry registry, string repository, params string[] headers)
    {
        using var tar = new MemoryStream();
        await using (var writer = new System.Formats.Tar.TarWriter(tar, System.Formats.Tar.TarEntryFormat.Ustar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, "file") { DataStream = new MemoryStream(PrivateRegistry.Noise(100_000)) });
        }

        var layer = tar.ToArray();
        var config = System.Text.Encoding.UTF8.GetBytes($$"""{"architecture":"{{Platform.Host.Architecture}}","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["{{Digest.Of(layer)}}"]} }""");
        await registry.PushBlobAsync(repository, config, headers);
        await registry.PushBlobAsync(repository, layer, headers);
        var manifest = new Manifest
        {
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = Digest.Of(config), Size = config.Length },
            Layers = [new Descriptor { MediaType = MediaTypes.OciLayer, Digest = Digest.Of(layer), Size = layer.Length }],
        }.ToBytes();
        using var put = await registry.PutAsync(repository, "v1", manifest, headers: headers);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        return manifest;
    }
}
