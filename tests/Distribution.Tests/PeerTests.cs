using System.Formats.Tar;
using System.Text;
using Slipway.DockerApi;
using Slipway.Distribution.Authorization;
using Slipway.Distribution.Tests.Fixture;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Tests;

/// <summary>Pushes to and pulls from Debian's docker-registry.</summary>
public sealed class PeerTests
{
    [Fact]
    public async Task What_is_pushed_is_pulled_back_packed_once_and_mounted_next_door()
    {
        using var registry = await DebianRegistry.StartAsync();
        await using var here = await PrivateEngine.StartAsync();
        await using var there = await PrivateEngine.StartAsync();
        await LoadAsync(here, $"{registry.Host}/x/app:v1", 3_000_000);
        var first = await PushAsync(here, $"{registry.Host}/x/app:v1");
        Assert.Contains(first, message => message.Status == "Pushed");
        Assert.Contains("\"Tag\":\"v1\"", first[^1].Aux.ToString(), StringComparison.Ordinal);
        var image = here.Engine.Images.Resolve($"{registry.Host}/x/app:v1");
        Assert.Equal(MediaTypes.OciLayerGzip, Assert.Single(image.Manifest.Layers).MediaType);
        Assert.Equal($"{registry.Host}/x/app@{image.Record.Target.Digest}", Assert.Single(image.RepoDigests));

        Assert.Contains(await PushAsync(here, $"{registry.Host}/x/app:v1"), message => message.Status == "Layer already exists");
        await here.Engine.TagImage.RunAsync(image.ImageId.ToString(), $"{registry.Host}/y/app", "v2");
        Assert.Contains(await PushAsync(here, $"{registry.Host}/y/app:v2"), message => message.Status == "Mounted from x/app");

        var messages = await there.PullAsync($"{registry.Host}/y/app:v2");
        Assert.Equal(["Pulling from y/app", "Pulling fs layer"], messages.Take(2).Select(message => message.Status));
        Assert.Equal($"Status: Downloaded newer image for {registry.Host}/y/app:v2", messages[^1].Status);
        Assert.Equal($"Status: Image is up to date for {registry.Host}/y/app:v2", (await there.PullAsync($"{registry.Host}/y/app:v2"))[^1].Status);
        Assert.Equal(image.ImageId, there.Engine.Images.Resolve($"{registry.Host}/y/app@{image.Record.Target.Digest}").ImageId);
        Assert.Equal(here.Engine.Snapshots.All.Select(row => row.ChainId), there.Engine.Snapshots.All.Select(row => row.ChainId));
    }

    [Fact]
    public async Task Check18_A_damaged_layer_is_not_pushed()
    {
        using var registry = await DebianRegistry.StartAsync();
        await using var room = await PrivateEngine.StartAsync();
        var name = $"{registry.Host}/x/app:v1";
        await LoadAsync(room, name, 3_000_000);
        var layer = Assert.Single(room.Engine.Images.Resolve(name).Manifest.Layers).Digest;
        using (var content = File.OpenHandle(Path.Combine(room.Engine.Paths.Content, "blobs", "sha256", layer.Hex), FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(content, "damage"u8, 1_000_000);
        }

        var failure = await Assert.ThrowsAsync<EngineException>(() => PushAsync(room, name));
        Assert.Equal((ErrorKind.Damaged, $"blob {layer} is damaged: its content does not match its digest"), (failure.Kind, failure.Message));
        failure = await Assert.ThrowsAsync<EngineException>(() => room.PullAsync(name));
        Assert.Equal($"manifest for {name} not found: manifest unknown: manifest unknown", failure.Message);
        Assert.Equal(layer, Assert.Single(room.Engine.Images.Resolve(name).Manifest.Layers).Digest);
    }

    [Fact]
    public async Task A_locked_registry_lets_in_who_has_the_password_and_the_authority()
    {
        using var registry = await DebianRegistry.StartAsync(locked: true);
        await using var room = await PrivateEngine.StartAsync(PrivateEngine.Impatient with { CertsDirectories = [registry.CertsDirectory] });
        await using var stranger = await PrivateEngine.StartAsync();
        await LoadAsync(room, $"{registry.Host}/x/app:v1", 1000);
        var failure = await Assert.ThrowsAsync<EngineException>(() => PushAsync(room, $"{registry.Host}/x/app:v1"));
        Assert.Contains("no basic auth credentials", failure.Message, StringComparison.Ordinal);
        await PushAsync(room, $"{registry.Host}/x/app:v1", PrivateEngine.Joe);
        Assert.Equal("Login Succeeded", (await room.Registries.CheckAuth.RunAsync(new AuthConfig { Username = "joe", Password = "secret", ServerAddress = registry.Host }, default)).Status);
        failure = await Assert.ThrowsAsync<EngineException>(() => room.Registries.CheckAuth.RunAsync(new AuthConfig { Username = "joe", Password = "wrong", ServerAddress = registry.Host }, default));
        Assert.Equal(ErrorKind.Unauthorized, failure.Kind);
        var found = await room.Registries.InspectDistribution.RunAsync(Reference.Parse($"{registry.Host}/x/app:v1"), PrivateEngine.Joe, default);
        Assert.Equal(Platform.Host.Architecture, Assert.Single(found.Platforms).Architecture);

        // Loopback is insecure by default, as with Docker: any certificate will do there.
        await stranger.PullAsync($"{registry.Host}/x/app:v1", PrivateEngine.Joe);
    }

    [Fact]
    public async Task What_is_not_there_is_said_in_dockers_words()
    {
        using var registry = await DebianRegistry.StartAsync();
        await using var room = await PrivateEngine.StartAsync();
        Assert.Equal($"manifest for {registry.Host}/nope:latest not found: manifest unknown: manifest unknown", await room.RefusedAsync($"{registry.Host}/nope:latest"));
        var failure = await Assert.ThrowsAsync<EngineException>(() => PushAsync(room, $"{registry.Host}/nope:latest"));
        Assert.Equal($"An image does not exist locally with the tag: {registry.Host}/nope", failure.Message);
        failure = await Assert.ThrowsAsync<EngineException>(() => room.PullAsync("127.0.0.1:1/nope:latest"));
        Assert.Contains("connection refused", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_gives_the_platform_that_is_asked_for_and_is_pushed_whole_when_it_is_whole()
    {
        using var registry = new HostileRegistry();
        using var target = await DebianRegistry.StartAsync();
        var host = new TestImage(TestImage.Layer("f", 1000, 3));
        var other = new TestImage(TestImage.Layer("f", 1000, 4));
        other.Config = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(other.Config).Replace(Platform.Host.Architecture, "riscv64", StringComparison.Ordinal));
        other.Manifest = other.Describe(other.Layers.Select(layer => (Digest.Of(layer).ToString(), (long)layer.Length)));
        registry.Add("x/app", "a", host);
        registry.Add("x/app", "b", other);
        string Entry(TestImage image, string architecture) =>
            $$"""{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{Digest.Of(image.Manifest)}}","size":{{image.Manifest.Length}},"platform":{"os":"linux","architecture":"{{architecture}}"} } """;
        registry.AddManifest("x/app", "latest", Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{Entry(other, "riscv64")}},{{Entry(host, Platform.Host.Architecture)}}]} """), MediaTypes.OciIndex);
        await using var room = await PrivateEngine.StartAsync();
        await room.PullAsync($"{registry.Host}/x/app:latest");
        Assert.Equal(Digest.Of(host.Config), room.Engine.Images.Resolve($"{registry.Host}/x/app:latest").ImageId);
        var failure = await Assert.ThrowsAsync<EngineException>(() => room.PullAsync($"{registry.Host}/x/app:latest", platform: Platform.Parse("linux/s390x")));
        Assert.Equal("no matching manifest for linux/s390x in the manifest list entries", failure.Message);

        await room.Engine.TagImage.RunAsync($"{registry.Host}/x/app:latest", $"{target.Host}/x/app", "part");
        await PushAsync(room, $"{target.Host}/x/app:part");
        await room.PullAsync($"{registry.Host}/x/app:latest", platform: Platform.Parse("linux/riscv64"));
        await PushAsync(room, $"{target.Host}/x/app:part");
        Assert.Equal(2, (await room.Registries.InspectDistribution.RunAsync(Reference.Parse($"{target.Host}/x/app:part"), RegistryCredentials.None, default)).Platforms.Count);
    }

    private static async Task<IReadOnlyList<JsonMessage>> PushAsync(PrivateEngine room, string name, RegistryCredentials? credentials = null)
    {
        var messages = new List<JsonMessage>();
        await room.Registries.PushImage.RunAsync(new PushRequest(Reference.Parse(name), null, credentials ?? RegistryCredentials.None), message =>
        {
            lock (messages)
            {
                messages.Add(message);
            }
        }, default);
        return messages;
    }

    // As docker save writes it: plain layers.
    private static async Task LoadAsync(PrivateEngine room, string name, int size)
    {
        var layer = TestImage.Layer("f", size, 5);
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            void Add(string path, byte[] content) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content) });
            Add("l/layer.tar", layer);
            Add("c.json", new TestImage(layer).Config);
            Add("manifest.json", Encoding.UTF8.GetBytes($$"""[{"Config":"c.json","RepoTags":["{{name}}"],"Layers":["l/layer.tar"]}]"""));
        }

        archive.Position = 0;
        await room.Engine.LoadImages.RunAsync(archive, null, null, default);
    }
}
