using System.Net;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>Who may do what, on every address of the API, and what texts can do (reliability checks 70 and 71).</summary>
[Collection(PlatformTests.Name)]
public sealed class AccessTests(PlatformRoom room)
{
    private static readonly string[] s_nasty =
        ["$(touch /tmp/slipway-nasty)", "`touch /tmp/slipway-nasty`", "x; touch /tmp/slipway-nasty", "--upload-pack=touch /tmp/slipway-nasty", "../../../tmp/slipway-nasty", "a\nb", "a\0b", "'\"<script>x</script>", "{env.PATH}", new('x', 1_000_000)];

    [Fact]
    public async Task Every_address_asks_for_a_token_and_for_its_ability_and_refuses_without_a_trace()
    {
        await room.MakeAsync("guarded");
        await room.DeployAsync("guarded");
        var deployment = (await room.OkAsync("GET", "/api/v1/deployments?app=guarded"))![0]!["id"]!.GetValue<string>();
        var reader = await TokenAsync("read");
        var deployer = await TokenAsync("deploy");
        var revoked = await TokenAsync("root");
        await room.OkAsync("DELETE", "/api/v1/tokens/" + revoked.Id);
        var before = await StateAsync();
        var paths = (await room.OkAsync("GET", "/openapi.json"))!["paths"]!.AsObject();
        var tried = 0;
        foreach (var (pattern, verbs) in paths.Where(path => path.Key.StartsWith("/api/", StringComparison.Ordinal)))
        {
            var path = pattern.Replace("{app}", "guarded", StringComparison.Ordinal).Replace("{id}", deployment, StringComparison.Ordinal).Replace("{key}", "WORD", StringComparison.Ordinal).Replace("{service}", "web", StringComparison.Ordinal)
                .Replace("{name}", pattern.Contains("/projects/", StringComparison.Ordinal) ? "default" : "local", StringComparison.Ordinal).Replace("{environment}", "production", StringComparison.Ordinal);
            Assert.DoesNotContain("{", path, StringComparison.Ordinal);
            foreach (var verb in verbs!.AsObject().Select(verb => verb.Key.ToUpperInvariant()))
            {
                foreach (var token in (string[])["", "slp_made-up", revoked.Text])
                {
                    Assert.Equal((verb, path, HttpStatusCode.Unauthorized), (verb, path, (await room.CallAsync(verb, path, Body(verb), token)).Status));
                }

                if (verb != "GET" && !path.EndsWith("/check", StringComparison.Ordinal))
                {
                    Assert.Equal((verb, path, HttpStatusCode.Forbidden), (verb, path, (await room.CallAsync(verb, path, Body(verb), reader.Text)).Status));
                }

                if (verb is "PUT" or "PATCH" or "DELETE" || path.EndsWith("/tokens", StringComparison.Ordinal) || path.EndsWith("/audit", StringComparison.Ordinal) || path.EndsWith("/webhook", StringComparison.Ordinal))
                {
                    Assert.Equal((verb, path, HttpStatusCode.Forbidden), (verb, path, (await room.CallAsync(verb, path, Body(verb), deployer.Text)).Status));
                }

                tried++;
            }
        }

        Assert.True(tried >= 30, $"only {tried} addresses");
        Assert.Equal(before, await StateAsync());
        var audit = (await room.OkAsync("GET", "/api/v1/audit?limit=1000"))!.AsArray().Where(entry => entry!["action"]!.GetValue<string>() == "refused").Select(entry => entry!["actor"]!.GetValue<string>()).ToHashSet();
        Assert.Contains("unknown", audit);
        // Another test may have had the proxy made anew.
        await Wait.UntilAsync("it serves as before", async () => await room.TryGetAsync("guarded.localhost") == "first\n");
        var (status, list) = await room.CallAsync("GET", "/api/v1/apps/guarded/env", token: reader.Text);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Null(list![0]!["value"]);
    }

    [Fact]
    public async Task What_is_not_allowed_is_refused_and_tells_nothing()
    {
        var (status, problem) = await room.CallAsync("GET", "/api/v1/apps", token: "slp_wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal(401, problem!["status"]!.GetValue<int>());
        var reader = (await room.OkAsync("POST", "/api/v1/tokens", """{"name":"reader","abilities":["read"]}"""))!;
        var token = reader["token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.OK, (await room.CallAsync("GET", "/api/v1/apps", token: token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await room.CallAsync("POST", "/api/v1/apps", """{"name":"x","source":{"kind":"push"}}""", token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await room.CallAsync("GET", "/api/v1/tokens", token: token)).Status);
        await room.OkAsync("DELETE", $"/api/v1/tokens/{reader["id"]}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await room.CallAsync("GET", "/api/v1/apps", token: token)).Status);

        // A signature that fits no application's secret, whatever else is right or wrong about the event.
        foreach (var host in (string[])["github", "gitlab", "gitea", "bitbucket", "unknown"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await room.CallAsync("POST", $"/webhooks/source/{host}/events/manual", "{}")).Status);
        }

        foreach (var name in (string[])["../x", "a; id", "-x", "A", "x\\u0000y", ""])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await room.CallAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = name, ["source"] = new JsonObject { ["kind"] = "push" } }.ToJsonString())).Status);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await room.CallAsync("POST", "/api/v1/apps", "{\"name\":")).Status);
        var document = await room.OkAsync("GET", "/openapi.json");
        Assert.Equal("3.1.0", document!["openapi"]!.GetValue<string>());
        Assert.NotNull(document["paths"]!["/api/v1/apps/{app}/rollback"]!["post"]);
    }

    [Fact]
    public async Task Texts_are_refused_or_stored_as_texts_and_never_run()
    {
        File.Delete("/tmp/slipway-nasty");
        await room.MakeAsync("texts");
        foreach (var nasty in s_nasty)
        {
            foreach (var (part, member) in ((string, string)[])
                [("source", "branch"), ("source", "repository"), ("source", "baseDirectory"), ("source", "commit"), ("source", "image"), ("build", "pack"), ("build", "dockerfile"), ("build", "target"), ("build", "publishDirectory"), ("build", "buildCommand")])
            {
                JsonObject input = part == "source" ? new JsonObject { ["kind"] = member == "image" ? "image" : "git", ["repository"] = "https://example.com/r.git", ["image"] = "busybox" } : [];
                input[member] = nasty;
                await TryAsync("PATCH", "/api/v1/apps/texts", new JsonObject { [part] = input });
            }

            await TryAsync("PATCH", "/api/v1/apps/texts", new JsonObject { ["run"] = new JsonObject { ["volumes"] = new JsonArray(nasty + ":/x"), ["health"] = new JsonObject { ["kind"] = "http", ["path"] = "/" + nasty } } });
            await TryAsync("PUT", "/api/v1/apps/texts/domains", new JsonArray(new JsonObject { ["host"] = nasty }, new JsonObject { ["host"] = "h.localhost", ["path"] = "/" + nasty }, new JsonObject { ["host"] = "h.localhost", ["redirectTo"] = nasty }));
            await TryAsync("PUT", "/api/v1/apps/texts/env/" + Uri.EscapeDataString(nasty[..Math.Min(nasty.Length, 300)]), new JsonObject { ["value"] = "x" });
            await TryAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = nasty, ["project"] = nasty, ["source"] = new JsonObject { ["kind"] = "push" } });
            await TryAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = "texts-two", ["project"] = nasty, ["source"] = new JsonObject { ["kind"] = "push" } });
            await TryAsync("POST", "/api/v1/servers", new JsonObject { ["id"] = "", ["name"] = nasty, ["address"] = "ssh://" + nasty });
            await TryAsync("POST", "/api/v1/servers", new JsonObject { ["id"] = "", ["name"] = "nasty", ["address"] = "ssh://" + nasty });
            await room.CallAsync("POST", "/api/v1/servers/nasty/check", "{}");
            await room.CallAsync("DELETE", "/api/v1/servers/nasty");
        }

        Assert.False(File.Exists("/tmp/slipway-nasty"));

        // What may be any text arrives as it is: as one argument of a command, and as text in pages.
        const string markup = "$(id) `id` <script>alert(1)</script> \"'";
        await room.OkAsync("PATCH", "/api/v1/apps/texts", new JsonObject
        {
            ["source"] = new JsonObject { ["kind"] = "image", ["image"] = "busybox" },
            ["run"] = new JsonObject { ["port"] = 8080, ["command"] = JsonNode.Parse(PlatformRoom.Site), ["preDeploy"] = new JsonArray("echo", markup) },
        }.ToJsonString());
        Assert.Contains("  " + markup, await room.DeployAsync("texts"), StringComparison.Ordinal);
        var deployment = (await room.OkAsync("GET", "/api/v1/deployments?app=texts"))![0]!["id"]!.GetValue<string>();
        var page = await PageAsync("/deployments/" + deployment);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
    }

    private async Task TryAsync(string verb, string path, JsonNode body)
    {
        var (status, answer) = await room.CallAsync(verb, path, body.ToJsonString());
        Assert.True((int)status < 500, $"{verb} {path}: {status} {answer}");
    }

    private async Task<string> PageAsync(string path)
    {
        using var handler = new HttpClientHandler();
        using var client = new HttpClient(handler);
        var password = (await File.ReadAllTextAsync(Path.Combine(room.Root, "platform/password"))).Trim();
        using var form = new FormUrlEncodedContent([new("password", password)]);
        (await client.PostAsync(new Uri(room.Address + "/login"), form)).EnsureSuccessStatusCode();
        return await client.GetStringAsync(new Uri(room.Address + path));
    }

    private static string? Body(string verb) => verb is "GET" or "DELETE" ? null : "{}";

    private async Task<(string Id, string Text)> TokenAsync(string ability)
    {
        var token = (await room.OkAsync("POST", "/api/v1/tokens", $$"""{"name":"{{ability}}","abilities":["{{ability}}"]}"""))!;
        return (token["id"]!.GetValue<string>(), token["token"]!.GetValue<string>());
    }

    // Everything that can be changed, but for the time that passes.
    private async Task<string> StateAsync()
    {
        var app = (await room.OkAsync("GET", "/api/v1/apps/guarded"))!.AsObject();
        app.Remove("containers");
        var parts = await Task.WhenAll(room.OkAsync("GET", "/api/v1/apps/guarded/env"), room.OkAsync("GET", "/api/v1/servers"), room.OkAsync("GET", "/api/v1/tokens"), room.OkAsync("GET", "/api/v1/deployments?app=guarded"));
        return app.ToJsonString() + string.Concat(parts.Select(part => part!.ToJsonString()));
    }
}
