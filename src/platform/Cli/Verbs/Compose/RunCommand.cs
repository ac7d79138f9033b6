using Slipway.Cli.Options;
using Slipway.Cli.Streams;
using Slipway.Compose.Actions;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose run</c>: one command in a container of its own.</summary>
internal static class RunCommand
{
    public static ComposeEntry Entry() => new(
        ["run"], "Run one command in a new container of a service", "SERVICE [COMMAND] [ARG...]",
        new FlagTable().Bool("build", "Build the image first").List("cap-add", "Add a capability").List("cap-drop", "Drop a capability").Bool("detach", 'd', "Run in the background and print the container's name")
            .String("entrypoint", "Replace the entry point").List("env", 'e', "Set a variable").Bool("interactive", 'i', "Keep STDIN open", value: true).List("label", 'l', "Set a label").String("name", "Name of the container")
            .Bool("no-TTY", 'T', "Do not give the process a terminal").Bool("no-deps", "Do not start what the service needs").List("publish", 'p', "Publish a port").Bool("quiet-pull", "Do not show pulls").String("pull", "Pull the image first (always, missing, never)")
            .Bool("remove-orphans", "Remove containers of services that are gone from the files").Bool("rm", "Remove the container when it ends").Bool("service-ports", 'P', "Publish the service's ports").Bool("tty", 't', "Give the process a terminal", value: true)
            .Bool("use-aliases", "Give it the service's names in its networks").String("user", 'u', "User and group").List("volume", 'v', "Mount something").String("workdir", 'w', "Directory in which the process starts"),
        RunAsync)
    { MinArguments = 1, FlagsFirst = true };

    private static async Task<int> RunAsync(ComposeCall compose)
    {
        FlagValues flags = compose.Flags;
        Project project = compose.Load();
        Service service = project.Service(compose.Arguments[0]);
        ImageSources sources = ComposeImages.Sources(compose, quiet: false);
        if (!flags.Bool("no-deps") && service.DependsOn.Count > 0)
        {
            UpOptions first = new() { Services = [.. service.DependsOn.Where(d => project.Services.ContainsKey(d.Service) && (d.Required || project.Enabled.Contains(d.Service))).Select(d => d.Service)], RemoveOrphans = flags.Bool("remove-orphans"), IgnoreOrphans = true };
            Up up = new(compose.Work, project, first, sources);
            await up.RunAsync(CancellationToken.None);
            await up.FulfilAsync(service, CancellationToken.None);
        }

        bool detached = flags.Bool("detach");
        bool tty = !detached && flags.Bool("tty") && !flags.Bool("no-TTY") && TerminalDevice.IsTerminal(0) && TerminalDevice.IsTerminal(1);
        bool stdin = !detached && flags.Bool("interactive");
        OneOff oneOff = new(compose.Work, project, sources);
        Service changed = service with { Map = Changed(compose, project, service, tty, stdin) };
        (string id, string name) = await oneOff.CreateAsync(changed, new OneOff.Choices(flags.StringOrNull("name"), flags.Bool("use-aliases"), !detached, flags.Map("label"), flags.String("pull"), flags.Bool("build")), CancellationToken.None);
        compose.Display.Close();
        if (compose.DryRun)
        {
            return 0;
        }

        if (detached)
        {
            await compose.Engine.StartContainerAsync(id);
            await compose.Out.WriteLineAsync(name);
            return 0;
        }

        try
        {
            return await ContainerSession.RunAsync(compose.Call, id, new AttachedStreams(stdin, true, true, tty, ""), start: true, removed: false, proxySignals: !tty);
        }
        finally
        {
            if (flags.Bool("rm"))
            {
                await oneOff.RemoveAsync(id);
            }
        }
    }

    private static Mapping Changed(ComposeCall compose, Project project, Service service, bool tty, bool stdin)
    {
        FlagValues flags = compose.Flags;
        Position at = service.At;
        Mapping map = service.Map.Copy().Remove("container_name").Remove("restart").Remove("scale").Remove("healthcheck");
        if (!flags.Bool("service-ports"))
        {
            map.Remove("ports");
        }

        map.Set("tty", new Scalar(at, tty ? "true" : "false", ScalarKind.Boolean)).Set("stdin_open", new Scalar(at, stdin ? "true" : "false", ScalarKind.Boolean));
        if (compose.Arguments.Count > 1)
        {
            map.Set("command", Texts(at, compose.Arguments.Skip(1)));
        }

        if (flags.Has("entrypoint"))
        {
            map.Set("entrypoint", Texts(at, CommandLine.Split(flags.String("entrypoint"))));
            _ = compose.Arguments.Count > 1 ? map : map.Set("command", Texts(at, []));
        }

        Mapping environment = map.Map("environment")?.Copy() ?? new Mapping(at);
        foreach (string variable in flags.List("env"))
        {
            (string key, string value) = Pairs.Split(variable);
            string? set = variable.Contains('=', StringComparison.Ordinal) ? value : project.Variables.GetValueOrDefault(key);
            environment.Set(key, new Scalar(at, set ?? "", set is null ? ScalarKind.Null : ScalarKind.Text));
        }

        map.Set("environment", environment);
        foreach ((string flag, string key) in new[] { ("user", "user"), ("workdir", "working_dir") })
        {
            _ = flags.StringOrNull(flag) is { } value ? map.Set(key, value, at) : map;
        }

        // What is given here has the short forms of the files, so it goes the same way as they do.
        Mapping more = new(at);
        foreach ((string flag, string key) in new[] { ("publish", "ports"), ("volume", "volumes"), ("cap-add", "cap_add"), ("cap-drop", "cap_drop") })
        {
            _ = flags.List(flag).Count > 0 ? more.Set(key, Texts(at, flags.List(flag))) : more;
        }

        ProjectPaths paths = new(Directory.GetCurrentDirectory(), Environment.GetEnvironmentVariable("HOME") ?? "/root");
        return more.Count == 0 ? map : Merge.Services(map, new Canonical(paths).Service(more, service.Path));
    }

    private static Sequence Texts(Position at, IEnumerable<string> texts) => new(at, [.. texts.Select(t => new Scalar(at, t))]);
}
