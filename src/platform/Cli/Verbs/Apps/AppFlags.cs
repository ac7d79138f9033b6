using System.Text.Json.Nodes;
using Slipway.Cli.Options;

namespace Slipway.Cli.Verbs.Apps;

/// <summary>The settings of an application as flags, for <c>app create</c> and <c>app set</c>.</summary>
internal static class AppFlags
{
    public static FlagTable Table() => new FlagTable()
        .String("image", "Run this image").String("git", "Build this git repository (URL)").String("branch", 'b', "Branch that is deployed").String("dockerfile-text", "Build the Dockerfile in this file, without a context")
        .String("base-directory", "Directory of the repository that is built").List("watch", "Only changes of these paths deploy (!PATTERN excludes)").Bool("auto-deploy", "Pushes deploy", value: true)
        .String("pack", "Build pack (auto, dockerfile, static, ...)").String("dockerfile", "Path of the Dockerfile").String("compose-file", "Path of the Compose file").String("target", "Stage of the Dockerfile").String("publish-directory", "Directory of the finished site")
        .Bool("spa", "Unknown paths answer with the first page").String("install-command", "Replaces the install command").String("build-command", "Replaces the build command").String("start-command", "Replaces the start command")
        .Int("port", 'p', "Port that the application listens on").List("command", "Word of the command in place of the image's; once per word").Int("replicas", "Number of containers")
        .Bytes("memory", 'm', "Limit of memory").Add(new Flag("cpus", '\0', FlagKind.Decimal, "Limit of CPUs")).List("volume", 'v', "Volume (name:/path[:ro])")
        .String("health-path", "Healthy when this path answers below 400").List("health-command", "Healthy when this command succeeds; once per word").String("health", "Kind of health check (auto, http, command, port, none)")
        .Int("health-timeout", "Seconds until a release counts as unhealthy").List("pre-deploy", "Command run before a release serves; once per word").List("post-deploy", "Command run when it serves; once per word")
        .Int("stop-grace", "Seconds between SIGTERM and SIGKILL").Int("drain", "Seconds for which old requests may go on").String("build-server", "Server that builds");

    /// <summary>Puts the flags that were given into source, build and run settings.</summary>
    public static void Apply(FlagValues flags, JsonObject source, JsonObject build, JsonObject run)
    {
        Source(flags, source);
        foreach ((string flag, string member) in (ReadOnlySpan<(string, string)>)
            [("pack", "pack"), ("dockerfile", "dockerfile"), ("compose-file", "composeFile"), ("target", "target"), ("publish-directory", "publishDirectory"), ("install-command", "installCommand"), ("build-command", "buildCommand"), ("start-command", "startCommand")])
        {
            Text(flags, flag, build, member);
        }

        if (flags.Has("spa"))
        {
            build["spa"] = flags.Bool("spa");
        }

        foreach ((string flag, string member) in (ReadOnlySpan<(string, string)>)[("port", "port"), ("replicas", "replicas"), ("stop-grace", "stopGraceSeconds"), ("drain", "drainSeconds")])
        {
            Number(flags, flag, run, member);
        }

        foreach ((string flag, string member) in (ReadOnlySpan<(string, string)>)[("command", "command"), ("volume", "volumes"), ("pre-deploy", "preDeploy"), ("post-deploy", "postDeploy")])
        {
            List(flags, flag, run, member);
        }

        if (flags.Has("memory"))
        {
            run["memory"] = flags.Bytes("memory");
        }

        if (flags.Has("cpus"))
        {
            run["cpus"] = double.Parse(flags.String("cpus"), System.Globalization.CultureInfo.InvariantCulture);
        }

        Health(flags, run);
    }

    private static void Source(FlagValues flags, JsonObject source)
    {
        if (flags.StringOrNull("image") is { } image)
        {
            (source["kind"], source["image"]) = ("image", image);
        }
        else if (flags.StringOrNull("git") is { } repository)
        {
            (source["kind"], source["repository"]) = ("git", repository);
        }
        else if (flags.StringOrNull("dockerfile-text") is { } file)
        {
            (source["kind"], source["dockerfile"]) = ("dockerfile", File.ReadAllText(file));
        }

        Text(flags, "branch", source, "branch");
        Text(flags, "base-directory", source, "baseDirectory");
        List(flags, "watch", source, "watchPaths");
        if (flags.Has("auto-deploy"))
        {
            source["autoDeploy"] = flags.Bool("auto-deploy");
        }
    }

    private static void Health(FlagValues flags, JsonObject run)
    {
        JsonObject health = run["health"] as JsonObject ?? [];
        if (flags.StringOrNull("health-path") is { } path)
        {
            (health["kind"], health["path"]) = ("http", path);
        }

        if (flags.Has("health-command"))
        {
            health["kind"] = "command";
            List(flags, "health-command", health, "command");
        }

        Text(flags, "health", health, "kind");
        Number(flags, "health-timeout", health, "deadlineSeconds");
        if (health.Count > 0 && run["health"] is null)
        {
            run["health"] = health;
        }
    }

    private static void Text(FlagValues flags, string flag, JsonObject target, string member)
    {
        if (flags.Has(flag))
        {
            target[member] = flags.String(flag) is { Length: > 0 } text ? text : null;
        }
    }

    private static void Number(FlagValues flags, string flag, JsonObject target, string member)
    {
        if (flags.Has(flag))
        {
            target[member] = flags.Int(flag);
        }
    }

    private static void List(FlagValues flags, string flag, JsonObject target, string member)
    {
        if (flags.Has(flag))
        {
            target[member] = JsonBuild.Strings(flags.List(flag));
        }
    }
}
