using System.Text;
using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs;

/// <summary><c>pull</c>, <c>push</c>, <c>login</c> and <c>logout</c>.</summary>
internal static class RegistryVerbs
{
    // "{}" as base64url: no credentials are stored by this client.
    private const string NoCredentials = "X-Registry-Auth: e30=\r\n";

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
        bool all = name.EndsWith(':');
        (string repository, string tag) = ImageName.Split(name.TrimEnd(':'));
        await using Stream answer = await call.Engine.OpenAsync(
            "POST",
            ApiPath.Of("/images/create").With("fromImage", repository).With("tag", all ? null : tag.Length > 0 ? tag : "latest").With("platform", platform),
            headers: NoCredentials);
        await ProgressDisplay.ShowAsync(answer, progress, ProgressDisplay.IsTerminal(progress == call.Error ? 2 : 1));
    }

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

            await using Stream answer = await call.Engine.OpenAsync(
                "POST",
                ApiPath.Of("/images/", repository, "/push").With("tag", tag).With("platform", PlatformJson.Of(call.Flags.String("platform"))),
                headers: NoCredentials);
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
            JsonNode? answer = await call.Engine.PostAsync(ApiPath.Of("/auth"), new JsonObject
            {
                ["username"] = user,
                ["password"] = password,
                ["serveraddress"] = call.Arguments.Count > 0 ? call.Arguments[0] : "https://index.docker.io/v1/",
            });
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
        string server = call.Arguments.Count > 0 ? call.Arguments[0] : "https://index.docker.io/v1/";
        await call.Out.WriteLineAsync("Not logged in to " + server);
        return 0;
    })
    { MaxArguments = 1 };
}
