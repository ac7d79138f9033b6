using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Registry;

namespace Slipway.Cli.Verbs;

/// <summary><c>registry ls/tags/inspect/rm/gc/user/grant/public/private</c>: at the engine's own registry, or by <c>--registry</c> or a name's host at another.</summary>
internal static class RegistryAdminVerbs
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Name"] = "REPOSITORY", ["Access"] = "ACCESS", ["Tags"] = "TAGS", ["Size"] = "SIZE", ["User"] = "USER", ["Repository"] = "REPOSITORY", ["Actions"] = "MAY",
    };

    public static Verb List() => new("", Flags().Format().Bool("quiet", 'q', "Only show names"), call => WithAsync(call, async registry =>
    {
        if (call.Flags.String("registry").Length > 0 || call.Flags.Bool("quiet"))
        {
            await PrintAsync(call, await registry.ListAsync("/v2/_catalog", "registry:catalog:*", "repositories"));
            return;
        }

        JsonNode? all = await registry.JsonAsync(HttpMethod.Get, "/slipway/v1/repositories", "");
        await call.Out.WriteAsync(new Listing("{{.Name}}\t{{.Access}}\t{{.Tags}}\t{{.Size}}", s_headers).Print(call.Flags.String("format"), (all as JsonArray ?? []).Select(one => new Row()
            .Field("Name", one.Text("name")).Field("Access", one.Bool("public") ? "public" : "private").Field("Tags", one.Text("tags")).Field("Size", Units.Size(one.Long("size"))))));
    })) { MaxArguments = 0 };

    public static Verb Tags() => new("REPOSITORY", Flags(), call => WithAsync(call, async (registry, repository, _) =>
        await PrintAsync(call, await registry.ListAsync($"/v2/{repository}/tags/list", $"repository:{repository}:pull", "tags")))) { MinArguments = 1, MaxArguments = 1 };

    public static Verb Inspect() => new("NAME", Flags(), call => WithAsync(call, async (registry, repository, reference) =>
    {
        await using RegistryPlace place = new(registry, repository, reference);
        Document found = await place.FindAsync("") ?? throw new CommandException($"{call.Arguments[0]} is not there");
        await call.Out.WriteLineAsync(Json.Indented(new JsonObject
        {
            ["Name"] = repository,
            ["Reference"] = reference,
            ["Digest"] = found.Digest.ToString(),
            ["MediaType"] = found.MediaType,
            ["Size"] = found.Content.Length,
            ["Manifest"] = JsonNode.Parse(found.Content),
            ["Referrers"] = new JsonArray([.. (await place.ReferrersAsync(found.Digest)).Select(referrer => new JsonObject { ["Digest"] = referrer.Digest.ToString(), ["ArtifactType"] = referrer.ArtifactType })]),
        }));
    })) { MinArguments = 1, MaxArguments = 1 };

    public static Verb Remove() => new("NAME [NAME...]", Flags().Bool("all", 'a', "Remove the repository with all its tags"), call => EachAsync(call, async (registry, repository, reference) =>
    {
        bool all = call.Flags.Bool("all");
        string path = all ? $"/slipway/v1/repositories/{repository}" : $"/v2/{repository}/manifests/{reference}";
        using HttpResponseMessage? done = await registry.SendAsync(HttpMethod.Delete, path, $"repository:{repository}:delete");
        await call.Out.WriteLineAsync(all ? repository : $"{repository}{(reference.Contains(':', StringComparison.Ordinal) ? '@' : ':')}{reference}");
    })) { MinArguments = 1, Details = "A tag is removed and what it points at stays; a digest (NAME@sha256:…) is removed with every tag that points at it.\nSpace is freed by 'registry gc' or, by itself, every few hours." };

    public static Verb Collect() => new("", Flags(), call => WithAsync(call, async registry =>
    {
        JsonNode? done = await registry.JsonAsync(HttpMethod.Post, "/slipway/v1/gc", "", new JsonObject());
        await call.Out.WriteLineAsync($"Removed {done.Text("tags")} tags and {done.Text("blobs")} unused blobs, freed {Units.Size(done.Long("bytes"))}");
    })) { MaxArguments = 0 };

    public static Verb User() => new("ls | add NAME | rm NAME", Flags().Bool("password-stdin", "Read the password from STDIN"), call => WithAsync(call, async registry =>
    {
        switch (call.Arguments)
        {
            case ["ls"]:
                await PrintAsync(call, (await registry.JsonAsync(HttpMethod.Get, "/slipway/v1/users", "") as JsonArray ?? []).Select(user => user.Text("name")));
                return;
            case ["add", var name]:
                await registry.JsonAsync(HttpMethod.Put, "/slipway/v1/users", "", new JsonObject { ["name"] = name, ["password"] = await PasswordAsync(call) });
                return;
            case ["rm", var name]:
                await registry.JsonAsync(HttpMethod.Put, "/slipway/v1/users", "", new JsonObject { ["name"] = name });
                return;
            default:
                throw new UsageException("'slipway registry user' takes ls, add NAME or rm NAME", 1);
        }
    })) { MinArguments = 1, MaxArguments = 2 };

    public static Verb Grant() => new("[USER REPOSITORY ACTIONS]", Flags().Format(), call => WithAsync(call, async registry =>
    {
        if (call.Arguments is [var user, var repository, var actions])
        {
            JsonArray granted = actions == "none" ? [] : [.. actions.Split(',').Select(action => (JsonNode?)action)];
            await registry.JsonAsync(HttpMethod.Put, "/slipway/v1/grants", "", new JsonArray(new JsonObject { ["user"] = user, ["repository"] = repository, ["actions"] = granted }));
            return;
        }

        if (call.Arguments.Count != 0)
        {
            throw new UsageException("'slipway registry grant' takes no arguments or USER REPOSITORY ACTIONS", 1);
        }

        JsonNode? all = await registry.JsonAsync(HttpMethod.Get, "/slipway/v1/grants", "");
        await call.Out.WriteAsync(new Listing("{{.User}}\t{{.Repository}}\t{{.Actions}}", s_headers).Print(call.Flags.String("format"), (all as JsonArray ?? []).Select(grant => new Row()
            .Field("User", grant.Text("user")).Field("Repository", grant.Text("repository")).Field("Actions", string.Join(',', grant.Strings("actions"))))));
    })) { MaxArguments = 3, Details = "REPOSITORY is a name, PREFIX/* or *; ACTIONS are pull, push, delete, admin, separated by commas, or none.\nEverybody may do everything below his own name (USER/…)." };

    public static Verb Public() => Access(isPublic: true);

    public static Verb Private() => Access(isPublic: false);

    private static Verb Access(bool isPublic) => new("REPOSITORY [REPOSITORY...]", Flags(), call => EachAsync(call, (registry, repository, _) =>
        registry.JsonAsync(HttpMethod.Put, $"/slipway/v1/repositories/{repository}", "", new JsonObject { ["public"] = isPublic }))) { MinArguments = 1 };

    private static FlagTable Flags() => new FlagTable().String("registry", "Registry to ask (default: the engine's own)").Bool("insecure", "Take any certificate, or none");

    private static async Task<int> WithAsync(Invocation call, Func<RegistryConnection, Task> work)
    {
        using ImageLocation locations = new(call);
        await work(await locations.ConnectAsync(call.Flags.String("registry")));
        return 0;
    }

    private static Task<int> WithAsync(Invocation call, Func<RegistryConnection, string, string, Task> work) => EachAsync(call, work);

    private static async Task<int> EachAsync(Invocation call, Func<RegistryConnection, string, string, Task> work)
    {
        using ImageLocation locations = new(call);
        foreach (string text in call.Arguments)
        {
            (string host, string repository, string reference) = ImageLocation.Name(text);
            await work(await locations.ConnectAsync(host.Length > 0 ? host : call.Flags.String("registry")), repository, reference);
        }

        return 0;
    }

    private static async Task PrintAsync(Invocation call, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            await call.Out.WriteLineAsync(line);
        }
    }

    private static async Task<string> PasswordAsync(Invocation call)
    {
        if (!call.Flags.Bool("password-stdin"))
        {
            throw new CommandException("give the password on STDIN with --password-stdin");
        }

        using StreamReader input = new(Console.OpenStandardInput());
        return (await input.ReadToEndAsync()).TrimEnd('\r', '\n');
    }
}
