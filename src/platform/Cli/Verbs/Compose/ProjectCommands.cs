using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>ls</c>, <c>events</c> and <c>version</c>.</summary>
internal static class ProjectCommands
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal) { ["Name"] = "NAME", ["Status"] = "STATUS", ["ConfigFiles"] = "CONFIG FILES" };

    public static ComposeEntry List() => new(
        ["ls"], "List projects", "", new FlagTable().Bool("all", 'a', "Show stopped ones too").Filter("Only show what fits (name=…)", '\0').Format().Bool("quiet", 'q', "Only show names"),
        async compose =>
        {
            FlagValues flags = compose.Flags;
            IReadOnlyList<ContainerSummary> all = await compose.Engine.ListContainersAsync(all: true, filters: Filters.None.With("label", Labels.Project));
            IEnumerable<IGrouping<string, ContainerSummary>> projects = all.Where(c => c.Labels.GetValueOrDefault(Labels.OneOff) is not ("True" or "true"))
                .Where(c => flags.Bool("all") || c.State is "running" or "paused" or "restarting").GroupBy(c => c.Labels[Labels.Project])
                .Where(p => flags.Map("filter").GetValueOrDefault("name") is not { } name || p.Key.Contains(name, StringComparison.Ordinal)).OrderBy(p => p.Key, StringComparer.Ordinal);
            List<Row> rows = [.. projects.Select(p => new Row().Field("Name", p.Key).Field("Status", States(p)).Field("ConfigFiles", string.Join(',', p.Select(c => c.Labels.GetValueOrDefault(Labels.Files, "")).Where(f => f.Length > 0).Distinct())))];
            if (flags.String("format") == "json")
            {
                await compose.Out.WriteLineAsync(new JsonArray([.. projects.Select(p => (JsonNode)new JsonObject { ["Name"] = p.Key, ["Status"] = States(p), ["ConfigFiles"] = p.First().Labels.GetValueOrDefault(Labels.Files, "") })]).ToJsonString());
            }
            else
            {
                await compose.Out.WriteAsync(flags.Bool("quiet") ? string.Concat(projects.Select(p => p.Key + "\n")) : new Listing("{{.Name}}\t{{.Status}}\t{{.ConfigFiles}}", s_headers).Print(flags.String("format"), rows));
            }

            return 0;
        })
    { MaxArguments = 0 };

    private static string States(IEnumerable<ContainerSummary> containers) => string.Join(", ", containers.GroupBy(c => c.State).OrderBy(s => s.Key, StringComparer.Ordinal)
        .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key}({s.Count()})")));

    public static ComposeEntry Events() => new(
        ["events"], "Show events of containers as they happen", "[SERVICE...]", new FlagTable().Bool("json", "One JSON object per line").String("since", "From this time on").String("until", "Up to this time"),
        async compose =>
        {
            Project project = await compose.LoadOrFindAsync();
            HashSet<string> services = [.. compose.Arguments.Count > 0 ? compose.Services(project) : []];
            Filters filters = Filters.None.With("type", "container").With("label", $"{Labels.Project}={project.Name}");
            await foreach (EventMessage message in compose.Engine.EventsAsync(TimeOption.Read(compose.Flags.String("since"), compose.Call.Now), TimeOption.Read(compose.Flags.String("until"), compose.Call.Now), filters))
            {
                string service = message.Actor.Attributes.GetValueOrDefault(Labels.Service, "");
                if (services.Count == 0 || services.Contains(service))
                {
                    await compose.Out.WriteLineAsync(compose.Flags.Bool("json") ? Json(message, service) : Line(message));
                    await compose.Out.FlushAsync();
                }
            }

            return 0;
        });

    private static IEnumerable<KeyValuePair<string, string>> Own(EventMessage message) => message.Actor.Attributes.Where(a => !a.Key.StartsWith("com.docker.compose.", StringComparison.Ordinal)).OrderBy(a => a.Key, StringComparer.Ordinal);

    private static DateTime Time(EventMessage message) => DateTimeOffset.FromUnixTimeMilliseconds(message.TimeNano / 1_000_000).LocalDateTime;

    private static string Line(EventMessage message) => string.Create(
        CultureInfo.InvariantCulture, $"{Time(message):yyyy-MM-dd HH:mm:ss}.{message.TimeNano % 1_000_000_000 / 1000:000000} container {message.Action} {message.Actor.ID} ({string.Join(", ", Own(message).Select(a => $"{a.Key}={a.Value}"))})");

    // RFC 3339 to the nanosecond, in the user's zone.
    private static string Stamp(EventMessage message)
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeMilliseconds(message.TimeNano / 1_000_000).ToLocalTime();
        string zone = time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-ddTHH:mm:ss}.{message.TimeNano % 1_000_000_000:000000000}{zone}");
    }

    private static string Json(EventMessage message, string service) => Values.JsonText(new JsonObject
    {
        ["action"] = message.Action,
        ["attributes"] = new JsonObject(Own(message).Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value))),
        ["id"] = message.Actor.ID,
        ["service"] = service,
        ["time"] = Stamp(message),
        ["type"] = "container",
    });

    public static ComposeEntry Version() => new(
        ["version"], "Show the version", "", new FlagTable().String("format", 'f', "Print as pretty or json", "pretty").Bool("short", "Only the number"),
        async compose =>
        {
            await compose.Out.WriteLineAsync(compose.Flags.Bool("short") ? VersionVerb.ClientVersion
                : compose.Flags.String("format") == "json" ? $"{{\"version\":\"{VersionVerb.ClientVersion}\",\"compatible\":\"{Labels.CompatibleVersion}\"}}"
                : $"Slipway Compose version {VersionVerb.ClientVersion} (labels and hashes as Docker Compose {Labels.CompatibleVersion} writes them)");
            return 0;
        })
    { MaxArguments = 0 };
}
