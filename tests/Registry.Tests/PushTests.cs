using System.Net;
using System.Text;
using Slipway.Oci;
using Slipway.Registry.Tests.Fixture;

namespace Slipway.Registry.Tests;

/// <summary>Pushing, as distribution-spec describes it (reliability checks 29 to 31).</summary>
public sealed class PushTests
{
    [Fact]
    public async Task Check29_A_blob_arrives_in_one_piece_after_a_post()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var blob = PrivateRegistry.Noise(100_000);
        using var begun = await registry.SendAsync("POST", "/v2/a/b/blobs/uploads/");
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        using var done = await registry.SendAsync("PUT", $"{begun.Headers.Location}?digest={Digest.Of(blob)}", blob);
        Assert.Equal(HttpStatusCode.Created, done.StatusCode);
        Assert.Equal(Digest.Of(blob).ToString(), done.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal(blob, await registry.Http.GetByteArrayAsync(done.Headers.Location));
    }

    [Fact]
    public async Task Check30_Pieces_must_follow_each_other()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var blob = PrivateRegistry.Noise(3000);
        using var begun = await registry.SendAsync("POST", "/v2/a/blobs/uploads/");
        var place = begun.Headers.Location!.ToString();
        using var first = await registry.SendAsync("PATCH", place, blob[..1000], "Content-Range: 0-999");
        Assert.Equal((HttpStatusCode.Accepted, "0-999"), (first.StatusCode, first.Headers.GetValues("Range").Single()));
        foreach (var odd in (string[])["0-999", "2000-2999", "1000-1998", "999-1999"])
        {
            Assert.Equal((416, "BLOB_UPLOAD_INVALID"), await registry.FailAsync("PATCH", place, blob[1000..2000], "Content-Range: " + odd));
        }

        Assert.Equal((400, "BLOB_UPLOAD_INVALID"), await registry.FailAsync("PATCH", place, blob[1000..2000], "Content-Range: x"));
        using var second = await registry.SendAsync("PATCH", place, blob[1000..2000], "Content-Range: 1000-1999");
        using var status = await registry.SendAsync("GET", place);
        Assert.Equal((HttpStatusCode.NoContent, "0-1999"), (status.StatusCode, status.Headers.GetValues("Range").Single()));
        using var done = await registry.SendAsync("PUT", $"{place}?digest={Digest.Of(blob)}", blob[2000..], "Content-Range: 2000-2999");
        Assert.Equal(HttpStatusCode.Created, done.StatusCode);
        Assert.Equal((404, "BLOB_UPLOAD_UNKNOWN"), await registry.FailAsync("GET", place));
        Assert.Equal((404, "BLOB_UPLOAD_UNKNOWN"), await registry.FailAsync("PUT", $"{place}?digest={Digest.Of(blob)}"));
    }

    [Fact]
    public async Task Check30_Uploads_belong_to_their_repository_and_can_be_cancelled()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        using var begun = await registry.SendAsync("POST", "/v2/a/blobs/uploads/");
        var place = begun.Headers.Location!.ToString();
        Assert.Equal((404, "BLOB_UPLOAD_UNKNOWN"), await registry.FailAsync("PATCH", place.Replace("/v2/a/", "/v2/b/", StringComparison.Ordinal), [1]));
        Assert.Equal(404, (await registry.FailAsync("PATCH", "/v2/a/blobs/uploads/..%2f..%2fstate.db", [1])).Status);
        using var cancelled = await registry.SendAsync("DELETE", place);
        Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        Assert.Equal((404, "BLOB_UPLOAD_UNKNOWN"), await registry.FailAsync("PATCH", place, [1]));
        Assert.Empty(Directory.EnumerateFiles(registry.Engine.Paths.Uploads));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(registry.Engine.Paths.Uploads));
    }

    [Fact]
    public async Task Check30_Wrong_digests_are_refused_and_leave_nothing()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var wrong = Digest.Of("other"u8);
        Assert.Equal((400, "DIGEST_INVALID"), await registry.FailAsync("POST", $"/v2/a/blobs/uploads/?digest={wrong}", [1, 2]));
        foreach (var odd in (string[])["sha256:../../etc/passwd", "sha256:" + new string('A', 64), "sha256:1", "sha1:" + new string('a', 40), ""])
        {
            Assert.Equal((400, "DIGEST_INVALID"), await registry.FailAsync("POST", $"/v2/a/blobs/uploads/?digest={Uri.EscapeDataString(odd)}", [1, 2]));
        }

        Assert.Equal((400, "DIGEST_INVALID"), await registry.FailAsync("POST", $"/v2/a/blobs/uploads/?digest=sha512:{new string('a', 128)}", [1, 2]));
        Assert.Equal((404, "BLOB_UNKNOWN"), await registry.FailAsync("GET", $"/v2/a/blobs/{wrong}"));
        Assert.Empty(Directory.EnumerateFiles(registry.Engine.Paths.Uploads));
        Assert.DoesNotContain(registry.Engine.Content.List(), digest => digest == wrong);
    }

    [Fact]
    public async Task Content_may_be_named_by_sha512()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var (layer, config) = (PrivateRegistry.Noise(100_000), "{}"u8.ToArray());
        var name = "sha512:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(layer));
        using var begun = await registry.SendAsync("POST", "/v2/a/blobs/uploads/");
        var place = begun.Headers.Location!.ToString();
        await registry.SendAsync("PATCH", place, layer[..40_000]);
        using var done = await registry.SendAsync("PUT", $"{place}?digest={name}", layer[40_000..]);
        Assert.Equal((HttpStatusCode.Created, name), (done.StatusCode, done.Headers.GetValues("Docker-Content-Digest").Single()));
        Assert.Equal(layer, await registry.Http.GetByteArrayAsync($"/v2/a/blobs/{name}"));
        await registry.PushBlobAsync("a", config);
        var manifest = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(PrivateRegistry.Manifest(config, layer)).Replace(Digest.Of(layer).ToString(), name, StringComparison.Ordinal));
        var reference = "sha512:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(manifest));
        using var put = await registry.PutAsync("a", reference, manifest);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(manifest, await registry.Http.GetByteArrayAsync($"/v2/a/manifests/{reference}"));
        Assert.Equal((400, "DIGEST_INVALID"), await registry.FailAsync("PUT", $"/v2/a/manifests/sha512:{new string('b', 128)}", manifest, "Content-Type: " + MediaTypes.OciManifest));
        await registry.Engine.CollectRepositories.RunAsync();
        registry.Engine.Content.Verify(new Digest(name));
    }

    [Fact]
    public async Task Check18_A_damaged_blob_is_replaced_by_a_new_upload()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var blob = PrivateRegistry.Noise(5000);
        var digest = await registry.PushBlobAsync("a", blob);
        var file = Path.Combine(registry.Engine.Paths.Content, "blobs", "sha256", digest.Hex);
        await File.WriteAllBytesAsync(file, blob[..10]);
        Assert.Equal((404, ""), await registry.FailAsync("HEAD", $"/v2/a/blobs/{digest}"));
        await registry.PushBlobAsync("a", blob);
        Assert.Equal(blob, await registry.Http.GetByteArrayAsync($"/v2/a/blobs/{digest}"));
    }

    [Fact]
    public async Task Check32_Mounting_needs_the_source_to_have_the_blob()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var digest = await registry.PushBlobAsync("a", PrivateRegistry.Noise(5000));
        using var mounted = await registry.SendAsync("POST", $"/v2/b/blobs/uploads/?mount={digest}&from=a");
        Assert.Equal((HttpStatusCode.Created, $"/v2/b/blobs/{digest}"), (mounted.StatusCode, mounted.Headers.Location!.ToString()));
        using var none = await registry.SendAsync("POST", $"/v2/b/blobs/uploads/?mount={Digest.Of("x"u8)}&from=a");
        Assert.Equal(HttpStatusCode.Accepted, none.StatusCode);
        using var nobody = await registry.SendAsync("POST", $"/v2/c/blobs/uploads/?mount={digest}");
        Assert.Equal(HttpStatusCode.Accepted, nobody.StatusCode);
    }

    [Fact]
    public async Task Check29_Manifests_are_kept_byte_for_byte_with_their_type()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var manifest = await registry.PushImageAsync("a/b", "v1", PrivateRegistry.Noise(2000), ",\"annotations\":{ \"x\" : \"y\" }");
        foreach (var reference in (string[])["v1", Digest.Of(manifest).ToString()])
        {
            using var answer = await registry.SendAsync("GET", $"/v2/a/b/manifests/{reference}");
            Assert.Equal(manifest, await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal(MediaTypes.OciManifest, answer.Content.Headers.ContentType!.ToString());
            using var head = await registry.SendAsync("HEAD", $"/v2/a/b/manifests/{reference}");
            Assert.Equal((HttpStatusCode.OK, manifest.Length, Digest.Of(manifest).ToString()), (head.StatusCode, (int)head.Content.Headers.ContentLength!, head.Headers.GetValues("Docker-Content-Digest").Single()));
        }
    }

    [Fact]
    public async Task Check31_Odd_manifests_are_refused()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var layer = PrivateRegistry.Noise(2000);
        var good = await registry.PushImageAsync("a", "v1", layer);
        Task<(int, string)> Put(string reference, byte[] manifest, string type = MediaTypes.OciManifest) => registry.FailAsync("PUT", $"/v2/a/manifests/{reference}", manifest, "Content-Type: " + type);

        Assert.Equal((404, "MANIFEST_BLOB_UNKNOWN"), await Put("v2", PrivateRegistry.Manifest("{}"u8.ToArray(), PrivateRegistry.Noise(3, 7))));
        Assert.Equal((400, "DIGEST_INVALID"), await Put(Digest.Of("x"u8).ToString(), good));
        Assert.Equal((400, "DIGEST_INVALID"), await Put("sha256:abc", good));
        Assert.Equal((400, "TAG_INVALID"), await Put("-x", good));
        Assert.Equal((400, "MANIFEST_INVALID"), await Put("v2", good, MediaTypes.OciIndex));
        Assert.Equal((400, "MANIFEST_INVALID"), await Put("v2", good, "text/plain"));
        Assert.Equal((400, "MANIFEST_INVALID"), await Put("v2", "{}"u8.ToArray()));
        Assert.Equal((400, "MANIFEST_INVALID"), await Put("v2", "nonsense"u8.ToArray()));
        Assert.Equal((400, "MANIFEST_INVALID"), await Put("v2", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(good).Replace("\"layers\"", "\"manifests\":[],\"layers\"", StringComparison.Ordinal))));
        Assert.Equal((400, "MANIFEST_INVALID"), await Put("v2", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(good).Replace("\"size\":2000", "\"size\":2001", StringComparison.Ordinal))));
        Assert.Equal((413, "SIZE_INVALID"), await Put("v2", new byte[(4 << 20) + 1]));
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await registry.FailAsync("GET", "/v2/a/manifests/v2"));
    }

    [Fact]
    public async Task Check32_What_an_image_here_has_is_not_visible_in_a_repository()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var digest = registry.Engine.Content.Put("of an image"u8, "text/plain").Digest;
        Assert.Equal((404, "BLOB_UNKNOWN"), await registry.FailAsync("GET", $"/v2/a/blobs/{digest}"));
        Assert.Equal((404, ""), await registry.FailAsync("HEAD", $"/v2/a/blobs/{digest}"));

        // Our own engine needs not send what it has.
        using var own = await registry.SendAsync("HEAD", $"/v2/a/blobs/{digest}", null, "Slipway-Engine: " + PrivateRegistry.Key);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal("of an image", await registry.Http.GetStringAsync($"/v2/a/blobs/{digest}"));
        Assert.Equal((401, ""), await registry.FailAsync("HEAD", $"/v2/a/blobs/{digest}", null, "Slipway-Engine: wrong"));
    }
}
