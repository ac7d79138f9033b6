using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>ps</c>.</summary>
internal static class ContainerListVerb
{
    private const string Columns =
        "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";

    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["ID"] = "CONTAINER ID", ["Names"] = "NAMES", ["Image"] = "IMAGE", ["Command"] = "COMMAND", ["CreatedAt"] = "CREATED AT",
        ["RunningFor"] = "CREATED", ["Ports"] = "PORTS", ["State"] = "STATE", ["Status"] = "STATUS", ["Size"] = "SIZE",
        ["Labels"] = "LABELS", ["Mounts"] = "MOUNTS", ["LocalVolumes"] = "LOCAL VOLUMES", ["Networks"] = "NETWORKS", ["Platform"] = "PLATFORM",
    };

    public static Verb List() => new(
        "",
        new FlagTable().Bool("all", 'a', "Show all containers, not just running ones").Filter().Format()
            .Int("last", 'n', "Show the newest n containers in any state", "-1").Bool("latest", 'l', "Show the newest container in any state")
            .Bool("no-trunc", "Do not shorten").Bool("quiet", 'q', "Only show ids").Bool("size", 's', "Show sizes"),
        RunAsync)
    { MaxArguments = 0 };

    private static async Task<int> RunAsync(Invocation call)
    {
        FlagValues flags = call.Flags;
        string format = flags.String("format");
        bool size = flags.Bool("size") || format.Contains(".Size", StringComparison.Ordinal);
        long last = flags.Bool("latest") ? 1 : flags.Int("last");
        JsonNode? answer = await call.Engine.GetAsync(ApiPath.Of("/containers/json").With("all", flags.Bool("all"))
            .With("limit", last > 0 ? last : null).With("size", size).Filters(flags.List("filter")));
        IEnumerable<Row> rows = (answer as JsonArray ?? []).Select(c => Row(c, call.Now, flags.Bool("no-trunc"), size));
        string columns = flags.Bool("size") ? Columns + "\t{{.Size}}" : Columns;
        bool quiet = flags.Bool("quiet") && format is "" or "table";
        await call.Out.WriteAsync(new Listing(columns, s_headers).Print(quiet ? "{{.ID}}" : format, rows));
        return 0;
    }

    private static Row Row(JsonNode? container, DateTimeOffset now, bool full, bool size)
    {
        DateTimeOffset created = Units.Unix(container.Long("Created"));
        return new Row()
            .Field("ID", full ? container.Text("Id") : Units.ShortId(container.Text("Id")))
            .Field("Names", () => Names(container, full))
            .Field("Image", () => Image(container, full))
            .Field("Command", () => Quote(full ? container.Text("Command") : Units.Ellipsis(container.Text("Command"), 20)))
            .Field("CreatedAt", () => Units.GoTime(created))
            .Field("RunningFor", () => Units.Ago(created, now))
            .Field("Ports", () => PortColumn.Of(container.List("Ports")))
            .Field("State", container.Text("State"))
            .Field("Status", container.Text("Status"))
            .Field("Size", () => size ? Size(container) : "0B")
            .Field("Labels", () => container.Labels())
            .Method("Label", name => container.Object("Labels").Text(name))
            .Field("Mounts", () => Mounts(container, full))
            .Field("LocalVolumes", () => container.List("Mounts").Count(m => m.Text("Driver") == "local").ToString(CultureInfo.InvariantCulture))
            .Field("Networks", () => string.Join(',', (container.Object("NetworkSettings").Object("Networks") ?? []).Select(n => n.Key)))
            .Field("Platform", () => container.Object("ImageManifestDescriptor").Object("platform"));
    }

    /// <summary>Names without their slash; links (names with another container's in front) only when nothing is shortened.</summary>
    private static string Names(JsonNode? container, bool full) => string.Join(',',
        container.Strings("Names").Select(n => n.TrimStart('/')).Where(n => full || !n.Contains('/', StringComparison.Ordinal)));

    private static string Image(JsonNode? container, bool full)
    {
        string name = container.Text("Image");
        if (name.Length == 0)
        {
            return "<no image>";
        }

        return full || !name.StartsWith("sha256:", StringComparison.Ordinal) ? name : Units.ShortId(name);
    }

    private static string Size(JsonNode? container)
    {
        string own = Units.Size(container.Long("SizeRw"));
        long root = container.Long("SizeRootFs");
        return root > 0 ? $"{own} (virtual {Units.Size(root)})" : own;
    }

    private static string Mounts(JsonNode? container, bool full) => string.Join(',', container.List("Mounts").Select(m =>
    {
        string name = m.Text("Name") is { Length: > 0 } volume ? volume : m.Text("Source");
        return full ? name : Units.Ellipsis(name, 15);
    }));

    private static string Quote(string text) => Values.JsonText(text);
}
