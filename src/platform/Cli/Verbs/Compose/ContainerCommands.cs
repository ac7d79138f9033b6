using System.Globalization;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>Commands that are those of single containers, found by their service: <c>exec</c>, <c>attach</c>, <c>cp</c>, <c>port</c>, <c>top</c>, <c>stats</c>.</summary>
internal static class ContainerCommands
{
    public static ComposeEntry Exec() => new(
        ["exec"], "Run a command in a running container", "SERVICE COMMAND [ARG...]",
        new FlagTable().Bool("detach", 'd', "Run in the background").List("env", 'e', "Set a variable").Int("index", "Number of the container", "0").Bool("interactive", 'i', "Keep STDIN open", value: true)
            .Bool("no-TTY", 'T', "Do not give the process a terminal").Bool("privileged", "Lift the usual restrictions").Bool("tty", 't', "Give the process a terminal", value: true).String("user", 'u', "User and group").String("workdir", 'w', "Directory in which the process starts"),
        async compose =>
        {
            FlagValues flags = compose.Flags;
            string id = (await FindAsync(compose, compose.Arguments[0], (int)flags.Int("index"))).Id;
            List<string> words = [];
            bool terminal = flags.Bool("tty") && !flags.Bool("no-TTY") && TerminalDevice.IsTerminal(0) && TerminalDevice.IsTerminal(1);
            words.AddRange(flags.Bool("interactive") && !flags.Bool("detach") ? ["--interactive"] : []);
            words.AddRange(terminal && !flags.Bool("detach") ? ["--tty"] : []);
            words.AddRange(flags.Bool("detach") ? ["--detach"] : []);
            words.AddRange(flags.Bool("privileged") ? ["--privileged"] : []);
            words.AddRange(flags.List("env").SelectMany(e => new[] { "--env", e }));
            words.AddRange(flags.StringOrNull("user") is { } user ? ["--user", user] : []);
            words.AddRange(flags.StringOrNull("workdir") is { } directory ? ["--workdir", directory] : []);
            return await compose.DelegateAsync("exec", ExecVerb.Exec(), [.. words, id, .. compose.Arguments.Skip(1)]);
        })
    { MinArguments = 2, FlagsFirst = true };

    public static ComposeEntry Attach() => new(
        ["attach"], "Attach the terminal to a running container", "SERVICE",
        new FlagTable().String("detach-keys", "Keys that detach").Int("index", "Number of the container", "0").Bool("no-stdin", "Do not attach STDIN").Bool("sig-proxy", "Hand signals on to the process", value: true),
        async compose =>
        {
            FlagValues flags = compose.Flags;
            List<string> words = [.. flags.StringOrNull("detach-keys") is { } keys ? ["--detach-keys", keys] : Array.Empty<string>(), .. flags.Bool("no-stdin") ? ["--no-stdin"] : Array.Empty<string>(), "--sig-proxy=" + (flags.Bool("sig-proxy") ? "true" : "false")];
            return await compose.DelegateAsync("attach", AttachVerb.Attach(), [.. words, (await FindAsync(compose, compose.Arguments[0], (int)flags.Int("index"))).Id]);
        })
    { MinArguments = 1, MaxArguments = 1 };

    public static ComposeEntry Copy() => new(
        ["cp"], "Copy files between a container and the local file system", "SERVICE:SRC_PATH DEST_PATH|-\n\tslipway compose cp [OPTIONS] SRC_PATH|- SERVICE:DEST_PATH",
        new FlagTable().Bool("all", "Also into one-off containers; those of the service all get a copy anyway").Bool("archive", 'a', "Keep users and groups by number").Bool("follow-link", 'L', "Follow a symbolic link").Int("index", "Only this container of the service", "0"),
        CopyCommand.RunAsync)
    { MinArguments = 2, MaxArguments = 2 };

    public static ComposeEntry Port() => new(
        ["port"], "Show where a port of a service is published", "SERVICE PRIVATE_PORT",
        new FlagTable().Int("index", "Number of the container", "0").String("protocol", "tcp or udp", "tcp"),
        async compose =>
        {
            ObservedContainer container = await FindAsync(compose, compose.Arguments[0], (int)compose.Flags.Int("index"));
            string wanted = compose.Arguments[1].Split('/')[0];
            string protocol = compose.Arguments[1].Contains('/', StringComparison.Ordinal) ? compose.Arguments[1].Split('/')[1] : compose.Flags.String("protocol");
            PortSummary port = container.Summary.Ports.FirstOrDefault(p => p.PublicPort > 0 && p.Type == protocol && p.PrivatePort.ToString(CultureInfo.InvariantCulture) == wanted)
                ?? throw new CommandException($"no port {wanted}/{protocol} for container {container.Name}: {string.Join(", ", container.Summary.Ports.Where(p => p.PublicPort > 0).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.PublicPort}/{p.Type}")))}");
            await compose.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{(port.IP?.Contains(':', StringComparison.Ordinal) == true ? $"[{port.IP}]" : port.IP)}:{port.PublicPort}"));
            return 0;
        })
    { MinArguments = 2, MaxArguments = 2 };

    public static ComposeEntry Top() => new(["top"], "Show the processes of containers", "[SERVICE...]", new FlagTable(), async compose =>
    {
        foreach (ObservedContainer container in await RunningAsync(compose))
        {
            ContainerTop top = await compose.Engine.TopContainerAsync(container.Id);
            await compose.Out.WriteLineAsync(container.Name);
            await compose.Out.WriteLineAsync(Table.Align([string.Join('\t', top.Titles), .. top.Processes.Select(p => string.Join('\t', p))], smallestWidth: 4));
        }

        return 0;
    });

    public static ComposeEntry Stats() => new(
        ["stats"], "Show how much containers use, live", "[SERVICE]",
        new FlagTable().Bool("all", 'a', "Show stopped ones too").Format().Bool("no-stream", "Show one result and end").Bool("no-trunc", "Do not shorten"),
        async compose =>
        {
            FlagValues flags = compose.Flags;
            IReadOnlyList<ObservedContainer> containers = await RunningAsync(compose, flags.Bool("all"));
            if (containers.Count == 0)
            {
                return 0;
            }

            List<string> words = [.. flags.Bool("no-stream") ? ["--no-stream"] : Array.Empty<string>(), .. flags.Bool("no-trunc") ? ["--no-trunc"] : Array.Empty<string>(), .. flags.StringOrNull("format") is { } format ? ["--format", format] : Array.Empty<string>()];
            return await compose.DelegateAsync("stats", StatsVerb.Stats(), [.. words, .. containers.Select(c => c.Id[..12])]);
        });

    /// <summary>A service's container by its number; the first that runs for none.</summary>
    public static async Task<ObservedContainer> FindAsync(ComposeCall compose, string service, int index)
    {
        Project project = await compose.LoadOrFindAsync();
        _ = project.Service(service);
        IReadOnlyList<ObservedContainer> containers = (await Observed.OfAsync(compose.Engine, project.Name)).Of(service);
        return (index > 0 ? containers.FirstOrDefault(c => c.Number == index) : containers.FirstOrDefault(c => c.Running))
            ?? throw new CommandException(index > 0 ? string.Create(CultureInfo.InvariantCulture, $"service \"{service}\" is not running container #{index}") : $"service \"{service}\" is not running");
    }

    private static async Task<IReadOnlyList<ObservedContainer>> RunningAsync(ComposeCall compose, bool all = false)
    {
        Project project = await compose.LoadOrFindAsync();
        HashSet<string> services = [.. compose.Services(project)];
        return [.. (await Observed.OfAsync(compose.Engine, project.Name)).Containers.Where(c => services.Contains(c.Service) && (all || c.Running))];
    }
}
