using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>system df</c>.</summary>
internal static class DiskUsageVerb
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Type"] = "TYPE", ["TotalCount"] = "TOTAL", ["Active"] = "ACTIVE", ["Size"] = "SIZE", ["Reclaimable"] = "RECLAIMABLE",
    };

    public static Verb DiskUsage() => new(
        "", new FlagTable().Format().Bool("verbose", 'v', "Show every object"), RunAsync) { MaxArguments = 0 };

    private static async Task<int> RunAsync(Invocation call)
    {
        JsonNode? usage = await call.Engine.GetAsync(ApiPath.Of("/system/df"));
        string format = call.Flags.String("format");
        await call.Out.WriteAsync(call.Flags.Bool("verbose") && format.Length == 0
            ? Verbose(usage, call.Now)
            : new Listing("{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}", s_headers).Print(format, Rows(usage)));
        return 0;
    }

    private static IEnumerable<Row> Rows(JsonNode? usage)
    {
        List<JsonNode?> images = [.. usage.List("Images")];
        double layers = usage.Double("LayersSize");
        double imagesUsed = images.Where(i => i.Long("Containers") > 0).Sum(i => Math.Max(0, i.Double("Size") - Math.Max(0, i.Double("SharedSize"))));
        yield return Row("Images", images.Count, images.Count(i => i.Long("Containers") > 0), layers, layers - imagesUsed);

        List<JsonNode?> containers = [.. usage.List("Containers")];
        List<JsonNode?> active = [.. containers.Where(c => c.Text("State") is "running" or "paused" or "restarting")];
        double written = containers.Sum(c => c.Double("SizeRw"));
        yield return Row("Containers", containers.Count, active.Count, written, written - active.Sum(c => c.Double("SizeRw")));

        List<JsonNode?> volumes = [.. usage.List("Volumes").Where(v => v.Object("UsageData").Long("Size") >= 0)];
        List<JsonNode?> mounted = [.. volumes.Where(v => v.Object("UsageData").Long("RefCount") > 0)];
        double stored = volumes.Sum(v => v.Object("UsageData").Double("Size"));
        yield return Row("Local Volumes", volumes.Count, mounted.Count, stored, stored - mounted.Sum(v => v.Object("UsageData").Double("Size")));

        List<JsonNode?> cache = [.. usage.List("BuildCache")];
        List<JsonNode?> own = [.. cache.Where(c => !c.Bool("Shared"))];
        double free = own.Where(c => !c.Bool("InUse")).Sum(c => c.Double("Size"));
        yield return Row("Build Cache", cache.Count, cache.Count(c => c.Bool("InUse")), own.Sum(c => c.Double("Size")), free, percent: false);
    }

    private static Row Row(string type, int total, int active, double size, double free, bool percent = true) => new Row()
        .Field("Type", type).Field("TotalCount", total.ToString(CultureInfo.InvariantCulture)).Field("Active", active.ToString(CultureInfo.InvariantCulture))
        .Field("Size", Units.Size(size, 4))
        .Field("Reclaimable", Units.Size(Math.Max(free, 0), 4)
            + (percent && size > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({(long)(free / size * 100)}%)") : ""));

    private static string Verbose(JsonNode? usage, DateTimeOffset now)
    {
        StringBuilder text = new("Images space usage:\n\n");
        text.Append(Table.Align(["REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS", .. usage.List("Images")
            .SelectMany(i => ImageListVerb.Rows(i, now, full: false, digests: false))
            .Select(r => Listing.Parse("{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}").Execute(r))]));
        text.Append("\nContainers space usage:\n\n");
        text.Append(Table.Align(["CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES", .. usage.List("Containers").Select(c => string.Join('\t',
            Units.ShortId(c.Text("Id")), c.Text("Image"), Values.JsonText(Units.Ellipsis(c.Text("Command"), 20)),
            c.List("Mounts").Count(m => m.Text("Driver") == "local").ToString(CultureInfo.InvariantCulture), Units.Size(c.Double("SizeRw")),
            Units.Ago(Units.Unix(c.Long("Created")), now), c.Text("Status"), string.Join(',', c.Strings("Names").Select(n => n.TrimStart('/')))))]));
        text.Append("\nLocal Volumes space usage:\n\n");
        text.Append(Table.Align(["VOLUME NAME\tLINKS\tSIZE", .. usage.List("Volumes").Select(v => string.Join('\t',
            v.Text("Name"), v.Object("UsageData").Text("RefCount"), Units.Size(v.Object("UsageData").Double("Size"))))]));
        List<JsonNode?> cache = [.. usage.List("BuildCache")];
        text.Append("\nBuild cache usage: ").Append(Units.Size(cache.Sum(c => c.Double("Size")), 4)).Append("\n\n");
        text.Append(Table.Align(["CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED", .. cache.Select(c => string.Join('\t',
            Units.ShortId(c.Text("ID")), c.Text("Type"), Units.Size(c.Double("Size")), Ago(c.Text("CreatedAt"), now), Ago(c.Text("LastUsedAt"), now),
            c.Text("UsageCount"), c.Bool("Shared") ? "true" : "false"))]));
        return text.ToString();
    }

    private static string Ago(string time, DateTimeOffset now) => Units.Time(time) is { } then ? Units.Ago(then, now) : "";
}
