using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.DockerApi;
using Slipway.Packs.Sources;

namespace Slipway.Cli.Verbs.Apps;

/// <summary><c>deploy</c>, <c>deployments</c> and the verbs of <c>app</c> that bring something into service.</summary>
internal static class DeployVerbs
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["ID"] = "ID", ["Number"] = "NUMBER", ["Kind"] = "KIND", ["State"] = "STATE", ["Trigger"] = "TRIGGER", ["Created"] = "CREATED", ["Commit"] = "COMMIT", ["Error"] = "ERROR",
    };

    private static readonly Dictionary<string, string> s_releaseHeaders = new(StringComparer.Ordinal)
    {
        ["Number"] = "RELEASE", ["Serves"] = "SERVES", ["Created"] = "CREATED", ["Commit"] = "COMMIT", ["Message"] = "MESSAGE", ["Image"] = "IMAGE",
    };

    public static Verb DeployDirectory() => new(
        "[DIRECTORY]",
        new FlagTable().String("app", 'a', "Name of the application; the directory's own unless told otherwise").Bool("force", "Build from nothing and replace containers in any case").Bool("detach", 'd', "Do not wait")
            .String("pack", "Build pack of a new application").Int("port", 'p', "Port of a new application"),
        async call =>
        {
            string directory = Path.GetFullPath(call.Arguments.Count > 0 ? call.Arguments[0] : ".");
            string name = call.Flags.StringOrNull("app") ?? NameOf(directory);
            using PlatformConnection platform = new();
            await EnsureAsync(call, platform, name);
            await using Stream tar = TarSource.Context(directory, Ignored(directory), new Dictionary<string, byte[]>(), new GitIgnore(directory).Leaves);
            JsonNode? deployment = await platform.UploadAsync($"/apps/{PlatformConnection.Part(name)}/source?force={(call.Flags.Bool("force") ? "true" : "false")}", tar);
            return await FollowAsync(call, platform, deployment);
        })
    { MaxArguments = 1, Completes = Candidates.Files, Details = "Sends the directory without .git and what .gitignore files and .dockerignore name, and deploys it. An application that does not exist is made." };

    public static Verb Deploy() => Starts("deploy", new FlagTable().Bool("force", "Build from nothing and replace containers in any case").String("commit", "Deploy this commit"),
        call => new JsonObject { ["force"] = call.Flags.Bool("force"), ["commit"] = call.Flags.StringOrNull("commit") });

    public static Verb Redeploy() => Starts("redeploy", new FlagTable(), _ => []);

    public static Verb Start()
    {
        Verb whole = Starts("start", new FlagTable(), _ => []);
        return whole with
        {
            Usage = "NAME [SERVICE]", MaxArguments = 2,
            Run = async call =>
            {
                if (call.Arguments.Count == 1)
                {
                    return await whole.Run(call);
                }

                using PlatformConnection platform = new();
                await platform.PostAsync($"{AppVerbs.Path(call)}/services/{PlatformConnection.Part(call.Arguments[1])}/start");
                await call.Out.WriteLineAsync(call.Arguments[1]);
                return 0;
            },
        };
    }

    public static Verb Rollback() => Starts("rollback", new FlagTable(), call => new JsonObject
    {
        ["release"] = call.Arguments.Count < 2 ? null : int.TryParse(call.Arguments[1], out int number) ? number : throw new CommandException("a release is a number"),
    }) with { Usage = "NAME [RELEASE]", MaxArguments = 2 };

    public static Verb Scale() => Starts("scale", new FlagTable(), call => new JsonObject
    {
        ["processes"] = new JsonObject(call.Arguments.Skip(1).Select(Counted)),
    }) with
    {
        Usage = "NAME REPLICAS|PROCESS=NUMBER|SERVICE=NUMBER...", MinArguments = 2, MaxArguments = int.MaxValue,
        Details = "A number alone is that of the containers that serve (web). Other processes are those of the Procfile, services those of the Compose file.",
    };

    public static Verb Stop() => new(
        "NAME [SERVICE]",
        new FlagTable(),
        async call =>
        {
            using PlatformConnection platform = new();
            await platform.PostAsync(AppVerbs.Path(call) + "/stop" + (call.Arguments.Count > 1 ? "?service=" + PlatformConnection.Part(call.Arguments[1]) : ""));
            await call.Out.WriteLineAsync(call.Arguments[^1]);
            return 0;
        })
    { MinArguments = 1, MaxArguments = 2 };

    public static Verb Logs() => new(
        "NAME [SERVICE]",
        new FlagTable().String("process", "Only those of this process (web, worker, ...)").Bool("follow", 'f', "Go on with new lines").Int("tail", 'n', "Lines from the end", "100"),
        async call =>
        {
            using PlatformConnection platform = new();
            await using Stream output = Console.OpenStandardOutput();
            await platform.CopyAsync($"{AppVerbs.Path(call)}/logs?tail={call.Flags.Int("tail")}&follow={(call.Flags.Bool("follow") ? "true" : "false")}{((call.Flags.StringOrNull("process") ?? call.Arguments.ElementAtOrDefault(1)) is { } process ? "&process=" + PlatformConnection.Part(process) : "")}", output);
            return 0;
        })
    { MinArguments = 1, MaxArguments = 2 };

    public static Verb Exec() => new(
        "NAME [--] COMMAND [ARG...]",
        new FlagTable().Bool("interactive", 'i', "Pass standard input on").Bool("tty", 't', "Give the command a terminal").Int("replica", "Which container", "1").String("process", "Of which process or service", "web")
            .String("user", 'u', "User in the container").String("workdir", 'w', "Directory in which the command starts"),
        async call =>
        {
            using PlatformConnection platform = new();
            return await RemoteCommand.RunAsync(call, platform);
        })
    { MinArguments = 2, FlagsFirst = true };

    public static Verb Releases() => new(
        "NAME",
        new FlagTable().Format(),
        async call =>
        {
            using PlatformConnection platform = new();
            JsonArray releases = await platform.GetAsync(AppVerbs.Path(call) + "/releases") as JsonArray ?? [];
            await call.Out.WriteAsync(new Listing("{{.Number}}\t{{.Serves}}\t{{.Created}}\t{{.Commit}}\t{{.Message}}", s_releaseHeaders).Print(call.Flags.String("format"), releases.Select(release => new Row()
                .Field("Number", release.Text("number")).Field("Serves", release.Bool("serves") ? "yes" : release.Bool("canRollBack") ? "" : "removed").Field("Created", Age(call, release.Text("created")))
                .Field("Commit", Short(release.Text("commit"))).Field("Message", release.Text("commitMessage")).Field("Image", release.Text("image")))));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static Verb Deployments() => new(
        "[NAME]",
        new FlagTable().Format().String("log", "Show the log of a deployment (id)").Bool("follow", 'f', "With --log: until its end").String("cancel", "End a deployment (id)"),
        async call =>
        {
            using PlatformConnection platform = new();
            if (call.Flags.StringOrNull("cancel") is { } cancelled)
            {
                await platform.PostAsync($"/deployments/{PlatformConnection.Part(cancelled)}/cancel");
                return 0;
            }

            if (call.Flags.StringOrNull("log") is { } id)
            {
                await using Stream output = Console.OpenStandardOutput();
                await platform.CopyAsync($"/deployments/{PlatformConnection.Part(id)}/log?follow={(call.Flags.Bool("follow") ? "true" : "false")}", output);
                return 0;
            }

            JsonArray deployments = await platform.GetAsync("/deployments" + (call.Arguments.Count > 0 ? "?app=" + PlatformConnection.Part(call.Arguments[0]) : "")) as JsonArray ?? [];
            await call.Out.WriteAsync(new Listing("{{.ID}}\t{{.Number}}\t{{.Kind}}\t{{.State}}\t{{.Trigger}}\t{{.Created}}\t{{.Commit}}\t{{.Error}}", s_headers).Print(call.Flags.String("format"), deployments.Select(deployment => new Row()
                .Field("ID", deployment.Text("id")).Field("Number", deployment.Text("number")).Field("Kind", deployment.Text("kind")).Field("State", deployment.Text("state")).Field("Trigger", deployment.Text("trigger"))
                .Field("Created", Age(call, deployment.Text("created"))).Field("Commit", Short(deployment.Text("commit"))).Field("Error", Units.Ellipsis(deployment.Text("error").Split('\n')[0], 60)))));
            return 0;
        })
    { MaxArguments = 1 };

    private static KeyValuePair<string, JsonNode?> Counted(string argument)
    {
        string[] parts = argument.Contains('=', StringComparison.Ordinal) ? argument.Split('=', 2) : ["web", argument];
        return int.TryParse(parts[1], out int number) ? new(parts[0], number) : throw new CommandException("how many containers is a number");
    }

    private static Verb Starts(string action, FlagTable flags, Func<Invocation, JsonObject> body) => new(
        "NAME",
        flags.Bool("detach", 'd', "Do not wait"),
        async call =>
        {
            using PlatformConnection platform = new();
            return await FollowAsync(call, platform, await platform.PostAsync($"{AppVerbs.Path(call)}/{action}", body(call)));
        })
    { MinArguments = 1, MaxArguments = 1 };

    private static async Task<int> FollowAsync(Invocation call, PlatformConnection platform, JsonNode? deployment)
    {
        string id = deployment.Text("id");
        if (call.Flags.Bool("detach"))
        {
            await call.Out.WriteLineAsync(id);
            return 0;
        }

        await using (Stream output = Console.OpenStandardOutput())
        {
            await platform.CopyAsync($"/deployments/{id}/log?follow=true", output);
        }

        return (await platform.GetAsync($"/deployments/{id}")).Text("state") == "succeeded" ? 0 : 1;
    }

    private static async Task EnsureAsync(Invocation call, PlatformConnection platform, string name)
    {
        try
        {
            await platform.GetAsync("/apps/" + PlatformConnection.Part(name));
        }
        catch (CommandException e) when (e.ExitCode == PlatformConnection.NotFound)
        {
            JsonObject run = call.Flags.Has("port") ? new JsonObject { ["port"] = call.Flags.Int("port") } : [];
            await platform.PostAsync("/apps", new JsonObject
            {
                ["name"] = name, ["source"] = new JsonObject { ["kind"] = "push" }, ["run"] = run, ["build"] = call.Flags.StringOrNull("pack") is { } pack ? new JsonObject { ["pack"] = pack } : [],
            });
        }
    }

    private static string NameOf(string directory)
    {
        string name = string.Concat(Path.GetFileName(directory.TrimEnd('/')).ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        return name.Length > 0 && char.IsAsciiLetter(name[0]) ? name : "app-" + name;
    }

    private static IgnorePatterns Ignored(string directory)
    {
        string list = Path.Combine(directory, ".dockerignore");
        return File.Exists(list) ? IgnorePatterns.Parse(File.ReadAllText(list) + "\n!.dockerignore\n") : IgnorePatterns.None;
    }

    private static string Short(string commit) => commit.Length > 12 ? commit[..12] : commit;

    private static string Age(Invocation call, string time) => DateTimeOffset.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, out DateTimeOffset then) ? Units.Ago(then, call.Now) : "";
}
