using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose ps</c>.</summary>
internal static class ListCommands
{
    private const string Columns = "{{.Name}}\t{{.Image}}\t{{.Command}}\t{{.Service}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}";

    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["ID"] = "CONTAINER ID", ["Name"] = "NAME", ["Names"] = "NAMES", ["Image"] = "IMAGE", ["Command"] = "COMMAND", ["Service"] = "SERVICE", ["RunningFor"] = "CREATED", ["Status"] = "STATUS",
        ["Ports"] = "PORTS", ["State"] = "STATE", ["Project"] = "PROJECT", ["Health"] = "HEALTH", ["ExitCode"] = "EXIT CODE", ["CreatedAt"] = "CREATED AT", ["Labels"] = "LABELS",
    };

    public static ComposeEntry Ps() => new(
        ["ps"], "List containers", "[SERVICE...]",
        new FlagTable().Bool("all", 'a', "Show stopped ones too").Filter("Only show what fits (status=…)", '\0').Format().Bool("no-trunc", "Do not shorten").Bool("orphans", "Also those of services that are gone from the files", value: true)
            .Bool("quiet", 'q', "Only show ids").Bool("services", "Only show names of services").Strings("status", "Only show these states"),
        RunAsync);

    private static async Task<int> RunAsync(ComposeCall compose)
    {
        FlagValues flags = compose.Flags;
        Project project = await compose.LoadOrFindAsync();
        HashSet<string> services = [.. compose.Services(project)];
        List<string> states = [.. flags.List("status"), .. flags.List("filter").Where(f => f.StartsWith("status=", StringComparison.Ordinal)).Select(f => f["status=".Length..])];
        IEnumerable<ObservedContainer> containers = (await Observed.OfAsync(compose.Engine, project.Name)).Containers
            .Where(c => !c.OneOff && (compose.Arguments.Count == 0 ? flags.Bool("orphans") || services.Contains(c.Service) : services.Contains(c.Service)))
            .Where(c => states.Count > 0 ? states.Contains(c.Summary.State) : flags.Bool("all") || c.Running);
        if (flags.Bool("quiet") || flags.Bool("services"))
        {
            foreach (string line in containers.Select(c => flags.Bool("quiet") ? c.Id : c.Service).Distinct())
            {
                await compose.Out.WriteLineAsync(line);
            }

            return 0;
        }

        await compose.Out.WriteAsync(new Listing(Columns, s_headers).Print(flags.String("format"), containers.OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => Row(c, project.Name, compose.Call.Now, flags.Bool("no-trunc")))));
        return 0;
    }

    private static Row Row(ObservedContainer container, string project, DateTimeOffset now, bool full)
    {
        DockerApi.ContainerSummary summary = container.Summary;
        DateTimeOffset created = Units.Unix(summary.Created);
        return new Row()
            .Field("ID", full ? container.Id : Units.ShortId(container.Id))
            .Field("Name", container.Name)
            .Field("Names", container.Name)
            .Field("Image", summary.Image)
            .Field("Command", () => Values.JsonText(full ? summary.Command : Units.Ellipsis(summary.Command, 20)))
            .Field("Project", project)
            .Field("Service", container.Service)
            .Field("State", summary.State)
            .Field("Status", summary.Status)
            .Field("Health", Health(summary.Status))
            .Field("ExitCode", () => (long)ExitCode(summary.Status))
            .Field("Size", () => summary.SizeRw is { } size ? Units.Size(size) : "0B")
            .Field("Mounts", () => string.Join(',', summary.Mounts.Select(m => Cut(m.Name is { Length: > 0 } volume ? volume : m.Source ?? "", full))))
            .Field("LocalVolumes", () => summary.Mounts.Count(m => m is { Type: "volume", Driver: "local" }).ToString(CultureInfo.InvariantCulture))
            .Field("Networks", () => string.Join(',', summary.NetworkSettings.Networks.Keys.Order(StringComparer.Ordinal)))
            .Field("Publishers", () => summary.Ports.Count == 0 ? null : Publishers(summary.Ports))
            .Field("CreatedAt", () => Units.GoTime(created))
            .Field("RunningFor", () => Units.Ago(created, now))
            .Field("Labels", () => string.Join(',', summary.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")))
            .Field("Ports", () => PortColumn.Of(summary.Ports.Select(p => (JsonNode)new JsonObject { ["IP"] = p.IP ?? "", ["PublicPort"] = (long)p.PublicPort, ["PrivatePort"] = (long)p.PrivatePort, ["Type"] = p.Type })));
    }

    private static string Cut(string name, bool full) => full ? name : Units.Ellipsis(name, 15);

    private static JsonArray Publishers(IEnumerable<DockerApi.PortSummary> ports) => [.. ports.Select(p => (JsonNode)new JsonObject
    {
        ["URL"] = p.IP ?? "", ["TargetPort"] = (long)p.PrivatePort, ["PublishedPort"] = (long)p.PublicPort, ["Protocol"] = p.Type,
    })];

    private static string Health(string status) => status.EndsWith("(healthy)", StringComparison.Ordinal) ? "healthy" : status.EndsWith("(unhealthy)", StringComparison.Ordinal) ? "unhealthy"
        : status.EndsWith("(health: starting)", StringComparison.Ordinal) ? "starting" : "";

    private static int ExitCode(string status) => status.StartsWith("Exited (", StringComparison.Ordinal)
        && int.TryParse(status.AsSpan(8, status.IndexOf(')', StringComparison.Ordinal) - 8), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code) ? code : 0;
}
