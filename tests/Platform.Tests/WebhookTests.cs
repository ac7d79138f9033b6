using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Slipway.Platform.Tests;

/// <summary>Events of git hosts in the shapes that the hosts send.</summary>
public sealed class WebhookTests(PlatformRoom room) : IClassFixture<PlatformRoom>
{
    private const string Queued = "is queued";
    private const string Repository = "https://git.example.com/team/app.git";

    public static TheoryData<string> Hosts => ["github", "gitlab", "gitea", "bitbucket"];

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_signed_push_to_the_branch_deploys_once_and_no_other_does(string host)
    {
        var (name, secret) = await MakeAsync("hook-" + host);
        var push = Push(host, "main", "A change", "src/a.cs");
        Assert.Contains(Queued, (await SendAsync(host, push, secret))[name], StringComparison.Ordinal);
        Assert.Equal("This event was handled already.", (await SendAsync(host, push, secret))[name]);
        Assert.Equal("The event is of another branch.", (await SendAsync(host, Push(host, "other", "A change", "src/a.cs"), secret))[name]);
        Assert.Equal("The commit's message skips the deployment.", (await SendAsync(host, Push(host, "main", "Typo [skip ci]", "src/a.cs"), secret))[name]);
        Assert.Equal("The event is of another repository.", (await SendAsync(host, Push(host, "main", "m", "src/b.cs").Replace("team/app", "team/app-two", StringComparison.Ordinal), secret))[name]);
        Assert.Equal("This event does not deploy.", (await SendAsync(host, push, secret, "ping"))[name]);
        Assert.Single((JsonArray)(await room.OkAsync("GET", $"/api/v1/deployments?app={name}"))!);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task What_is_not_signed_for_this_application_is_refused_and_deploys_nothing(string host)
    {
        var (name, secret) = await MakeAsync("no-" + host);
        var push = Push(host, "main", "A change", "src/a.cs");
        List<(string Body, Dictionary<string, string> Headers)> refused =
        [
            (push, Headers(host, push, "another secret")), (push, Headers(host, push, "")), (push + " ", Headers(host, host == "gitlab" ? "" : push, host == "gitlab" ? "x" : secret)), (push, []),
        ];
        foreach (var (body, headers) in refused)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(host, body, headers)).Status);
        }

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(host, new string('x', 5 * 1024 * 1024), [])).Status);
        Assert.Empty((JsonArray)(await room.OkAsync("GET", $"/api/v1/deployments?app={name}"))!);
    }

    [Fact]
    public async Task Watched_paths_decide_where_the_host_tells_files()
    {
        var (name, secret) = await MakeAsync("watched");
        await room.OkAsync("PATCH", "/api/v1/apps/" + name, $$"""{"source":{"kind":"git","repository":"{{Repository}}","autoDeploy":true,"watchPaths":["apps/api/**","!apps/api/README.md"] } }""");
        Assert.StartsWith("Changed files do not match", (await SendAsync("github", Push("github", "main", "m", "apps/web/x"), secret))[name], StringComparison.Ordinal);
        Assert.StartsWith("Changed files do not match", (await SendAsync("gitea", Push("gitea", "main", "m", "apps/api/README.md"), secret))[name], StringComparison.Ordinal);
        Assert.Contains(Queued, (await SendAsync("gitlab", Push("gitlab", "main", "m", "apps/api/x"), secret))[name], StringComparison.Ordinal);
    }

    [Fact]
    public async Task GitHub_may_send_a_form_and_Bitbucket_several_branches_at_once()
    {
        var (name, secret) = await MakeAsync("shapes");
        var form = "payload=" + WebUtility.UrlEncode(Push("github", "main", "a + b", "a"));
        var (status, body) = await PostAsync("github", form, Headers("github", form, secret), "application/x-www-form-urlencoded");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(Queued, body, StringComparison.Ordinal);
        var two = Push("bitbucket", "main", "m", "").Replace("\"changes\":[", "\"changes\":[{\"new\":{\"type\":\"branch\",\"name\":\"side\",\"target\":{\"hash\":\"2\",\"message\":\"s\"}}},", StringComparison.Ordinal)
            .Replace("]},\"repository\"", ",{\"new\":null}]},\"repository\"", StringComparison.Ordinal);
        Assert.Contains(Queued, (await SendAsync("bitbucket", two, secret))[name], StringComparison.Ordinal);
    }

    private async Task<(string Name, string Secret)> MakeAsync(string name)
    {
        await room.OkAsync("POST", "/api/v1/apps", $$"""{"name":"{{name}}","source":{"kind":"git","repository":"{{Repository}}","branch":"main"} }""");
        return (name, (await room.OkAsync("GET", $"/api/v1/apps/{name}/webhook"))!["secret"]!.GetValue<string>());
    }

    private async Task<Dictionary<string, string>> SendAsync(string host, string body, string secret, string? kind = null)
    {
        var (status, text) = await PostAsync(host, body, Headers(host, body, secret, kind));
        Assert.True(status == HttpStatusCode.OK, $"{status}: {text}");
        return JsonNode.Parse(text)!.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>());
    }

    private async Task<(HttpStatusCode Status, string Body)> PostAsync(string host, string body, Dictionary<string, string> headers, string type = "application/json")
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{room.Address}/webhooks/source/{host}/events/manual") { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.ExpectContinue = true;
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Dictionary<string, string> Headers(string host, string body, string secret, string? kind = null)
    {
        var digest = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));
        return host switch
        {
            "github" => new() { ["X-GitHub-Event"] = kind ?? "push", ["X-GitHub-Delivery"] = Guid.NewGuid().ToString(), ["X-Hub-Signature-256"] = "sha256=" + digest },
            "gitea" => new() { ["X-Gitea-Event"] = kind ?? "push", ["X-Gitea-Signature"] = digest, ["X-Hub-Signature-256"] = "sha256=" + digest },
            "gitlab" => new() { ["X-Gitlab-Event"] = kind ?? "Push Hook", ["X-Gitlab-Token"] = secret },
            _ => new() { ["X-Event-Key"] = kind ?? "repo:push", ["X-Hub-Signature"] = "sha256=" + digest },
        };
    }

    private static string Push(string host, string branch, string message, string file)
    {
        const string After = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";
        var commits = $$"""[{"id":"{{After}}","message":"{{message}}","timestamp":"2026-01-02T03:04:05Z","url":"https://git.example.com/team/app/commit/1","author":{"name":"N","email":"n@example.com"},"added":["{{file}}"],"modified":[],"removed":[]}]""";
        return host switch
        {
            "github" => $$"""{"ref":"refs/heads/{{branch}}","before":"95790bf891e76fee5e1747ab589903a6a1f80f22","after":"{{After}}","created":false,"deleted":false,"forced":false,"repository":{"id":1,"name":"app","full_name":"team/app","private":true,"html_url":"https://git.example.com/team/app","git_url":"git://git.example.com/team/app.git","ssh_url":"git@git.example.com:team/app.git","clone_url":"{{Repository}}","default_branch":"main"},"pusher":{"name":"n"},"commits":{{commits}},"head_commit":{"id":"{{After}}","message":"{{message}}"} }""",
            "gitea" => $$"""{"ref":"refs/heads/{{branch}}","before":"28e1879d029cb852e4844d9c718537df08844e03","after":"{{After}}","compare_url":"","commits":{{commits}},"total_commits":1,"head_commit":{"id":"{{After}}","message":"{{message}}"},"repository":{"id":1,"full_name":"team/app","html_url":"https://git.example.com/team/app","ssh_url":"git@git.example.com:team/app.git","clone_url":"{{Repository}}"},"pusher":{"login":"n"} }""",
            "gitlab" => $$"""{"object_kind":"push","event_name":"push","before":"95790bf891e76fee5e1747ab589903a6a1f80f22","after":"{{After}}","ref":"refs/heads/{{branch}}","checkout_sha":"{{After}}","project_id":15,"project":{"id":15,"web_url":"https://git.example.com/team/app","git_ssh_url":"git@git.example.com:team/app.git","git_http_url":"{{Repository}}","default_branch":"main"},"commits":{{commits}},"total_commits_count":1,"repository":{"name":"app","git_http_url":"{{Repository}}"} }""",
            _ => $$"""{"push":{"changes":[{"new":{"type":"branch","name":"{{branch}}","target":{"type":"commit","hash":"{{After}}","message":"{{message}}\n"} },"old":null,"created":false,"closed":false,"forced":false}]},"repository":{"type":"repository","full_name":"team/app","links":{"html":{"href":"https://git.example.com/team/app"} } },"actor":{"type":"user"} }""",
        };
    }
}
