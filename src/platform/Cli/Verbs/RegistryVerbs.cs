using System.Text;
using System.Text.Json.Nodes;
using Slipway.Cli.Credentials;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs;

/// <summary><c>pull</c>, <c>push</c>, <c>login</c>, <c>logout</c>, <c>search</c> and <c>manifest inspect</c>.</summary>
internal static class RegistryVerbs
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Name"] = "NAME", ["Description"] = "DESCRIPTION", ["StarCount"] = "STARS", ["IsOfficial"] = "OFFICIAL", ["IsAutomated"] = "AUTOMATED",
    };

    public static Verb Pull() => new(
        "NAME[:TAG|@DIGEST]",
        new FlagTable().Bool("all-tags", 'a', "Download all tags of the repository").String("platform", "Platform to download (os/arch[/variant])")
            .Bool("quiet", 'q', "Do not show progress").Add(new Flag("disable-content-trust", '\0', FlagKind.Bool, "Skip verification", "true") { Hidden = true }),
        async call =>
        {
            string name = call.Arguments[0];
            bool all = call.Flags.Bool("all-tags");
            if (all && ImageName.Split(name).Tag.Length > 0)
            {
                throw new CommandException("tag can't be used with --all-tags/-a");
            }

            if (!all && ImageName.Split(name).Tag.Length == 0 && !call.Flags.Bool("quiet"))
            {
                await call.Out.WriteLineAsync("Using default tag: latest");
            }

            await PullAsync(call, all ? name + ":" : name, call.Flags.String("platform"), call.Flags.Bool("quiet") ? null : call.Out);
            await call.Out.WriteLineAsync(all ? name : ImageName.WithTag(name));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Images };

    /// <summary>Pulls an image; a name that ends in a colon means all its tags.</summary>
    public static async Task PullAsync(Invocation call, string name, string platform, TextWriter? progress)
    {
        await using Stream answer = await OpenPullAsync(call, name, platform);
        await ProgressDisplay.ShowAsync(answer, progress, ProgressDisplay.IsTerminal(progress == call.Error ? 2 : 1));
    }

    /// <summary>Begins to pull an image; the messages about it.</summary>
    public static async Task<Stream> OpenPullAsync(Invocation call, string name, string platform)
    {
        bool all = name.EndsWith(':');
        (string repository, string tag) = ImageName.Split(name.TrimEnd(':'));
        return await call.Engine.OpenAsync(
            "POST",
            ApiPath.Of("/images/create").With("fromImage", repository).With("tag", all ? null : tag.Length > 0 ? tag : "latest").With("platform", platform),
            headers: Store(call).HeaderFor(repository));
    }

    /// <summary>Begins to push an image, or all tags of a repository for an empty one; the messages about it.</summary>
    public static Task<Stream> OpenPushAsync(Invocation call, string repository, string tag, string platform) => call.Engine.OpenAsync(
        "POST",
        ApiPath.Of("/images/", repository, "/push").With("tag", tag).With("platform", PlatformJson.Of(platform)),
        headers: Store(call).HeaderFor(repository));

    public static Verb Push() => new(
        "NAME[:TAG]",
        new FlagTable().Bool("all-tags", 'a', "Upload all tags of the repository").String("platform", "Only upload one platform (os[/arch[/variant]])")
            .Bool("quiet", 'q', "Do not show progress").Add(new Flag("disable-content-trust", '\0', FlagKind.Bool, "Skip signing", "true") { Hidden = true }),
        async call =>
        {
            (string repository, string tag) = ImageName.Split(call.Arguments[0]);
            bool all = call.Flags.Bool("all-tags");
            if (all && tag.Length > 0)
            {
                throw new CommandException("tag can't be used with --all-tags/-a");
            }

            if (!all && tag.Length == 0)
            {
                tag = "latest";
                await call.Out.WriteLineAsync("Using default tag: latest");
            }

            await using Stream answer = await OpenPushAsync(call, repository, tag, call.Flags.String("platform"));
            await ProgressDisplay.ShowAsync(answer, call.Flags.Bool("quiet") ? null : call.Out, ProgressDisplay.IsTerminal(1));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Images };

    public static Verb Login() => new(
        "[SERVER]",
        new FlagTable().String("password", 'p', "Password or token").Bool("password-stdin", "Read the password from STDIN").String("username", 'u', "User name"),
        async call =>
        {
            FlagValues flags = call.Flags;
            if (flags.Has("password") && flags.Bool("password-stdin"))
            {
                throw new CommandException("--password and --password-stdin are mutually exclusive");
            }

            using StreamReader input = new(Console.OpenStandardInput(), Encoding.UTF8);
            if (flags.Bool("password-stdin") && !flags.Has("username"))
            {
                throw new CommandException("Must provide --username with --password-stdin");
            }

            string user = flags.StringOrNull("username") ?? await AskAsync(call, input, "Username: ", hidden: false);
            string password = flags.Bool("password-stdin") ? (await input.ReadToEndAsync()).TrimEnd('\r', '\n')
                : flags.StringOrNull("password") ?? await AskAsync(call, input, "Password: ", hidden: true);
            string server = CredentialStore.Server(call.Arguments.Count > 0 ? call.Arguments[0] : "");
            JsonNode? answer = await call.Engine.PostAsync(ApiPath.Of("/auth"), new JsonObject { ["username"] = user, ["password"] = password, ["serveraddress"] = server });
            if (Store(call).Put(server, user, password) is { } file)
            {
                await call.Error.WriteLineAsync($"\nWARNING! Your credentials are stored unencrypted in '{file}'.\n");
            }

            await call.Out.WriteLineAsync(answer.Text("Status"));
            return 0;
        })
    { MaxArguments = 1 };

    private static async Task<string> AskAsync(Invocation call, StreamReader input, string question, bool hidden)
    {
        if (!TerminalDevice.IsTerminal(0))
        {
            throw new CommandException("Error: Cannot perform an interactive login from a non TTY device");
        }

        await call.Out.WriteAsync(question);
        await call.Out.FlushAsync();
        using IDisposable? quiet = hidden ? TerminalDevice.NoEcho(0) : null;
        string answer = await input.ReadLineAsync() ?? "";
        if (hidden)
        {
            await call.Out.WriteLineAsync();
        }

        return answer.Length > 0 ? answer : throw new CommandException("Error: Username and password required");
    }

    public static Verb Logout() => new("[SERVER]", new FlagTable(), async call =>
    {
        string server = CredentialStore.Server(call.Arguments.Count > 0 ? call.Arguments[0] : "");
        await call.Out.WriteLineAsync(Store(call).Remove(server) ? $"Removing login credentials for {server}" : $"Not logged in to {server}");
        return 0;
    })
    { MaxArguments = 1 };

    public static Verb Search() => new(
        "TERM",
        new FlagTable().Filter().Format().Int("limit", "Most results to show").Bool("no-trunc", "Show descriptions whole"),
        async call =>
        {
            await using Stream answer = await call.Engine.OpenAsync(
                "GET",
                ApiPath.Of("/images/search").With("term", call.Arguments[0]).With("limit", call.Flags.String("limit")).Filters(call.Flags.List("filter")),
                headers: Store(call).HeaderFor(call.Arguments[0]));
            JsonNode? found = await JsonNode.ParseAsync(answer);
            bool whole = call.Flags.Bool("no-trunc");
            IEnumerable<Row> rows = (found as JsonArray ?? []).OrderByDescending(image => image.Long("star_count")).Select(image => new Row()
                .Field("Name", image.Text("name")).Field("Description", Short(image.Text("description"), whole)).Field("StarCount", image.Text("star_count"))
                .Field("IsOfficial", image.Bool("is_official") ? "[OK]" : "").Field("IsAutomated", image.Bool("is_automated") ? "[OK]" : ""));
            await call.Out.WriteAsync(new Listing("{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}", s_headers).Print(call.Flags.String("format"), rows));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb ManifestInspect() => new(
        "MANIFEST",
        new FlagTable().Bool("verbose", 'v', "Also show digest and size").Add(new Flag("insecure", '\0', FlagKind.Bool, "The engine knows which registries are", "") { Hidden = true }),
        async call =>
        {
            string name = call.Arguments[0];
            string header = Store(call).HeaderFor(name);
            await using Stream manifest = await call.Engine.OpenAsync("GET", ApiPath.Of("/distribution/", name, "/manifest"), headers: header);
            JsonNode? shown = await JsonNode.ParseAsync(manifest);
            if (call.Flags.Bool("verbose"))
            {
                await using Stream facts = await call.Engine.OpenAsync("GET", ApiPath.Of("/distribution/", name, "/json"), headers: header);
                JsonNode? answer = await JsonNode.ParseAsync(facts);
                shown = new JsonObject { ["Ref"] = name, ["Descriptor"] = answer.Object("Descriptor")?.DeepClone(), ["Manifest"] = shown };
            }

            await call.Out.WriteLineAsync(Json.Indented(shown));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    private static CredentialStore Store(Invocation call) => new(call.Globals.ConfigDirectory);

    private static string Short(string description, bool whole)
    {
        string line = description.ReplaceLineEndings(" ");
        return whole || line.Length <= 45 ? line : line[..44] + "…";
    }
}
