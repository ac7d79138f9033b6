using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Turns the flags of <c>run</c> and <c>create</c> into the body of <c>POST /containers/create</c>.</summary>
internal static class CreateRequest
{
    private static readonly string[] s_streams = ["stdin", "stdout", "stderr"];

    /// <param name="flags">Flags; their arguments are the image and the command.</param>
    /// <exception cref="UsageException">A value that does not fit, or two that contradict each other.</exception>
    public static JsonObject Build(FlagValues flags)
    {
        try
        {
            (JsonObject exposed, JsonObject bindings) = PortOptions.ToJson(flags.List("publish"), flags.List("expose"));
            (List<string> binds, List<string> anonymous) = VolumeOptions.Read(flags.List("volume"));
            JsonObject body = Config(flags, exposed, anonymous);
            body["HostConfig"] = HostConfigRequest.Build(flags, bindings, binds);
            body["NetworkingConfig"] = new JsonObject { ["EndpointsConfig"] = NetworkRequest.Endpoints(flags) };
            return body;
        }
        catch (FormatException e)
        {
            throw new UsageException(e.Message);
        }
        catch (IOException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static JsonObject Config(FlagValues flags, JsonObject exposed, List<string> anonymous)
    {
        (bool stdin, bool stdout, bool stderr) = Attached(flags);
        IReadOnlyList<string> command = [.. flags.Arguments.Skip(1)];
        JsonObject config = new()
        {
            ["Hostname"] = flags.String("hostname"),
            ["Domainname"] = flags.String("domainname"),
            ["User"] = flags.String("user"),
            ["AttachStdin"] = stdin,
            ["AttachStdout"] = stdout,
            ["AttachStderr"] = stderr,
            ["ExposedPorts"] = exposed.Count > 0 ? exposed : null,
            ["Tty"] = flags.Bool("tty"),
            ["OpenStdin"] = flags.Bool("interactive"),
            ["StdinOnce"] = flags.Bool("interactive") && stdin,
            ["Env"] = JsonBuild.StringsOrNull(VariableFiles.Environment(flags.List("env-file"), flags.List("env"))),
            ["Cmd"] = JsonBuild.StringsOrNull(command),
            ["Image"] = flags.Arguments[0],
            ["Volumes"] = anonymous.Count > 0 ? JsonBuild.Set(anonymous) : null,
            ["WorkingDir"] = flags.String("workdir"),
            ["Entrypoint"] = flags.Has("entrypoint") ? JsonBuild.Strings([flags.String("entrypoint")]) : null,
            ["Labels"] = JsonBuild.Map(VariableFiles.Labels(flags.List("label-file"), flags.List("label"))),
            ["StopSignal"] = flags.StringOrNull("stop-signal"),
            ["StopTimeout"] = flags.IntOrNull("stop-timeout"),
            ["Healthcheck"] = HealthCheck(flags),
            ["MacAddress"] = flags.StringOrNull("mac-address"),
        };
        foreach (string optional in (string[])["StopSignal", "StopTimeout", "Healthcheck", "MacAddress", "ExposedPorts"])
        {
            if (config[optional] is null)
            {
                config.Remove(optional);
            }
        }

        return config;
    }

    /// <summary>Which streams the client follows: those of <c>--attach</c>, else all, else (detached) none.</summary>
    public static (bool Stdin, bool Stdout, bool Stderr) Attached(FlagValues flags)
    {
        List<string> named = [.. flags.List("attach").Select(a => a.ToLowerInvariant())];
        if (named.Find(n => !s_streams.Contains(n)) is { } unknown)
        {
            throw new UsageException($"invalid argument \"{unknown}\" for \"-a, --attach\" flag: valid streams are STDIN, STDOUT and STDERR");
        }

        if (flags.Bool("detach"))
        {
            return named.Count == 0 ? (false, false, false)
                : throw new UsageException("conflicting options: cannot specify both --attach and --detach");
        }

        return named.Count == 0
            ? (flags.Bool("interactive"), true, true)
            : (named.Contains("stdin"), named.Contains("stdout"), named.Contains("stderr"));
    }

    private static JsonObject? HealthCheck(FlagValues flags)
    {
        string[] names = ["health-cmd", "health-interval", "health-retries", "health-start-period", "health-start-interval", "health-timeout"];
        bool any = names.Any(flags.Has);
        if (flags.Bool("no-healthcheck"))
        {
            return any ? throw new UsageException("--no-healthcheck conflicts with --health-* options")
                : new JsonObject { ["Test"] = JsonBuild.Strings(["NONE"]) };
        }

        if (!any)
        {
            return null;
        }

        foreach (string name in names.Where(n => n.Contains("interval") || n.Contains("period") || n.Contains("timeout")))
        {
            if (flags.Duration(name) < 0)
            {
                throw new UsageException($"--{name} cannot be negative");
            }
        }

        return flags.Int("health-retries") < 0 ? throw new UsageException("--health-retries cannot be negative") : new JsonObject
        {
            ["Test"] = flags.StringOrNull("health-cmd") is { } command ? JsonBuild.Strings(["CMD-SHELL", command]) : null,
            ["Interval"] = flags.Duration("health-interval"),
            ["Timeout"] = flags.Duration("health-timeout"),
            ["StartPeriod"] = flags.Duration("health-start-period"),
            ["StartInterval"] = flags.Duration("health-start-interval"),
            ["Retries"] = flags.Int("health-retries"),
        };
    }
}
