using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.Platform.Webhooks;

/// <summary>A push as a git host tells it.</summary>
/// <param name="Repositories">Addresses of the repository.</param>
/// <param name="Branch">The branch; null for a tag or a deleted branch.</param>
/// <param name="Commit">The newest commit, or null.</param>
/// <param name="Message">Its message.</param>
/// <param name="Files">Changed files of all commits; null when they are not told.</param>
internal sealed record PushEvent(IReadOnlyList<string> Repositories, string? Branch, string? Commit, string Message, IReadOnlyList<string>? Files)
{
    private const string Heads = "refs/heads/";

    /// <summary>Reads a host's body: an event for each branch that was pushed, at least one.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    internal static IReadOnlyList<PushEvent> Read(string host, ReadOnlySpan<byte> body)
    {
        var root = JsonNode.Parse(body, documentOptions: new JsonDocumentOptions { MaxDepth = 32 }) as JsonObject ?? throw new JsonException("no object");
        return host == "bitbucket" ? Bitbucket(root) : [Usual(root, root[host == "gitlab" ? "project" : "repository"] as JsonObject ?? [])];
    }

    private static PushEvent Usual(JsonObject root, JsonObject repository)
    {
        var reference = Text(root, "ref");
        var after = Text(root, "after");
        var deleted = root["deleted"] is JsonValue flag && flag.TryGetValue(out bool value) && value || after.All(digit => digit == '0');
        var commits = (root["commits"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        // GitLab and Gitea send only the newest commits of a large push and say how many there are: then the files are not known.
        var whole = !((string[])["total_commits_count", "total_commits"]).Any(name => root[name] is JsonValue count && count.TryGetValue(out int number) && number > commits.Count);
        return new PushEvent(
            [.. ((string[])["clone_url", "ssh_url", "html_url", "git_http_url", "git_ssh_url", "web_url"]).Select(name => Text(repository, name)).Where(url => url.Length > 0)],
            reference.StartsWith(Heads, StringComparison.Ordinal) && !deleted ? reference[Heads.Length..] : null,
            after.Length > 0 ? after : null,
            Text(root["head_commit"] as JsonObject ?? commits.LastOrDefault() ?? [], "message"),
            commits.Count == 0 || !whole ? null : [.. commits.SelectMany(commit => ((string[])["added", "modified", "removed"]).SelectMany(kind => (commit[kind] as JsonArray ?? []).Select(file => (file as JsonValue)?.ToString() ?? "")))]);
    }

    private static IReadOnlyList<PushEvent> Bitbucket(JsonObject root)
    {
        var page = Text(((root["repository"] as JsonObject)?["links"] as JsonObject)?["html"] as JsonObject ?? [], "href");
        var changes = ((root["push"] as JsonObject)?["changes"] as JsonArray ?? []).OfType<JsonObject>().Select(change => change["new"] as JsonObject).ToList();
        return [.. (changes.Count == 0 ? [null] : changes).Select(target =>
        {
            var commit = target?["target"] as JsonObject ?? [];
            return new PushEvent([page], target is not null && Text(target, "type") == "branch" ? Text(target, "name") : null, Text(commit, "hash"), Text(commit, "message"), null);
        })];
    }

    private static string Text(JsonObject node, string name) => node[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
