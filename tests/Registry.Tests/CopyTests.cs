using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Daemon.Listeners;
using Slipway.Distribution;
using Slipway.Distribution.Copies;
using Slipway.Engine.Repositories;
using Slipway.Oci;
using Slipway.Registry.Tests.Fixture;

namespace Slipway.Registry.Tests;

/// <summary>Our registry as a pull-through cache of another one.</summary>
public sealed class CopyTests
{
    private static readonly DistributionOptions s_impatient = new() { CertsDirectories = [], FirstPause = TimeSpan.FromMilliseconds(5), MaxAttempts = 2, AnswerTimeout = TimeSpan.FromSeconds(5) };

    [Fact]
    public async Task What_is_asked_for_comes_once_and_stays()
    {
        await using var there = await PrivateRegistry.StartAsync();
        var layer = PrivateRegistry.Noise(5 << 20);
        var manifest = await there.PushImageAsync("team/app", "v1", layer);
        await using var here = await StartAsync(there, "up");
        using var asked = await here.SendAsync("GET", "/v2/up/team/app/manifests/v1");
        Assert.Equal((HttpStatusCode.OK, Digest.Of(manifest).ToString()), (asked.StatusCode, asked.Headers.GetValues("Docker-Content-Digest").Single()));
        Assert.Equal(manifest, await asked.Content.ReadAsByteArrayAsync());
        using var head = await here.SendAsync("HEAD", $"/v2/up/team/app/blobs/{Digest.Of(layer)}");
        Assert.Equal(layer.Length, head.Content.Headers.ContentLength);
        Assert.False(here.Engine.Content.Contains(Digest.Of(layer)));

        var before = await GetsAsync(there);
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => here.Http.GetByteArrayAsync($"/v2/up/team/app/blobs/{Digest.Of(layer)}")));
        Assert.All(all, one => Assert.True(one.AsSpan().SequenceEqual(layer)));
        Assert.Equal(1, await GetsAsync(there) - before - 1);
        using var part = await here.SendAsync("GET", $"/v2/up/team/app/blobs/{Digest.Of("{}"u8)}", null, "Range: bytes=1-");
        Assert.Equal((HttpStatusCode.PartialContent, "}"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        Assert.Equal("v1", (string?)JsonNode.Parse(await here.Http.GetStringAsync("/v2/up/team/app/tags/list"))!["tags"]![0]);
        Assert.Equal((405, "UNSUPPORTED"), await here.FailAsync("POST", "/v2/up/team/app/blobs/uploads/"));
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await here.FailAsync("GET", "/v2/up/team/nope/manifests/v1"));
        Assert.Equal((404, "BLOB_UNKNOWN"), await here.FailAsync("GET", $"/v2/up/team/app/blobs/{Digest.Of("unnamed"u8)}"));
        Assert.Null(here.Engine.Repositories.Find("up/team/nope"));

        await there.DisposeAsync();
        Assert.Equal(layer, await here.Http.GetByteArrayAsync($"/v2/up/team/app/blobs/{Digest.Of(layer)}"));
        Assert.Equal(manifest, await here.Http.GetByteArrayAsync($"/v2/up/team/app/manifests/{Digest.Of(manifest)}"));
    }

    [Fact]
    public async Task What_arrived_since_it_was_looked_for_is_not_fetched_again()
    {
        await using var there = await PrivateRegistry.StartAsync();
        var layer = PrivateRegistry.Noise(50_000);
        await there.PushImageAsync("app", "v1", layer);
        CopiedRepositories? copies = null;
        await using var here = await PrivateRegistry.StartAsync(copies: (engine, _) =>
            CopiesOfOthers.Describe(copies = CopiedRepositories.For(engine, [new UpstreamRegistry("up", there.Address.ToString(), false)], null, NullLogger.Instance, s_impatient), most: 0));
        await here.Http.GetByteArrayAsync("/v2/up/app/manifests/v1");
        var seen = copies!.Describe("up/app", Digest.Of(layer))!;
        Assert.Equal(layer, await here.Http.GetByteArrayAsync($"/v2/up/app/blobs/{Digest.Of(layer)}"));
        await there.DisposeAsync();
        using var blob = await copies.OpenAsync("up/app", seen, default);
        var content = new byte[layer.Length];
        for (var at = 0; at < content.Length;)
        {
            at += await blob.ReadAsync(content.AsMemory(at), at, default);
        }

        Assert.Equal(layer, content);
    }

    [Fact]
    public async Task Check18_Damaged_copies_are_fetched_again()
    {
        await using var there = await PrivateRegistry.StartAsync();
        var layer = PrivateRegistry.Noise(50_000);
        var manifest = await there.PushImageAsync("app", "v1", layer);
        await using var here = await StartAsync(there, "up");
        await here.Http.GetByteArrayAsync("/v2/up/app/manifests/v1");
        await here.Http.GetByteArrayAsync($"/v2/up/app/blobs/{Digest.Of(layer)}");
        foreach (var digest in (Digest[])[Digest.Of(layer), Digest.Of(manifest)])
        {
            await File.WriteAllBytesAsync(Path.Combine(here.Engine.Paths.Content, "blobs", "sha256", digest.Hex), [1, 2, 3]);
        }

        using var copies = CopiedRepositories.For(here.Engine, [new UpstreamRegistry("up", there.Address.ToString(), false)], null, NullLogger.Instance, s_impatient);
        using var client = Registries.For(here.Engine, null, copies);
        var found = await client.RepairContent.RunAsync(repair: true, CancellationToken.None);
        Assert.Equal(2, found.Count);
        Assert.All(found, damage => Assert.True(damage.Repaired, damage.Object + damage.Reason));
        Assert.Equal(layer, await here.Http.GetByteArrayAsync($"/v2/up/app/blobs/{Digest.Of(layer)}"));
        Assert.Equal(manifest, await here.Http.GetByteArrayAsync($"/v2/up/app/manifests/{Digest.Of(manifest)}"));
    }

    [Fact]
    public async Task Tags_follow_their_registry_and_stay_when_it_is_silent()
    {
        await using var there = await PrivateRegistry.StartAsync();
        await there.PushImageAsync("app", "v1", PrivateRegistry.Noise(1000));
        await there.PushImageAsync("app", "old", PrivateRegistry.Noise(1000, 5));
        var time = new ShiftedTime();
        await using var here = await StartAsync(there, "up", time);
        await here.Http.GetByteArrayAsync("/v2/up/app/manifests/v1");
        await here.Http.GetByteArrayAsync("/v2/up/app/manifests/old");
        var newer = await there.PushImageAsync("app", "v1", PrivateRegistry.Noise(1000, 2));
        await there.SendAsync("DELETE", "/v2/app/manifests/old");
        time.Shift += TimeSpan.FromMinutes(1);
        Assert.Equal(newer, await here.Http.GetByteArrayAsync("/v2/up/app/manifests/v1"));
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await here.FailAsync("GET", "/v2/up/app/manifests/old"));

        await there.DisposeAsync();
        time.Shift += TimeSpan.FromMinutes(1);
        Assert.Equal(newer, await here.Http.GetByteArrayAsync("/v2/up/app/manifests/v1"));
        Assert.Equal((503, "UNAVAILABLE"), await here.FailAsync("GET", "/v2/up/app/manifests/unknown"));
        Assert.Equal("v1", (string?)JsonNode.Parse(await here.Http.GetStringAsync("/v2/up/app/tags/list"))!["tags"]!.AsArray().Single());

        // What no tag leads to any more goes after a week.
        Assert.Equal(3, here.Engine.Repositories.Find("up/app")!.Manifests.Count);
        time.Shift += TimeSpan.FromDays(8);
        await here.SendAsync("POST", "/slipway/v1/gc", "{}"u8.ToArray());
        Assert.Equal(Digest.Of(newer), Assert.Single(here.Engine.Repositories.Find("up/app")!.Manifests).Digest);
    }

    [Fact]
    public async Task A_mirror_serves_dockerd_and_containerd()
    {
        await using var there = await PrivateRegistry.StartAsync();
        var manifest = await there.PushImageAsync("library/app", "v1", PrivateRegistry.Noise(1000));
        await using var here = await StartAsync(there, "up", mirror: true);
        var own = await here.PushImageAsync("library/own", "v1", PrivateRegistry.Noise(1000, 2));
        Assert.Equal(manifest, await here.Http.GetByteArrayAsync("/v2/library/app/manifests/v1"));
        Assert.Equal(own, await here.Http.GetByteArrayAsync("/v2/library/own/manifests/v1"));
        Assert.Equal(manifest, await here.Http.GetByteArrayAsync($"/v2/library/app/manifests/v1?ns={there.Address}"));
        Assert.Null(here.Engine.Repositories.Find("library/app"));
        Assert.NotNull(here.Engine.Repositories.Find("up/library/app"));
    }

    [Fact]
    public async Task Our_credentials_open_the_other_registry_and_grants_ours()
    {
        await using var there = await PrivateRegistry.StartAsync(withUsers: true);
        var manifest = await there.PushImageAsync("ann/app", "v1", PrivateRegistry.Noise(1000), headers: PrivateRegistry.Basic("ann"));
        await using var here = await StartAsync(there, "up", withUsers: true, credentials: "ann");
        Assert.Equal(401, (await here.FailAsync("GET", "/v2/up/ann/app/manifests/v1")).Status);
        Assert.Equal(403, (await here.FailAsync("GET", "/v2/up/ann/app/manifests/v1", null, PrivateRegistry.Basic("bob"))).Status);
        await here.Engine.Grants.SetAsync(new Grant { User = "bob", Repository = "up/*", Actions = ["pull"] });
        using var answer = await here.SendAsync("GET", "/v2/up/ann/app/manifests/v1", null, await here.TokenAsync("bob", "repository:up/ann/app:pull"));
        Assert.Equal(manifest, await answer.Content.ReadAsByteArrayAsync());
        await here.Engine.Grants.SetAsync(new Grant { User = "*", Repository = "up/*", Actions = ["pull"] });
        Assert.Equal(manifest, await here.Http.GetByteArrayAsync("/v2/up/ann/app/manifests/v1"));
        await Assert.ThrowsAsync<Slipway.Engine.EngineException>(() => here.Engine.Grants.SetAsync(new Grant { User = "*", Repository = "up/*", Actions = ["push"] }));
        await File.WriteAllTextAsync(Path.Combine(here.Root, "auth.json"), "{}");
        Assert.Equal((404, "MANIFEST_UNKNOWN"), await here.FailAsync("GET", "/v2/up/ann/other/manifests/v1", null, PrivateRegistry.Basic("bob")));
    }

    [Fact]
    public async Task Copies_give_way_when_there_are_too_many()
    {
        await using var there = await PrivateRegistry.StartAsync();
        await using var here = await StartAsync(there, "up", most: 250_000);
        foreach (var i in (int[])[1, 2, 3])
        {
            var layer = PrivateRegistry.Noise(100_000, i);
            await there.PushImageAsync("app", $"t{i}", layer);
            await here.Http.GetByteArrayAsync($"/v2/up/app/manifests/t{i}");
            Assert.Equal(layer, await here.Http.GetByteArrayAsync($"/v2/up/app/blobs/{Digest.Of(layer)}"));
        }

        await here.PushImageAsync("mine", "v1", PrivateRegistry.Noise(300_000, 9));
        await here.SendAsync("POST", "/slipway/v1/gc", "{}"u8.ToArray());
        Assert.Equal([false, true, true, true], ((int[])[1, 2, 3]).Select(i => here.Engine.Content.Contains(Digest.Of(PrivateRegistry.Noise(100_000, i)))).Append(here.Engine.Content.Contains(Digest.Of(PrivateRegistry.Noise(300_000, 9)))));
        Assert.Equal(PrivateRegistry.Noise(100_000), await here.Http.GetByteArrayAsync($"/v2/up/app/blobs/{Digest.Of(PrivateRegistry.Noise(100_000))}"));
    }

    [Theory]
    [InlineData("docker.io", "docker.io", "docker.io", false)]
    [InlineData("hub=docker.io", "hub", "docker.io", false)]
    [InlineData("*=docker.io", "docker.io", "docker.io", true)]
    [InlineData("a/b=reg.example:5000", "a/b", "reg.example:5000", false)]
    [InlineData("reg.example:5000", null, null, false)]
    [InlineData("A=docker.io", null, null, false)]
    [InlineData("x=nothost", null, null, false)]
    [InlineData("x=https://reg.example", null, null, false)]
    public void Upstreams_are_read(string text, string? prefix, string? domain, bool mirror)
    {
        Assert.Equal(prefix is not null, UpstreamRegistry.TryParse(text, out var upstream));
        Assert.Equal((prefix, domain, mirror), (upstream?.Prefix, upstream?.Domain, upstream?.IsMirror ?? false));
    }

    private static Task<PrivateRegistry> StartAsync(PrivateRegistry there, string prefix, TimeProvider? time = null, bool mirror = false, bool withUsers = false, string? credentials = null, long most = 0) =>
        PrivateRegistry.StartAsync(withUsers, time: time, copies: (engine, root) =>
        {
            var file = credentials is null ? null : Path.Combine(root, "auth.json");
            if (file is not null)
            {
                File.WriteAllText(file, $$"""{"auths":{"{{there.Address}}":{"auth":"{{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{credentials}:{credentials}"))}}"} } }""");
            }

            return CopiesOfOthers.Describe(CopiedRepositories.For(engine, [new UpstreamRegistry(prefix, there.Address.ToString(), mirror)], file, NullLogger.Instance, s_impatient), most);
        });

    private static async Task<int> GetsAsync(PrivateRegistry registry) =>
        (await registry.Http.GetStringAsync("/metrics")).Split('\n').Where(line => line.Contains("method=\"GET\",code=\"200\"", StringComparison.Ordinal)).Select(line => int.Parse(line.Split(' ')[1])).SingleOrDefault();

    private sealed class ShiftedTime : TimeProvider
    {
        internal TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }
}
