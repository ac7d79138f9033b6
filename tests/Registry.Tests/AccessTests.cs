using System.Net;
using System.Text;
using Slipway.Engine.Repositories;
using Slipway.Linux;
using Slipway.Oci;
using Slipway.Registry.Tests.Fixture;

namespace Slipway.Registry.Tests;

/// <summary>Users, grants, tokens, public and private repositories (reliability check 32).</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task Check32_Nobody_gets_in_without_proof()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        using var root = await registry.SendAsync("GET", "/v2/");
        Assert.Equal(HttpStatusCode.Unauthorized, root.StatusCode);
        Assert.Equal($"Bearer realm=\"http://{registry.Address}/token\", service=\"slipway\"", root.Headers.WwwAuthenticate.Single().ToString().Replace(",service", ", service", StringComparison.Ordinal));
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("GET", "/v2/", null, PrivateRegistry.Basic("ann", "wrong")));
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("GET", "/v2/", null, PrivateRegistry.Basic("stranger")));
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("GET", "/token", null, PrivateRegistry.Basic("ann", "wrong")));
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("GET", "/v2/", null, "Authorization: Bearer x.y"));
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("GET", "/v2/_catalog"));
        using var known = await registry.SendAsync("GET", "/v2/", null, PrivateRegistry.Basic("ann"));
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
    }

    [Fact]
    public async Task Check32_Strangers_get_the_same_answer_whether_it_exists_or_not()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        var layer = PrivateRegistry.Noise(100);
        var digest = Digest.Of(await registry.PushImageAsync("ann/app", "latest", layer, headers: PrivateRegistry.Basic("ann")));
        foreach (var (method, path) in ((string, string)[])[("GET", "manifests/latest"), ("GET", $"manifests/{digest}"), ("GET", $"blobs/{Digest.Of(layer)}"), ("HEAD", $"blobs/{Digest.Of(layer)}"), ("DELETE", $"manifests/{digest}"), ("DELETE", $"blobs/{Digest.Of(layer)}"), ("GET", "tags/list"), ("GET", $"referrers/{digest}"), ("POST", "blobs/uploads/"), ("PUT", "manifests/latest")])
        {
            var there = await registry.FailAsync(method, $"/v2/ann/app/{path}", null, PrivateRegistry.Basic("bob"));
            var nowhere = await registry.FailAsync(method, $"/v2/ann/other/{path}", null, PrivateRegistry.Basic("bob"));
            Assert.Equal(nowhere, there);
            Assert.Equal(403, there.Status);
            Assert.Equal(401, (await registry.FailAsync(method, $"/v2/ann/app/{path}")).Status);
        }

        // Nor by a mount: he gets an empty upload, as for a blob that nobody has.
        using var mount = await registry.SendAsync("POST", $"/v2/bob/x/blobs/uploads/?mount={Digest.Of(layer)}&from=ann/app", null, PrivateRegistry.Basic("bob"));
        Assert.Equal(HttpStatusCode.Accepted, mount.StatusCode);
        Assert.Equal((404, "BLOB_UNKNOWN"), await registry.FailAsync("GET", $"/v2/bob/x/blobs/{Digest.Of(layer)}", null, PrivateRegistry.Basic("bob")));
        Assert.Equal("""{"repositories":[]}""", await (await registry.SendAsync("GET", "/v2/_catalog", null, PrivateRegistry.Basic("bob"))).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Check32_Grants_allow_what_they_say()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        var layer = PrivateRegistry.Noise(100);
        var manifest = await registry.PushImageAsync("team/app", "latest", layer, headers: PrivateRegistry.Basic("root"));
        await registry.Engine.Grants.SetAsync(new Grant { User = "ann", Repository = "team/*", Actions = ["pull"] });
        await registry.Engine.Grants.SetAsync(new Grant { User = "bob", Repository = "team/app", Actions = ["push"] });

        Assert.Equal(200, (int)(await registry.SendAsync("GET", "/v2/team/app/manifests/latest", null, PrivateRegistry.Basic("ann"))).StatusCode);
        Assert.Equal(403, (await registry.FailAsync("DELETE", "/v2/team/app/manifests/latest", null, PrivateRegistry.Basic("ann"))).Status);
        Assert.Equal(403, (await registry.FailAsync("PUT", "/v2/team/app/manifests/latest", manifest, PrivateRegistry.Basic("ann"), "Content-Type: " + MediaTypes.OciManifest)).Status);
        Assert.Equal(403, (await registry.FailAsync("GET", "/v2/team/app/manifests/latest", null, PrivateRegistry.Basic("bob"))).Status);
        Assert.Equal(403, (await registry.FailAsync("DELETE", "/v2/team/app/manifests/latest", null, PrivateRegistry.Basic("bob"))).Status);
        Assert.Equal(403, (await registry.FailAsync("GET", "/v2/team2/app/manifests/latest", null, PrivateRegistry.Basic("ann"))).Status);

        // What is taken back counts at once, for tokens that are out too.
        var token = await registry.TokenAsync("ann", "repository:team/app:pull,push,delete");
        Assert.Equal(200, (int)(await registry.SendAsync("GET", "/v2/team/app/manifests/latest", null, token)).StatusCode);
        Assert.Equal(403, (await registry.FailAsync("DELETE", "/v2/team/app/manifests/latest", null, token)).Status);
        Assert.Equal(403, (await registry.FailAsync("GET", "/v2/other/manifests/latest", null, token)).Status);
        await registry.Engine.Grants.SetAsync(new Grant { User = "ann", Repository = "team/*", Actions = [] });
        Assert.Equal(403, (await registry.FailAsync("GET", "/v2/team/app/manifests/latest", null, token)).Status);
    }

    [Fact]
    public async Task Check32_A_token_is_good_for_its_scope_only()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        await registry.PushImageAsync("ann/app", "latest", PrivateRegistry.Noise(100), headers: PrivateRegistry.Basic("ann"));
        var pull = await registry.TokenAsync("ann", "repository:ann/app:pull");
        Assert.Equal(200, (int)(await registry.SendAsync("GET", "/v2/ann/app/manifests/latest", null, pull)).StatusCode);
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("POST", "/v2/ann/app/blobs/uploads/", null, pull));
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("DELETE", "/v2/ann/app/manifests/latest", null, pull));
        var parts = pull["Authorization: Bearer ".Length..].Split('.');
        var forged = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"user":"ann","expires":99999999999,"scopes":[{"repository":"ann/app","actions":["pull","delete"]}]}""")).TrimEnd('=');
        Assert.Equal((401, "UNAUTHORIZED"), await registry.FailAsync("GET", "/v2/ann/app/manifests/latest", null, $"Authorization: Bearer {forged}.{parts[1]}"));
    }

    [Fact]
    public async Task Pushed_images_are_private_until_made_public()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        await registry.PushImageAsync("ann/app", "latest", PrivateRegistry.Noise(100), headers: PrivateRegistry.Basic("ann"));
        var nobody = await registry.TokenAsync(null, "repository:ann/app:pull");
        Assert.Equal(401, (await registry.FailAsync("GET", "/v2/ann/app/manifests/latest", null, nobody)).Status);

        Assert.Equal(403, (await registry.FailAsync("PUT", "/slipway/v1/repositories/ann/app", """{"public":true}"""u8.ToArray(), PrivateRegistry.Basic("ann"))).Status);
        Assert.Equal(204, (int)(await registry.SendAsync("PUT", "/slipway/v1/repositories/ann/app", """{"public":true}"""u8.ToArray(), PrivateRegistry.Basic("root"))).StatusCode);
        nobody = await registry.TokenAsync(null, "repository:ann/app:pull,push");
        Assert.Equal(200, (int)(await registry.SendAsync("GET", "/v2/ann/app/manifests/latest", null, nobody)).StatusCode);
        Assert.Equal(401, (await registry.FailAsync("POST", "/v2/ann/app/blobs/uploads/", null, nobody)).Status);
    }

    [Fact]
    public async Task Administrators_make_users()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        Assert.Equal(204, (int)(await registry.SendAsync("PUT", "/slipway/v1/users", """{"name":"eve","password":"secret"}"""u8.ToArray(), PrivateRegistry.Basic("root"))).StatusCode);
        Assert.Equal(200, (int)(await registry.SendAsync("GET", "/v2/", null, PrivateRegistry.Basic("eve", "secret"))).StatusCode);
        Assert.Equal(403, (await registry.FailAsync("PUT", "/slipway/v1/users", """{"name":"x","password":"y"}"""u8.ToArray(), PrivateRegistry.Basic("eve", "secret"))).Status);
        Assert.Equal(204, (int)(await registry.SendAsync("PUT", "/slipway/v1/users", """{"name":"eve"}"""u8.ToArray(), PrivateRegistry.Basic("root"))).StatusCode);
        Assert.Equal(401, (await registry.FailAsync("GET", "/v2/", null, PrivateRegistry.Basic("eve", "secret"))).Status);
        Assert.Equal((400, "MANIFEST_INVALID"), await registry.FailAsync("PUT", "/slipway/v1/users", """{"name":"a:b\n","password":"y"}"""u8.ToArray(), PrivateRegistry.Basic("root")));
    }

    [Fact]
    public async Task Hashes_are_those_of_htpasswd()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        var line = (await registry.RunAsync("htpasswd", "-nbB", "joe", "sesame")).Trim();
        Assert.True(Passwords.Matches("sesame", line.Split(':')[1]));
        Assert.False(Passwords.Matches("other", line.Split(':')[1]));
        await File.AppendAllTextAsync(registry.Users, line + "\n");
        Assert.Equal(200, (int)(await registry.SendAsync("GET", "/v2/", null, PrivateRegistry.Basic("joe", "sesame"))).StatusCode);
    }

    [Fact]
    public async Task Read_only_and_quota()
    {
        await using var closed = await PrivateRegistry.StartAsync(change: options => options with { ReadOnly = true });
        Assert.Equal((405, "UNSUPPORTED"), await closed.FailAsync("POST", "/v2/a/blobs/uploads/"));
        await using var small = await PrivateRegistry.StartAsync(change: options => options with { Quota = 1000 });
        await small.PushBlobAsync("a", PrivateRegistry.Noise(900));
        Assert.Equal((403, "DENIED"), await small.FailAsync("POST", $"/v2/a/blobs/uploads/?digest={Digest.Of(PrivateRegistry.Noise(200, 2))}", PrivateRegistry.Noise(200, 2)));
        await small.PushBlobAsync("b", PrivateRegistry.Noise(900));

        // Nor in pieces, which say their size only as they come; uploads that wait count too.
        string[] places = [await BeginAsync(small), await BeginAsync(small)];
        Assert.Equal(202, (int)(await small.SendAsync("PATCH", places[0], PrivateRegistry.Noise(600))).StatusCode);
        Assert.Equal((403, "DENIED"), await small.FailAsync("PATCH", places[1], PrivateRegistry.Noise(600)));
        Assert.Equal((404, "BLOB_UPLOAD_UNKNOWN"), await small.FailAsync("PATCH", places[1], [1]));
        Assert.Equal((403, "DENIED"), await small.FailAsync("PATCH", places[0], PrivateRegistry.Noise(600)));
        Assert.Empty(Directory.EnumerateFiles(small.Engine.Paths.Uploads));
        await small.PushBlobAsync("c", PrivateRegistry.Noise(950));
    }

    private static async Task<string> BeginAsync(PrivateRegistry registry) => (await registry.SendAsync("POST", "/v2/c/blobs/uploads/")).Headers.Location!.ToString();

    [Fact]
    public async Task Retention_keeps_the_newest()
    {
        await using var registry = await PrivateRegistry.StartAsync(change: options => options with { Retention = [new RetentionRule("ci/*:build-*", 2)] });
        for (var i = 0; i < 5; i++)
        {
            await registry.PushImageAsync("ci/app", $"build-{i}", PrivateRegistry.Noise(100, i));
        }

        await registry.PushImageAsync("ci/app", "v1", PrivateRegistry.Noise(100, 0));
        using var collected = await registry.SendAsync("POST", "/slipway/v1/gc");
        Assert.Equal("""{"name":"ci/app","tags":["build-3","build-4","v1"]}""", await registry.Http.GetStringAsync("/v2/ci/app/tags/list"));
        Assert.Equal(3, registry.Engine.Repositories.Find("ci/app")!.Manifests.Count);
    }

    [Fact]
    public async Task Changes_are_noted_and_counted()
    {
        await using var registry = await PrivateRegistry.StartAsync(withUsers: true);
        await registry.PushImageAsync("ann/app", "latest", PrivateRegistry.Noise(100), headers: PrivateRegistry.Basic("ann"));
        await registry.FailAsync("DELETE", "/v2/ann/app/manifests/latest", null, PrivateRegistry.Basic("bob"));
        Assert.Equal(401, (await registry.FailAsync("GET", "/metrics")).Status);
        using var metrics = await registry.SendAsync("GET", "/metrics", null, PrivateRegistry.Basic("root"));
        var text = await metrics.Content.ReadAsStringAsync();
        Assert.Contains("slipway_registry_tags 1\n", text, StringComparison.Ordinal);
        Assert.Contains("slipway_registry_requests_total{method=\"PUT\",code=\"201\"} 1\n", text, StringComparison.Ordinal);
        var audit = "";
        for (var i = 0; i < 50 && !audit.Contains("\"bob\"", StringComparison.Ordinal); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            audit = File.Exists(Path.Combine(registry.Root, "audit.log")) ? await File.ReadAllTextAsync(Path.Combine(registry.Root, "audit.log")) : "";
        }

        Assert.Contains("\"user\":\"ann\",\"remote\":\"127.0.0.1\",\"action\":\"put manifest\",\"repository\":\"ann/app\",\"object\":\"latest\",\"status\":201", audit, StringComparison.Ordinal);
        Assert.Contains("\"user\":\"bob\",\"remote\":\"127.0.0.1\",\"action\":\"delete manifest\",\"repository\":\"ann/app\",\"object\":\"latest\",\"status\":403", audit, StringComparison.Ordinal);
    }
}
