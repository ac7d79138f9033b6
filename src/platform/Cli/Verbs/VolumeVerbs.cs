using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>volume create/ls/rm/update</c>.</summary>
internal static class VolumeVerbs
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Name"] = "VOLUME NAME", ["Driver"] = "DRIVER", ["Scope"] = "SCOPE", ["Mountpoint"] = "MOUNTPOINT", ["Labels"] = "LABELS",
        ["Links"] = "LINKS", ["Size"] = "SIZE", ["Availability"] = "AVAILABILITY", ["Group"] = "GROUP", ["Status"] = "STATUS",
    };

    public static Verb Create() => new(
        "[VOLUME]",
        new FlagTable().String("driver", 'd', "Driver of the volume", "local").List("label", "Set a label")
            .Map("opt", 'o', "Option of the driver").Add(new Flag("name", '\0', FlagKind.String, "Name of the volume") { Hidden = true }),
        async call =>
        {
            JsonNode? volume = await call.Engine.PostAsync(ApiPath.Of("/volumes/create"), new JsonObject
            {
                ["Name"] = call.Arguments.Count > 0 ? call.Arguments[0] : call.Flags.String("name"),
                ["Driver"] = call.Flags.String("driver"),
                ["DriverOpts"] = JsonBuild.Map(call.Flags.Map("opt")),
                ["Labels"] = JsonBuild.Map(call.Flags.Map("label")),
            });
            await call.Out.WriteLineAsync(volume.Text("Name"));
            return 0;
        })
    { MaxArguments = 1 };

    public static Verb List() => new(
        "",
        new FlagTable().Filter().Format().Bool("quiet", 'q', "Only show names"),
        async call =>
        {
            JsonNode? answer = await call.Engine.GetAsync(ApiPath.Of("/volumes").Filters(call.Flags.List("filter")));
            IEnumerable<Row> rows = answer.List("Volumes").OrderBy(v => v.Text("Name"), StringComparer.Ordinal).Select(Row);
            string format = call.Flags.String("format");
            bool quiet = call.Flags.Bool("quiet") && format is "" or "table";
            await call.Out.WriteAsync(new Listing("{{.Driver}}\t{{.Name}}", s_headers).Print(quiet ? "{{.Name}}" : format, rows));
            return 0;
        })
    { MaxArguments = 0 };

    public static Row Row(JsonNode? volume) => new Row()
        .Field("Name", volume.Text("Name")).Field("Driver", volume.Text("Driver")).Field("Scope", volume.Text("Scope"))
        .Field("Mountpoint", volume.Text("Mountpoint")).Field("Labels", () => volume.Labels())
        .Method("Label", name => volume.Object("Labels").Text(name))
        .Field("Links", () => volume.Object("UsageData") is { } usage ? usage.Text("RefCount") : "N/A")
        .Field("Size", () => volume.Object("UsageData") is { } usage && usage.Long("Size") >= 0 ? Units.Size(usage.Long("Size")) : "N/A")
        .Field("Availability", "N/A").Field("Group", "N/A").Field("Status", "N/A");

    public static Verb Remove() => new(
        "VOLUME [VOLUME...]",
        new FlagTable().Bool("force", 'f', "Remove it even if its driver does not answer"),
        call => call.ForEachAsync(call.Arguments, async name =>
        {
            await call.Engine.DeleteAsync(ApiPath.Of("/volumes/", name).With("force", call.Flags.Bool("force")));
            await call.Out.WriteLineAsync(name);
        }))
    { MinArguments = 1, Completes = Candidates.Volumes };

    public static Verb Update() => new(
        "[VOLUME]",
        new FlagTable().String("availability", "Availability of a cluster volume (active, pause, drain)", "active"),
        async call =>
        {
            JsonNode? volume = await call.Engine.GetAsync(ApiPath.Of("/volumes/", call.Arguments[0]));
            JsonObject cluster = volume.Object("ClusterVolume")
                ?? throw new CommandException("Can only update cluster volumes");
            JsonNode spec = (cluster.Object("Spec") ?? []).DeepClone();
            spec["Availability"] = call.Flags.String("availability");
            await call.Engine.CallAsync(
                "PUT",
                ApiPath.Of("/volumes/", call.Arguments[0]).With("version", cluster.Object("Version").Long("Index")),
                new JsonObject { ["Spec"] = spec });
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Volumes };
}
