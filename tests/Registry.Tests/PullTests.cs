using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Oci;
using Slipway.Registry.Tests.Fixture;

namespace Slipway.Registry.Tests;

/// <summary>Pulling, listing and deleting, as distribution-spec describes them (reliability checks 29, 33, 34 and 35).</summary>
public sealed class PullTests
{
    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=990-", 990, 10)]
    [InlineData("bytes=-10", 990, 10)]
    [InlineData("bytes=5-100000", 5, 995)]
    public async Task Ranges_of_a_blob(string range, int from, int length)
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var blob = PrivateRegistry.Noise(1000);
        var digest = await registry.PushBlobAsync("a", blob);
        using var answer = await registry.SendAsync("GET", $"/v2/a/blobs/{digest}", null, "Range: " + range);
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {from}-{from + length - 1}/1000", answer.Content.Headers.ContentRange!.ToString());
        Assert.Equal(blob[from..(from + length)], await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Check29_Odd_ranges_and_conditions()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var digest = await registry.PushBlobAsync("a", PrivateRegistry.Noise(1000));
        foreach (var outside in (string[])["bytes=1000-", "bytes=5-4", "bytes=-0", "bytes=99999999999999-999999999999999"])
        {
            Assert.Equal((416, "RANGE_INVALID"), await registry.FailAsync("GET", $"/v2/a/blobs/{digest}", null, "Range: " + outside));
        }

        foreach (var ignored in (string[])["bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=--1"])
        {
            using var whole = await registry.SendAsync("GET", $"/v2/a/blobs/{digest}", null, "Range: " + ignored);
            Assert.Equal((HttpStatusCode.OK, 1000), (whole.StatusCode, (await whole.Content.ReadAsByteArrayAsync()).Length));
        }

        using var unchanged = await registry.SendAsync("GET", $"/v2/a/blobs/{digest}", null, $"If-None-Match: \"{digest}\"");
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task Large_and_empty_blobs()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var large = PrivateRegistry.Noise((5 << 20) + 123);
        Assert.Equal(large, await registry.Http.GetByteArrayAsync($"/v2/a/blobs/{await registry.PushBlobAsync("a", large)}"));
        Assert.Empty(await registry.Http.GetByteArrayAsync($"/v2/a/blobs/{await registry.PushBlobAsync("a", [])}"));
    }

    [Fact]
    public async Task Check34_Tags_and_repositories_in_pages()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await registry.PushImageAsync("a/b", $"t{i}", PrivateRegistry.Noise(10));
        }

        await registry.PushImageAsync("c", "x", PrivateRegistry.Noise(10));
        var seen = new List<string>();
        for (var next = "/v2/a/b/tags/list?n=2"; next is not null;)
        {
            using var page = await registry.SendAsync("GET", next);
            seen.AddRange(JsonNode.Parse(await page.Content.ReadAsStringAsync())!["tags"]!.AsArray().Select(tag => (string)tag!));
            next = page.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : null;
        }

        Assert.Equal(["t0", "t1", "t2", "t3", "t4"], seen);
        Assert.Equal("""{"name":"a/b","tags":[]}""", await registry.Http.GetStringAsync("/v2/a/b/tags/list?n=0"));
        Assert.Equal("""{"name":"a/b","tags":["t4"]}""", await registry.Http.GetStringAsync("/v2/a/b/tags/list?last=t3"));
        Assert.Equal("""{"repositories":["a/b"]}""", await registry.Http.GetStringAsync("/v2/_catalog?n=1"));
        Assert.Equal((404, "NAME_UNKNOWN"), await registry.FailAsync("GET", "/v2/nobody/tags/list"));
        foreach (var odd in (string[])["100000000", "-1", "x", "99999999999999999999"])
        {
            Assert.Equal((400, "PAGINATION_NUMBER_INVALID"), await registry.FailAsync("GET", $"/v2/a/b/tags/list?n={odd}"));
            Assert.Equal((400, "PAGINATION_NUMBER_INVALID"), await registry.FailAsync("GET", $"/v2/_catalog?n={odd}"));
        }
    }

    [Fact]
    public async Task Names_are_searched_for_by_those_who_may_pull_them()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        await registry.PushImageAsync("ann/web", "v1", PrivateRegistry.Noise(10), headers: PrivateRegistry.Basic("ann"));
        await registry.PushImageAsync("bob/web", "v1", PrivateRegistry.Noise(10), headers: PrivateRegistry.Basic("bob"));
        using var answer = await registry.SendAsync("GET", "/v1/search?q=we&n=25", null, PrivateRegistry.Basic("ann"));
        Assert.Equal("ann/web", (string?)Assert.Single(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["results"]!.AsArray())!["name"]);
        Assert.Equal(401, (await registry.FailAsync("GET", "/v1/search?q=web")).Status);
    }

    [Fact]
    public async Task Check29_Referrers_are_found_by_type()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var subject = Digest.Of(await registry.PushImageAsync("a", "v1", PrivateRegistry.Noise(10)));
        var link = $$""","subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":1}""";
        var first = PrivateRegistry.Manifest("{}"u8.ToArray(), PrivateRegistry.Noise(10), link + ""","artifactType":"x/sbom","annotations":{"k":"v"}""");
        var second = PrivateRegistry.Manifest("{}"u8.ToArray(), PrivateRegistry.Noise(10), link);
        using var put = await registry.PutAsync("a", Digest.Of(first).ToString(), first);
        Assert.Equal(subject.ToString(), put.Headers.GetValues("OCI-Subject").Single());
        using var other = await registry.PutAsync("a", Digest.Of(second).ToString(), second);

        using var all = await registry.SendAsync("GET", $"/v2/a/referrers/{subject}");
        Assert.Equal(MediaTypes.OciIndex, all.Content.Headers.ContentType!.ToString());
        Assert.Equal(2, Oci.Index.Parse(await all.Content.ReadAsByteArrayAsync()).Manifests.Count);
        using var some = await registry.SendAsync("GET", $"/v2/a/referrers/{subject}?artifactType=x%2Fsbom");
        Assert.Equal("artifactType", some.Headers.GetValues("OCI-Filters-Applied").Single());
        var found = Assert.Single(Oci.Index.Parse(await some.Content.ReadAsByteArrayAsync()).Manifests);
        Assert.Equal((Digest.Of(first), "x/sbom", "v"), (found.Digest, found.ArtifactType, found.Annotations!["k"]));
        Assert.Empty(Oci.Index.Parse(await registry.Http.GetByteArrayAsync($"/v2/a/referrers/{Digest.Of("x"u8)}")).Manifests);
        Assert.Equal((400, "DIGEST_INVALID"), await registry.FailAsync("GET", "/v2/a/referrers/sha256:x"));

        using var gone = await registry.SendAsync("DELETE", $"/v2/a/manifests/{Digest.Of(first)}");
        Assert.Single(Oci.Index.Parse(await registry.Http.GetByteArrayAsync($"/v2/a/referrers/{subject}")).Manifests);
    }

    [Fact]
    public async Task Check29_Deleting_by_tag_and_by_digest()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var manifest = await registry.PushImageAsync("a", "v1", PrivateRegistry.Noise(10));
        using var again = await registry.PutAsync("a", "v2", manifest);
        using var untag = await registry.SendAsync("DELETE", "/v2/a/manifests/v1");
        Assert.Equal(HttpStatusCode.Accepted, untag.StatusCode);
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await registry.FailAsync("GET", "/v2/a/manifests/v1"));
        Assert.Equal(200, (int)(await registry.SendAsync("GET", $"/v2/a/manifests/{Digest.Of(manifest)}")).StatusCode);
        using var delete = await registry.SendAsync("DELETE", $"/v2/a/manifests/{Digest.Of(manifest)}");
        Assert.Equal(HttpStatusCode.Accepted, delete.StatusCode);
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await registry.FailAsync("GET", "/v2/a/manifests/v2"));
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await registry.FailAsync("DELETE", $"/v2/a/manifests/{Digest.Of(manifest)}"));
    }

    [Fact]
    public async Task Check33_A_blob_that_one_repository_gives_up_stays_in_others()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var layer = PrivateRegistry.Noise(1000);
        await registry.PushImageAsync("a", "v1", layer);
        await registry.PushImageAsync("b", "v1", layer);
        using var deleted = await registry.SendAsync("DELETE", $"/v2/a/blobs/{Digest.Of(layer)}");
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Equal((404, "BLOB_UNKNOWN"), await registry.FailAsync("DELETE", $"/v2/a/blobs/{Digest.Of(layer)}"));
        await registry.Engine.CollectRepositories.RunAsync();
        Assert.Equal((404, "BLOB_UNKNOWN"), await registry.FailAsync("GET", $"/v2/a/blobs/{Digest.Of(layer)}"));
        Assert.Equal(layer, await registry.Http.GetByteArrayAsync($"/v2/b/blobs/{Digest.Of(layer)}"));

        await registry.Engine.Repositories.RemoveAsync("b");
        await registry.Engine.CollectRepositories.RunAsync();
        Assert.DoesNotContain(registry.Engine.Content.List(), digest => digest == Digest.Of(layer));
    }

    [Theory]
    [InlineData("/v2/A/tags/list", 400, "NAME_INVALID")]
    [InlineData("/v2/a//b/tags/list", 400, "NAME_INVALID")]
    [InlineData("/v2/a/../b/tags/list", 400, "NAME_INVALID")]
    [InlineData("/v2/a/%2e%2e/b/tags/list", 400, "NAME_INVALID")]
    [InlineData("/v2/_blobs/tags/list", 400, "NAME_INVALID")]
    [InlineData("/v2/tags/list", 400, "NAME_INVALID")]
    [InlineData("/v2/a/manifests/", 400, "TAG_INVALID")]
    [InlineData("/v2/a/blobs/sha256:..", 400, "DIGEST_INVALID")]
    [InlineData("/v2/a/nothing", 404, "UNSUPPORTED")]
    [InlineData("/etc/passwd", 404, "UNSUPPORTED")]
    public async Task Check34_Odd_addresses(string path, int status, string code)
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var answer = await RawAsync(registry, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains($"\"{code}\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check34_Long_names_are_refused()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        Assert.Equal((400, "NAME_INVALID"), await registry.FailAsync("GET", $"/v2/{new string('a', 256)}/tags/list"));
        Assert.Equal((404, "NAME_UNKNOWN"), await registry.FailAsync("GET", $"/v2/{new string('a', 255)}/tags/list"));
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")]
    [InlineData("Content-Length: 0\r\nContent-Length: 70", "")]
    [InlineData("Content-Length: 0, 0", "")]
    [InlineData("Content-Length: -1", "")]
    [InlineData("Transfer-Encoding: chunked, identity", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "1;\nxx\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "1;a=\nb\r\nx\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "-1\r\nx\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "0x1\r\nx\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "1\r\nxx0\r\n\r\n")]
    [InlineData("Folded: a\r\n b\r\nContent-Length: 0", "")]
    public async Task Check35_Smuggled_requests_are_never_seen(string headers, string body)
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var upload = await registry.SendAsync("POST", "/v2/a/blobs/uploads/");
        var answer = await RawAsync(registry, $"PATCH {upload.Headers.Location} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n{body}GET /v2/smuggled/tags/list HTTP/1.1\r\nHost: localhost\r\n\r\n", halfClose: false);
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("smuggled", answer, StringComparison.Ordinal);
        Assert.Equal(2, answer.Split("HTTP/1.1 ").Length);
    }

    [Theory]
    [InlineData("GET http://elsewhere/v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /v2/ HTTP/1.1\nHost: localhost\n\nGET /v2/smuggled/tags/list HTTP/1.1\nHost: localhost\n\n")]
    [InlineData("GET /v2/ HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere\r\n\r\n")]
    [InlineData("GET /v2/ HTTP/1.1\r\nHost: localhost\r\nA\0: b\r\n\r\n")]
    public async Task Check35_Malformed_heads_are_refused(string request)
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var answer = await RawAsync(registry, request, halfClose: false);
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Equal(2, answer.Split("HTTP/1.1 ").Length);
    }

    [Fact]
    public async Task Web_pages_of_others_are_refused_where_there_are_no_users()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        Assert.Equal((403, "DENIED"), await registry.FailAsync("GET", "/v2/_catalog", null, "Origin: http://evil.example"));
        Assert.Equal((403, "DENIED"), await registry.FailAsync("GET", "/v2/_catalog", null, "Host: evil.example:5000"));
    }

    private static async Task<string> RawAsync(PrivateRegistry registry, string request, bool halfClose = true)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(registry.Address);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        if (halfClose)
        {
            socket.Client.Shutdown(SocketShutdown.Send);
        }

        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token);
    }
}
