using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;

namespace Slipway.Cli.Verbs.Apps;

/// <summary><c>app create/set/list/show/rm/env/domain</c> and the other settings of applications.</summary>
internal static class AppVerbs
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Name"] = "NAME", ["State"] = "STATE", ["Release"] = "RELEASE", ["Deployment"] = "LAST DEPLOYMENT", ["Url"] = "ADDRESS", ["Server"] = "SERVER",
    };

    public static Verb Create() => new(
        "NAME",
        AppFlags.Table().String("project", "Project", "default").String("environment", "Environment", "production").String("server", "Server that runs it"),
        async call =>
        {
            using PlatformConnection platform = new();
            (JsonObject source, JsonObject build, JsonObject run) = (new JsonObject { ["kind"] = "push" }, [], []);
            AppFlags.Apply(call.Flags, source, build, run);
            JsonNode? app = await platform.PostAsync("/apps", new JsonObject
            {
                ["name"] = call.Arguments[0], ["project"] = call.Flags.String("project"), ["environment"] = call.Flags.String("environment"), ["server"] = call.Flags.StringOrNull("server"),
                ["source"] = source, ["build"] = build, ["run"] = run,
            });
            await SetBuildServerAsync(call, platform);
            await call.Out.WriteLineAsync(app.Text("name"));
            return 0;
        })
    {
        MinArguments = 1, MaxArguments = 1,
        Details = "Without --image, --git or --dockerfile-text the source is sent: git push to the server's /git/NAME.git, or slipway deploy.",
    };

    public static Verb Set() => new(
        "NAME",
        AppFlags.Table(),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonNode? app = await platform.GetAsync(Path(call));
            JsonObject patch = [];
            (JsonObject source, JsonObject build, JsonObject run) = (Part(app, "source"), Part(app, "build"), Part(app, "run"));
            AppFlags.Apply(call.Flags, source, build, run);
            (patch["source"], patch["build"], patch["run"]) = (source, build, run);
            await platform.PatchAsync(Path(call), patch);
            await SetBuildServerAsync(call, platform);
            await call.Out.WriteLineAsync("Changed; the next deployment brings it into service.");
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb List() => new(
        "",
        new FlagTable().Format().Bool("quiet", 'q', "Only show names"),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonArray apps = await platform.GetAsync("/apps") as JsonArray ?? [];
            string format = call.Flags.Bool("quiet") ? "{{.Name}}" : call.Flags.String("format");
            await call.Out.WriteAsync(new Listing("{{.Name}}\t{{.State}}\t{{.Release}}\t{{.Deployment}}\t{{.Url}}", s_headers).Print(format, apps.Select(app => new Row()
                .Field("Name", app.Text("name")).Field("State", app.Text("state")).Field("Release", app.Object("release").Text("number")).Field("Server", app.Text("server"))
                .Field("Deployment", app.Object("deployment").Text("state")).Field("Url", app.Strings("urls").FirstOrDefault() ?? ""))));
            return 0;
        })
    { MaxArguments = 0 };

    public static Verb Show() => new(
        "NAME",
        new FlagTable(),
        async call =>
        {
            using PlatformConnection platform = new();
            await call.Out.WriteLineAsync(Json.Indented(await platform.GetAsync(Path(call))));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb Remove() => new(
        "NAME [NAME...]",
        new FlagTable().Bool("volumes", "Remove its volumes too"),
        async call =>
        {
            using PlatformConnection platform = new();
            foreach (string name in call.Arguments)
            {
                await platform.DeleteAsync($"/apps/{PlatformConnection.Part(name)}?volumes={(call.Flags.Bool("volumes") ? "true" : "false")}");
                await call.Out.WriteLineAsync(name);
            }

            return 0;
        })
    { MinArguments = 1 };

    public static Verb Variables() => new(
        "NAME [KEY=VALUE...]",
        new FlagTable().Bool("secret", "Never show the value again, and redact it in logs").Bool("build", "Builds get it too").Bool("run", "Containers get it", value: true)
            .Bool("literal", "Expand nothing in it").List("unset", "Remove a variable").List("from-file", "Take the value of KEY from a file, byte for byte (KEY=FILE)"),
        async call =>
        {
            using PlatformConnection platform = new();
            foreach (string key in call.Flags.List("unset"))
            {
                await platform.DeleteAsync($"{Path(call)}/env/{PlatformConnection.Part(key)}");
            }

            List<(string Key, string Value)> set = [.. call.Arguments.Skip(1).Select(Pair)];
            foreach ((string key, string file) in call.Flags.List("from-file").Select(Pair))
            {
                set.Add((key, await File.ReadAllTextAsync(file)));
            }

            foreach ((string key, string value) in set)
            {
                await platform.PutAsync($"{Path(call)}/env/{PlatformConnection.Part(key)}", new JsonObject
                {
                    ["value"] = value, ["secret"] = call.Flags.Bool("secret"), ["build"] = call.Flags.Bool("build"), ["run"] = call.Flags.Bool("run"), ["literal"] = call.Flags.Bool("literal"),
                });
            }

            if (set.Count == 0 && !call.Flags.Has("unset"))
            {
                foreach (JsonNode? variable in await platform.GetAsync(Path(call) + "/env") as JsonArray ?? [])
                {
                    await call.Out.WriteLineAsync($"{variable.Text("key")}={(variable.Bool("secret") ? "***" : variable.Text("value"))}");
                }
            }

            return 0;
        })
    { MinArguments = 1, Details = "Without KEY=VALUE the variables are listed. They reach containers with the next deployment." };

    public static Verb Domains() => new(
        "NAME [ADDRESS...]",
        new FlagTable().Bool("none", "Take all addresses away; NAME.localhost is left").Bool("internal", "Certificates of https addresses come from the proxy's own authority").Bool("strip", "Take the path away before the application sees it")
            .String("redirect", "Send visitors on to this address").String("service", "Service of a Compose file that answers; addresses of other services stay").Int("port", 'p', "Port of the service").String("user", "Ask for this user").String("password-file", "File with the user's password"),
        async call =>
        {
            using PlatformConnection platform = new();
            if (call.Arguments.Count > 1 || call.Flags.Bool("none"))
            {
                string? password = call.Flags.StringOrNull("password-file") is { } file ? (await File.ReadAllTextAsync(file)).TrimEnd('\r', '\n') : null;
                string service = call.Flags.StringOrNull("service") ?? "";
                IEnumerable<JsonNode> others = service.Length == 0 ? [] : (await platform.GetAsync(Path(call))).List("domains").Where(domain => domain.Text("service") != service).Select(domain => domain!.DeepClone());
                await platform.PutAsync(Path(call) + "/domains", new JsonArray([.. others, .. call.Arguments.Skip(1).Select(address => (JsonNode)Domain(call.Flags, address, password))]));
            }

            foreach (string url in (await platform.GetAsync(Path(call))).Strings("urls"))
            {
                await call.Out.WriteLineAsync(url);
            }

            return 0;
        })
    { MinArguments = 1, Details = "Addresses such as https://example.com/api replace those that there are; they serve at once. https takes ACME certificates, or internal ones for names of inside networks." };

    public static Verb DeployKey() => new(
        "NAME",
        new FlagTable(),
        async call =>
        {
            using PlatformConnection platform = new();
            await call.Out.WriteLineAsync((await platform.PostAsync(Path(call) + "/deploy-key")).Text("publicKey"));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1, Details = "Makes a new key; enter what is printed at the git host as a key that may read." };

    public static Verb Login() => LoginAt("/apps/");

    /// <summary>Sets the login at a registry of what has that path.</summary>
    public static Verb LoginAt(string path) => new(
        "NAME",
        new FlagTable().String("username", 'u', "Name at the registry; without one, the login is forgotten").Bool("password-stdin", "Read the password from standard input"),
        async call =>
        {
            using PlatformConnection platform = new();
            string user = call.Flags.StringOrNull("username") ?? "";
            if (user.Length > 0 && !call.Flags.Bool("password-stdin"))
            {
                throw new CommandException("the password is read with --password-stdin");
            }

            string password = user.Length > 0 ? (await Console.In.ReadToEndAsync()).TrimEnd('\r', '\n') : "";
            await platform.PutAsync(path + PlatformConnection.Part(call.Arguments[0]) + "/registry", new JsonObject { ["user"] = user, ["password"] = password });
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb Webhook() => new(
        "NAME",
        new FlagTable(),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonNode? hook = await platform.GetAsync(Path(call) + "/webhook");
            foreach ((string host, string url) in hook.Map("urls"))
            {
                await call.Out.WriteLineAsync($"{host,-10} {url}");
            }

            await call.Out.WriteLineAsync($"{"secret",-10} {hook.Text("secret")}");
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    /// <summary>The application's path in the API.</summary>
    public static string Path(Invocation call) => "/apps/" + PlatformConnection.Part(call.Arguments[0]);

    private static JsonObject Part(JsonNode? app, string name) => (app.Object(name) ?? []).DeepClone().AsObject();

    private static async Task SetBuildServerAsync(Invocation call, PlatformConnection platform)
    {
        if (call.Flags.Has("build-server"))
        {
            await platform.PatchAsync(Path(call), new JsonObject { ["buildServer"] = call.Flags.String("build-server") });
        }
    }

    private static (string Key, string Value) Pair(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals ? (text[..equals], text[(equals + 1)..]) : throw new CommandException($"\"{text}\" is not KEY=VALUE");

    private static JsonObject Domain(FlagValues flags, string address, string? password)
    {
        if (!Uri.TryCreate(address.Contains("://", StringComparison.Ordinal) ? address : "http://" + address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new CommandException($"\"{address}\" is no address");
        }

        string start = address[..(address.IndexOf("://", StringComparison.Ordinal) + 1)];
        string host = (start.Length > 0 ? address[(start.Length + 2)..] : address).Split('/', 2)[0];
        bool inside = flags.Bool("internal") || host.EndsWith("localhost", StringComparison.Ordinal);
        return new JsonObject
        {
            ["host"] = host, ["path"] = uri.AbsolutePath.Length > 1 ? uri.AbsolutePath.TrimEnd('/') : "/", ["tls"] = uri.Scheme == "http" ? "none" : inside ? "internal" : "acme",
            ["service"] = flags.StringOrNull("service"), ["port"] = flags.Int("port"), ["stripPath"] = flags.Bool("strip"), ["redirectTo"] = flags.StringOrNull("redirect"), ["user"] = flags.StringOrNull("user"), ["password"] = password,
        };
    }
}
