using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Verbs;

/// <summary><c>stats</c>, once or live.</summary>
internal static class StatsVerb
{
    private const string Columns =
        "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

    // Every sample covers a second; more containers than this are asked one after another.
    private const int AtOnce = 64;

    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["Container"] = "CONTAINER", ["ID"] = "CONTAINER ID", ["Name"] = "NAME", ["CPUPerc"] = "CPU %", ["MemUsage"] = "MEM USAGE / LIMIT",
        ["MemPerc"] = "MEM %", ["NetIO"] = "NET I/O", ["BlockIO"] = "BLOCK I/O", ["PIDs"] = "PIDS",
    };

    public static Verb Stats() => new(
        "[CONTAINER...]",
        new FlagTable().Bool("all", 'a', "Show all containers, not just running ones").Format()
            .Bool("no-stream", "Show one result and end").Bool("no-trunc", "Do not shorten"),
        RunAsync)
    { Completes = Candidates.RunningContainers };

    private static async Task<int> RunAsync(Invocation call)
    {
        bool once = call.Flags.Bool("no-stream");
        bool screen = !Console.IsOutputRedirected && call.Flags.String("format") is "" or "table";
        do
        {
            string text = await FrameAsync(call);

            // Home and clear, so that the table stays where it is.
            await call.Out.WriteAsync(once || !screen ? text : "\u001b[H\u001b[J" + text);
            await call.Out.FlushAsync();
        }
        while (!once);

        return 0;
    }

    private static async Task<string> FrameAsync(Invocation call)
    {
        IReadOnlyList<string> ids = call.Arguments;
        if (ids.Count == 0)
        {
            JsonNode? all = await call.Engine.GetAsync(ApiPath.Of("/containers/json").With("all", call.Flags.Bool("all")));
            ids = [.. (all as JsonArray ?? []).Select(c => c.Text("Id"))];
            if (ids.Count == 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(call.Flags.Bool("no-stream") ? 0 : 1), call.Time);
            }
        }

        List<Row> rows = [];
        foreach (string[] some in ids.Chunk(AtOnce))
        {
            rows.AddRange((await Task.WhenAll(some.Select(id => SampleAsync(call, id)))).OfType<Row>());
        }

        return new Listing(Columns, s_headers).Print(call.Flags.String("format"), rows);
    }

    private static async Task<Row?> SampleAsync(Invocation call, string id)
    {
        try
        {
            JsonNode? sample = await call.Engine.GetAsync(ApiPath.Of("/containers/", id, "/stats").With("stream", "0"));
            return Row(id, sample, call.Flags.Bool("no-trunc"));
        }
        catch (EngineApiException e) when (e.StatusCode == 404 && call.Arguments.Count == 0)
        {
            // It ended between the listing and the question.
            return null;
        }
    }

    private static Row Row(string asked, JsonNode? sample, bool full)
    {
        JsonObject? memory = sample.Object("memory_stats");
        double used = Used(memory);
        double limit = memory.Double("limit");
        string id = sample.Text("id");
        return new Row()
            .Field("Container", asked).Field("ID", full ? id : Units.ShortId(id)).Field("Name", sample.Text("name").TrimStart('/'))
            .Field("CPUPerc", () => Percent(Cpu(sample)))
            .Field("MemUsage", () => $"{Units.BinarySize(used)} / {Units.BinarySize(limit)}")
            .Field("MemPerc", () => Percent(limit > 0 ? used / limit * 100 : 0))
            .Field("NetIO", () => Pair(Networks(sample, "rx_bytes"), Networks(sample, "tx_bytes")))
            .Field("BlockIO", () => Pair(Blocks(sample, "read"), Blocks(sample, "write")))
            .Field("PIDs", () => sample.Object("pids_stats").Long("current").ToString(CultureInfo.InvariantCulture));
    }

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + "%";

    private static string Pair(double read, double written) => $"{Units.Size(read)} / {Units.Size(written)}";

    /// <summary>Memory without the page cache that the kernel can drop at once.</summary>
    private static double Used(JsonObject? memory)
    {
        double usage = memory.Double("usage");
        JsonObject? details = memory.Object("stats");
        double cache = details?["total_inactive_file"] is null ? details.Double("inactive_file") : details.Double("total_inactive_file");
        return cache < usage ? usage - cache : usage;
    }

    private static double Cpu(JsonNode? sample)
    {
        JsonObject? now = sample.Object("cpu_stats");
        JsonObject? before = sample.Object("precpu_stats");
        double used = now.Object("cpu_usage").Double("total_usage") - before.Object("cpu_usage").Double("total_usage");
        double system = now.Double("system_cpu_usage") - before.Double("system_cpu_usage");
        double cpus = now.Double("online_cpus");
        return used > 0 && system > 0 ? used / system * Math.Max(cpus, 1) * 100 : 0;
    }

    private static double Networks(JsonNode? sample, string counter) => (sample.Object("networks") ?? []).Sum(n => n.Value.Double(counter));

    private static double Blocks(JsonNode? sample, string operation) => sample.Object("blkio_stats").List("io_service_bytes_recursive")
        .Where(b => b.Text("op").Equals(operation, StringComparison.OrdinalIgnoreCase)).Sum(b => b.Double("value"));
}
