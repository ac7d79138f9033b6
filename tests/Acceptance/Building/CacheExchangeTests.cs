using System.Security.Cryptography;
using System.Text;
using Slipway.Acceptance.Fixture;
using Slipway.Distribution.Tests.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>Results of steps, and images, that travel in directories of the client and in registries.</summary>
[Collection(BuildCollection.Name)]
public sealed class CacheExchangeTests(EngineRoom room)
{
    private const string TwoStages = "FROM busybox AS one\nRUN head -c 9 /dev/urandom | base64 > /one\nFROM busybox\nCOPY --from=one /one /one\nRUN head -c 9 /dev/urandom | base64 > /two\n";

    [Theory]
    [InlineData("slipway", "docker")]
    [InlineData("docker", "slipway")]
    public async Task ADirectoryGivesResultsBack(string writer, string reader)
    {
        var (context, directory) = (new Context(room, TwoStages), Path.Combine(room.Home, EngineRoom.Name("cache")));
        var first = await BuiltAsync(writer, context, "--cache-to", $"type=local,dest={directory},mode=max", "--cache-from", $"type=local,src={directory}");
        var files = (await room.Run(first, "cat", "/one", "/two")).Ok();
        await ForgetAsync(first);
        var (second, told) = await BuildAsync(reader, context, "--cache-from", $"type=local,src={directory}");
        Assert.Contains("taking over 3 results", told, StringComparison.Ordinal);
        Assert.Equal(3, told.Split(" CACHED\n").Length - 1);
        Assert.Equal(files, (await room.Run(second, "cat", "/one", "/two")).Ok());
        Assert.Contains("latest", File.ReadAllText(Path.Combine(directory, "index.json")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(directory, "ingest")));
        Assert.DoesNotContain("slipway-build-context", (await room.Docker("images", "-a")).Ok(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slipway")]
    [InlineData("docker")]
    public async Task ARegistryGivesResultsBack(string client)
    {
        using var registry = await DebianRegistry.StartAsync();
        var (context, place) = (new Context(room, TwoStages), $"{registry.Host}/{EngineRoom.Name("cache")}:1");
        var first = await BuiltAsync(client, context, "--cache-to", $"type=registry,ref={place},mode=max");
        var files = (await room.Run(first, "cat", "/one", "/two")).Ok();
        await ForgetAsync(first);
        var (second, told) = await BuildAsync(client, context, "--cache-from", $"type=registry,ref={place}");
        Assert.Equal(3, told.Split(" CACHED\n").Length - 1);
        Assert.Equal(files, (await room.Run(second, "cat", "/one", "/two")).Ok());
    }

    [Fact]
    public async Task AnImageCarriesItsOwnResults()
    {
        var context = new Context(room, "FROM busybox\nRUN head -c 9 /dev/urandom | base64 > /one\n");
        using var registry = await DebianRegistry.StartAsync();
        var place = $"{registry.Host}/{EngineRoom.Name("inline")}:1";
        (await room.Client("slipway", "build", "--cache-to", "type=inline", "-o", $"type=image,name={place},push=true", context.Path)).Ok();
        var file = (await room.Run(place, "cat", "/one")).Ok();
        await ForgetAsync(place);
        var (again, told) = await BuildAsync("docker", context, "--cache-from", place);
        Assert.Contains("CACHED", told, StringComparison.Ordinal);
        Assert.Equal(file, (await room.Run(again, "cat", "/one")).Ok());
    }

    // BuildKit's keys are those of its own graphs, so its caches are of no use here; a build that names one goes on without.
    [Fact]
    public async Task ACacheOfAnotherBuilderIsToldAndDoesNoHarm()
    {
        var directory = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("cache"))).FullName;
        var config = Blob(directory, """{"layers":[],"records":[{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}""");
        var index = Blob(directory, $$$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.buildkit.cacheconfig.v0","digest":"{{{config.Digest}}}","size":{{{config.Size}}}},"layers":[]}""");
        File.WriteAllText(Path.Combine(directory, "index.json"), $$$"""{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{{index.Digest}}}","size":{{{index.Size}}},"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}""");
        foreach (var client in (string[])["slipway", "docker"])
        {
            var (_, told) = await BuildAsync(client, new Context(room, "FROM busybox\nRUN echo anew\n"), "--cache-from", $"type=local,src={directory}");
            Assert.Contains("written by BuildKit itself", told, StringComparison.Ordinal);
        }

        (await room.Client("slipway", "build", "--cache-to", "type=gha", new Context(room, "FROM busybox\n").Path)).Fails("unknown cache exporter: \"gha\"");
    }

    // Absent, unreadable, damaged, of a kind that is not known, and of other builders: each is told, and the build goes on.
    [Theory]
    [InlineData("slipway")]
    [InlineData("docker")]
    public async Task ACacheThatCannotBeUsedFailsNoBuild(string client)
    {
        using var registry = await DebianRegistry.StartAsync();
        var place = $"{registry.Host}/{EngineRoom.Name("cache")}";
        await PutCacheConfigAsync(registry.Host, place.Split('/')[1]);
        var damaged = Path.Combine(room.Home, EngineRoom.Name("cache"));
        var context = new Context(room, TwoStages);
        var first = await BuiltAsync("slipway", context, "--cache-to", $"type=local,dest={damaged},mode=max");
        foreach (var blob in Directory.GetFiles(Path.Combine(damaged, "blobs", "sha256")).Where(blob => File.ReadAllBytes(blob).AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])))
        {
            File.WriteAllText(blob, "no layer any more");
        }

        await ForgetAsync(first);
        var unreadable = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("cache"))).FullName;
        File.WriteAllText(Path.Combine(unreadable, "index.json"), "{");
        string[] caches = [$"type=registry,ref={place}:buildkit", $"type=registry,ref={place}:absent", $"type=registry,ref={place}:odd", "type=registry,ref=127.0.0.1:1/x", "type=registry,ref=A:B:C", "type=gha,url=http://127.0.0.1:1",
            $"type=local,src={damaged}", "type=local,src=" + Path.Combine(room.Home, "absent"), .. client == "slipway" ? [$"type=local,src={unreadable}"] : Array.Empty<string>()];
        var (_, told) = await BuildAsync(client, context, [.. caches.SelectMany(cache => (string[])["--cache-from", cache])]);
        Assert.Contains($"importing cache manifest from {place}:buildkit", told, StringComparison.Ordinal);
        Assert.DoesNotContain(" CACHED\n", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheClassicBuilderDoesWithoutACacheOfAnotherPlatform()
    {
        var other = EngineRoom.Name("img");
        (await room.Client("slipway", "build", "--platform", "linux/riscv64", "-t", other, new Context(room, "FROM scratch\nCOPY Dockerfile /\n").Path)).Ok();
        (await new Context(room, "FROM busybox\nRUN true\n").TryAsync("docker", "--platform", "linux/" + (await room.Docker("version", "-f", "{{.Server.Arch}}")).Ok(), "--cache-from", other)).Ok();
    }

    [Theory]
    [InlineData("slipway")]
    [InlineData("docker")]
    public async Task ABuildStartsFromALayoutOfTheClient(string client)
    {
        var layout = Directory.CreateDirectory(Path.Combine(room.Home, EngineRoom.Name("layout"))).FullName;
        (await room.Client("slipway", "build", "-o", $"type=oci,dest={layout}.tar", new Context(room, "FROM busybox\nENV WHO=layout\nRUN echo from $WHO > /from\n").Path)).Ok();
        Tool.Run("tar", "xf", layout + ".tar", "-C", layout);
        var (name, _) = await BuildAsync(client, new Context(room, "FROM base\nRUN echo $WHO >> /from\nCOPY --from=base /from /again\n"), "--build-context", "base=oci-layout://" + layout);
        Assert.Equal("from layout\nlayout\nfrom layout", (await room.Run(name, "cat", "/from", "/again")).Ok());
        Assert.DoesNotContain("slipway-build-context", (await room.Docker("images", "-a")).Ok(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slipway")]
    [InlineData("docker")]
    public async Task FurtherContextsHaveListsOfTheirOwn(string client)
    {
        var more = new Context(room, "").Write("kept", "k").Write("left", "l").Write(".dockerignore", "left\nDockerfile\n.dockerignore\n");
        var (name, _) = await BuildAsync(client, new Context(room, "FROM busybox\nCOPY --from=more / /more/\n").Write("left", "of the main one").Write(".dockerignore", "kept\n"), "--build-context", "more=" + more.Path);
        Assert.Equal("kept", (await room.Run(name, "ls", "-A", "/more")).Ok());
    }

    // What BuildKit's registry exporter writes, and an image whose records are none.
    private static async Task PutCacheConfigAsync(string host, string repository)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{host}/v2/{repository}/") };
        async Task<string> PutAsync(string content)
        {
            var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
            using var begun = await http.PostAsync(new Uri("blobs/uploads/", UriKind.Relative), null);
            var place = begun.Headers.Location!.ToString();
            (await http.PutAsync(new Uri($"{place}&digest={digest}"), new StringContent(content))).EnsureSuccessStatusCode();
            return digest;
        }

        async Task TagAsync(string tag, string type, string configType, string config)
        {
            var document = $$$"""{"schemaVersion":2,"mediaType":"{{{type}}}","config":{"mediaType":"{{{configType}}}","digest":"{{{await PutAsync(config)}}}","size":{{{config.Length}}}},"layers":[]}""";
            using var content = new StringContent(document, Encoding.UTF8, new System.Net.Http.Headers.MediaTypeHeaderValue(type));
            (await http.PutAsync(new Uri("manifests/" + tag, UriKind.Relative), content)).EnsureSuccessStatusCode();
        }

        const string oci = "application/vnd.oci.image.manifest.v1+json";
        await TagAsync("buildkit", oci, "application/vnd.buildkit.cacheconfig.v0", """{"layers":[],"records":[{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","results":[{"layer":0}]}]}""");
        var records = Convert.ToBase64String("""{"layers":[],"records":[{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","results":[]}]}"""u8);
        await TagAsync("odd", oci, "application/vnd.oci.image.config.v1+json", $$$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"moby.buildkit.cache.v0":"{{{records}}}"}""");
    }

    private async Task ForgetAsync(string image)
    {
        (await room.Docker("rmi", "-f", image)).Ok();
        (await room.Client("slipway", "builder", "prune", "-af")).Ok();
    }

    private static (string Digest, int Size) Blob(string directory, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var hex = Convert.ToHexStringLower(SHA256.HashData(bytes));
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "blobs", "sha256")).FullName, hex), bytes);
        return ("sha256:" + hex, bytes.Length);
    }

    private async Task<string> BuiltAsync(string client, Context context, params string[] options) => (await BuildAsync(client, context, options)).Name;

    private async Task<(string Name, string Told)> BuildAsync(string client, Context context, params string[] options)
    {
        var name = EngineRoom.Name("img");
        string[] arguments = ["build", "--progress=plain", "-t", name, .. options, context.Path];
        var outcome = client == "slipway" ? await room.Client("slipway", arguments) : await Plugged.RunAsync(room, ["buildx", .. arguments]);
        outcome.Ok();
        return (name, outcome.Error);
    }
}
