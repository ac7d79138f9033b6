using Slipway.Cli.Options;
using Slipway.Client;
using Slipway.Compose.Logs;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose logs</c>.</summary>
internal static class LogCommands
{
    public static ComposeEntry Logs() => new(
        ["logs"], "Show the output of containers", "[SERVICE...]",
        new FlagTable().Bool("follow", 'f', "Go on with new lines").Int("index", "Only this container of the service").Bool("no-color", "Print without colours")
            .Bool("no-log-prefix", "Print without names before lines").String("since", "From this time on").String("tail", 'n', "Number of lines from the end of each log", "all")
            .Bool("timestamps", 't', "Show when each line was written").String("until", "Up to this time"),
        RunAsync);

    private static async Task<int> RunAsync(ComposeCall compose)
    {
        FlagValues flags = compose.Flags;
        Project project = await compose.LoadOrFindAsync();
        HashSet<string> services = [.. compose.Services(project)];
        Observed observed = await Observed.OfAsync(compose.Engine, project.Name);
        List<ObservedContainer> containers = [.. observed.Containers.Where(c => (services.Contains(c.Service) || compose.Arguments.Count == 0) && (flags.IntOrNull("index") is not { } index || c.Number == index))];
        LogOptions options = new()
        {
            Follow = flags.Bool("follow"),
            Timestamps = flags.Bool("timestamps"),
            Tail = flags.String("tail"),
            Since = TimeOption.Read(flags.String("since"), compose.Call.Now),
            Until = TimeOption.Read(flags.String("until"), compose.Call.Now),
        };
        LinePrinter printer = new(compose, containers.Select(c => Short(project.Name, c.Name)));
        await Task.WhenAll(containers.Select(c => new LogReader(compose.Engine).CopyAsync(c.Id, options, printer.Prefix(Short(project.Name, c.Name)), printer.Write, CancellationToken.None)));
        return 0;
    }

    /// <summary>A container's name without the project's.</summary>
    public static string Short(string project, string name) => name.Length > project.Length && name.StartsWith(project, StringComparison.Ordinal) && name[project.Length] is '-' or '_' ? name[(project.Length + 1)..] : name;
}

/// <summary>Prints lines of several containers on standard output, one at a time.</summary>
internal sealed class LinePrinter(ComposeCall compose, IEnumerable<string> names)
{
    private readonly Lock _lock = new();
    private readonly bool _plain = compose.Flags.Bool("no-log-prefix");
    private readonly LogPrefix _prefix = new(!compose.Flags.Bool("no-color") && compose.Ansi(1), names.Select(n => n.Length).DefaultIfEmpty(0).Max());

    public string Prefix(string name) => _plain ? "" : _prefix.Of(name);

    public void Write(string line)
    {
        lock (_lock)
        {
            compose.Out.Write(line);
            compose.Out.Flush();
        }
    }
}
