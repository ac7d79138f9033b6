using System.Text.Json.Nodes;
using Slipway.Acceptance.Fixture;
using Slipway.Distribution.Tests.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Registry;

/// <summary>The daemon's own registry with the docker client, our client and skopeo.</summary>
public sealed class OwnRegistryTests : RegistryRoom
{
    private const string Bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";

    [Fact]
    public async Task Images_go_there_and_come_back()
    {
        var name = $"{LocalName}/team/bb:1";
        await DockerAsync("tag", "busybox", name);
        Assert.DoesNotContain("Pushed", await DockerAsync("push", name), StringComparison.Ordinal);
        await DockerAsync("rmi", name);
        Assert.Contains("hello", await DockerAsync("run", "--rm", "--network", "none", name, "echo", "hello"), StringComparison.Ordinal);

        // Where others ask, the blobs are there.
        Tool.Run("skopeo", "copy", "--src-tls-verify=false", $"docker://{Address}/team/bb:1", $"dir:{Room.Root}/dir");
        Assert.Equal("1\n", await SlipwayAsync("registry", "tags", "team/bb"));
        await SlipwayAsync("copy", "-q", "team/bb:1", $"archive:{Room.Root}/bb.tar:x");
        await SlipwayAsync("copy", "-q", $"archive:{Room.Root}/bb.tar:x", $"oci:{Room.Root}/layout:y");
        await SlipwayAsync("copy", "-q", $"oci:{Room.Root}/layout:y", "team/copy:z");
        Assert.Equal("team/bb\nteam/copy\n", await SlipwayAsync("registry", "ls", "-q"));
        await SlipwayAsync("registry", "rm", "--all", "team/copy");
        await SlipwayAsync("registry", "gc");
        Assert.Equal("team/bb\n", await SlipwayAsync("registry", "ls", "-q"));
        Assert.Equal("Everything is sound\n", await SlipwayAsync("system", "check"));
    }

    [Fact]
    public async Task Signatures_are_verified_and_travel_with_the_image()
    {
        var name = $"{LocalName}/team/bb:1";
        await DockerAsync("tag", "busybox", name);
        await DockerAsync("push", name);
        var (mine, other) = (Key("mine"), Key("other"));
        var digest = (string)JsonNode.Parse(await SlipwayAsync("registry", "inspect", "team/bb:1"))!["Digest"]!;
        var failure = await FailAsync("verify", "--key", mine, "team/bb:1");
        Assert.Contains("has no signatures", failure, StringComparison.Ordinal);

        var payload = $$$"""{"critical":{"identity":{"docker-reference":"{{{name}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"cosign container image signature"},"optional":{"env":"prod"}}""";
        await PutAsync(digest.Replace(':', '-') + ".sig", payload, "mine", null);
        Assert.Equal($"team/bb@{digest}\n", await SlipwayAsync("verify", "-q", "--key", mine, "team/bb:1"));
        Assert.Equal($"team/bb@{digest}\n", await SlipwayAsync("verify", "--key", other, "--key", mine, "-a", "env=prod", "team/bb:1"));
        Assert.Contains("none of the 1 signatures", await FailAsync("verify", "--key", mine, "-a", "env=test", "team/bb:1"), StringComparison.Ordinal);
        Assert.Contains("none of the 1 signatures", await FailAsync("verify", "--key", other, "team/bb:1"), StringComparison.Ordinal);
        await PutAsync(digest.Replace(':', '-') + ".sig", payload.Replace(digest, "sha256:" + new string('a', 64), StringComparison.Ordinal), "mine", null);
        Assert.Contains("none of the 1 signatures", await FailAsync("verify", "--key", mine, "team/bb:1"), StringComparison.Ordinal);

        // As a referrer, here and at a registry that knows nothing of referrers, by way of a layout and an archive.
        await SlipwayAsync("registry", "rm", $"team/bb:{digest.Replace(':', '-')}.sig");
        await PutAsync(null, payload, "mine", digest);
        Assert.Equal($"team/bb@{digest}\n", await SlipwayAsync("verify", "-q", "--key", mine, "team/bb:1"));
        using var debian = await DebianRegistry.StartAsync();
        await SlipwayAsync("copy", "-q", "team/bb:1", $"oci:{Room.Root}/signed:x");
        Assert.Equal(digest + "\n", await SlipwayAsync("verify", "-q", "--key", mine, $"oci:{Room.Root}/signed:x"));
        await SlipwayAsync("copy", "-q", $"oci:{Room.Root}/signed:x", $"archive:{Room.Root}/signed.tar:x");
        await SlipwayAsync("copy", "-q", $"archive:{Room.Root}/signed.tar:x", $"{debian.Host}/far/bb:1");
        Assert.Equal($"{debian.Host}/far/bb@{digest}\n", await SlipwayAsync("verify", "-q", "--key", mine, $"{debian.Host}/far/bb:1"));
        await SlipwayAsync("copy", "-q", $"{debian.Host}/far/bb:1", "back/bb:1");
        Assert.Equal($"back/bb@{digest}\n", await SlipwayAsync("verify", "-q", "--key", mine, "back/bb:1"));
    }

    // As cosign writes them by default since its version 3: a statement in a DSSE envelope in a bundle.
    [Fact]
    public async Task Bundles_are_verified()
    {
        await DockerAsync("tag", "busybox", $"{LocalName}/team/bb:1");
        await DockerAsync("push", $"{LocalName}/team/bb:1");
        var (mine, other) = (Key("mine"), Key("other"));
        var digest = (string)JsonNode.Parse(await SlipwayAsync("registry", "inspect", "team/bb:1"))!["Digest"]!;
        await PutBundleAsync(Statement("https://slsa.dev/provenance/v1", digest), "mine", digest);
        Assert.Contains("has no signatures", await FailAsync("verify", "--key", mine, "team/bb:1"), StringComparison.Ordinal);
        await PutBundleAsync(Statement("https://sigstore.dev/cosign/sign/v1", "sha256:" + new string('a', 64)), "mine", digest);
        Assert.Contains("none of the 1 signatures", await FailAsync("verify", "--key", mine, "team/bb:1"), StringComparison.Ordinal);
        await PutBundleAsync(Statement("https://sigstore.dev/cosign/sign/v1", digest), "mine", digest, changed: true);
        Assert.Contains("none of the 2 signatures", await FailAsync("verify", "--key", mine, "team/bb:1"), StringComparison.Ordinal);
        await PutBundleAsync(Statement("https://sigstore.dev/cosign/sign/v1", digest), "mine", digest);
        Assert.Equal($"team/bb@{digest}\n", await SlipwayAsync("verify", "-q", "--key", mine, "team/bb:1"));
        Assert.Contains("none of the 3 signatures", await FailAsync("verify", "--key", other, "team/bb:1"), StringComparison.Ordinal);
    }

    private static string Statement(string kind, string digest) =>
        $$$"""{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"{{{digest["sha256:".Length..]}}}"}}],"predicateType":"{{{kind}}}","predicate":{}}""";

    private async Task PutBundleAsync(string statement, string key, string subject, bool changed = false)
    {
        const string type = "application/vnd.in-toto+json";
        var payload = System.Text.Encoding.UTF8.GetBytes(statement);
        var file = $"{Room.Root}/statement";
        await File.WriteAllBytesAsync(file, [.. System.Text.Encoding.UTF8.GetBytes($"DSSEv1 {type.Length} {type} {payload.Length} "), .. payload]);
        Tool.Run("openssl", "dgst", "-sha256", "-sign", $"{Room.Root}/{key}.key", "-out", file + ".sig", file);
        var signature = Convert.ToBase64String(await File.ReadAllBytesAsync(file + ".sig"));
        payload = changed ? [.. payload, (byte)' '] : payload;
        var bundle = $$$"""{"mediaType":"{{{Bundle}}}","verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":{"payload":"{{{Convert.ToBase64String(payload)}}}","payloadType":"{{{type}}}","signatures":[{"sig":"{{{signature}}}"}]}}""";
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Address}/") };
        foreach (var blob in (string[])[bundle, "{}"])
        {
            using var sent = await http.PostAsync($"/v2/team/bb/blobs/uploads/?digest={Digest(blob)}", new StringContent(blob));
            Assert.True(sent.IsSuccessStatusCode);
        }

        const string manifestType = "application/vnd.oci.image.manifest.v1+json";
        var size = (await http.GetByteArrayAsync($"/v2/team/bb/manifests/{subject}")).Length;
        var manifest = $$$"""{"schemaVersion":2,"mediaType":"{{{manifestType}}}","artifactType":"{{{Bundle}}}","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{{Digest("{}")}}}","size":2},"layers":[{"mediaType":"{{{Bundle}}}","digest":"{{{Digest(bundle)}}}","size":{{{bundle.Length}}}}],"subject":{"mediaType":"{{{manifestType}}}","digest":"{{{subject}}}","size":{{{size}}}}}""";
        var content = new StringContent(manifest);
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(manifestType);
        using var put = await http.PutAsync($"/v2/team/bb/manifests/{Digest(manifest)}", content);
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }

    // openssl signs as cosign does.
    private string Key(string name)
    {
        var key = $"{Room.Root}/{name}";
        Tool.Run("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key + ".key");
        Tool.Run("openssl", "ec", "-in", key + ".key", "-pubout", "-out", key + ".pub");
        return key + ".pub";
    }

    private async Task PutAsync(string? tag, string payload, string key, string? subject)
    {
        var file = $"{Room.Root}/payload";
        await File.WriteAllTextAsync(file, payload);
        Tool.Run("openssl", "dgst", "-sha256", "-sign", $"{Room.Root}/{key}.key", "-out", file + ".sig", file);
        var signature = Convert.ToBase64String(await File.ReadAllBytesAsync(file + ".sig"));
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Address}/") };
        foreach (var blob in (string[])[payload, "{}"])
        {
            using var sent = await http.PostAsync($"/v2/team/bb/blobs/uploads/?digest={Digest(blob)}", new StringContent(blob));
            Assert.True(sent.IsSuccessStatusCode);
        }

        const string type = "application/vnd.oci.image.manifest.v1+json";
        var about = subject is null ? "" : $$$""","subject":{"mediaType":"{{{type}}}","digest":"{{{subject}}}","size":{{{(await http.GetByteArrayAsync($"/v2/team/bb/manifests/{subject}")).Length}}}}""";
        var config = subject is null ? "application/vnd.oci.image.config.v1+json" : "application/vnd.dev.cosign.artifact.sig.v1+json";
        var manifest = $$$"""{"schemaVersion":2,"mediaType":"{{{type}}}","config":{"mediaType":"{{{config}}}","digest":"{{{Digest("{}")}}}","size":2},"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"{{{Digest(payload)}}}","size":{{{payload.Length}}},"annotations":{"dev.cosignproject.cosign/signature":"{{{signature}}}"}}]{{{about}}}}""";
        var content = new StringContent(manifest);
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(type);
        using var put = await http.PutAsync($"/v2/team/bb/manifests/{tag ?? Digest(manifest)}", content);
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }

    private static string Digest(string text) => "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private async Task<string> FailAsync(params string[] arguments)
    {
        using var command = CommandLine.Start(EngineRoom.SlipwayProgram, ["-H", "unix://" + Daemon.Socket, .. arguments], Home);
        var outcome = await command.EndAsync();
        Assert.Equal(1, outcome.Code);
        return outcome.Error;
    }

    private Task<string> DockerAsync(params string[] arguments) => RunAsync(EngineRoom.DockerProgram, arguments);

    private Task<string> SlipwayAsync(params string[] arguments) => RunAsync(EngineRoom.SlipwayProgram, arguments);

    private async Task<string> RunAsync(string program, string[] arguments)
    {
        using var command = CommandLine.Start(program, ["-H", "unix://" + Daemon.Socket, .. arguments], Home);
        var outcome = await command.EndAsync();
        Assert.True(outcome.Code == 0, $"{program} {string.Join(' ', arguments)}: {outcome.Error}");
        return outcome.Output;
    }
}
