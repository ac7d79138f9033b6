using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs.Builds;

/// <summary><c>builder du</c>: what the builder's cache holds.</summary>
internal static class CacheUsageVerb
{
    public static Verb Usage() => new(
        "", new FlagTable().Filter("Only show what fits (id=…, type=…, shared, inuse)", '\0').Bool("verbose", "Show everything about each entry"), RunAsync) { MaxArguments = 0 };

    private static async Task<int> RunAsync(Invocation call)
    {
        JsonNode? usage = await call.Engine.GetAsync(ApiPath.Of("/system/df").With("type", "build-cache"));
        List<JsonNode?> all = [.. usage.List("BuildCache").Where(entry => call.Flags.List("filter").All(filter => Fits(entry, filter)))];
        await call.Out.WriteAsync(call.Flags.Bool("verbose")
            ? string.Concat(all.Select(entry => Json.Indented(entry) + "\n"))
            : Table.Align(["ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\tTYPE\tDESCRIPTION", .. all.Select(entry => Row(entry, call.Now))]));
        double shared = all.Where(entry => entry.Bool("Shared")).Sum(entry => entry.Double("Size"));
        double own = all.Where(entry => !entry.Bool("Shared")).Sum(entry => entry.Double("Size"));
        double free = all.Where(entry => !entry.Bool("Shared") && !entry.Bool("InUse")).Sum(entry => entry.Double("Size"));
        await call.Out.WriteAsync($"\nShared:\t\t{Units.Size(shared, 4)}\nPrivate:\t{Units.Size(own, 4)}\nReclaimable:\t{Units.Size(free, 4)}\nTotal:\t\t{Units.Size(shared + own, 4)}\n");
        return 0;
    }

    private static string Row(JsonNode? entry, DateTimeOffset now) => string.Join(
        '\t', entry.Text("ID") + (entry.Text("Type") is "exec.cachemount" or "source.local" ? "*" : ""), entry.Bool("InUse") ? "false" : "true", Units.Size(entry.Double("Size"), 4),
        Units.Time(entry.Text("LastUsedAt")) is { } used ? Units.Ago(used, now) : "", entry.Text("Type"), Units.Ellipsis(entry.Text("Description"), 60));

    private static bool Fits(JsonNode? entry, string filter)
    {
        (string name, string value) = Pairs.Split(filter);
        return name switch
        {
            "id" => entry.Text("ID").StartsWith(value, StringComparison.Ordinal),
            "type" => entry.Text("Type") == value,
            "description" => entry.Text("Description").Contains(value, StringComparison.Ordinal),
            "shared" => entry.Bool("Shared") == (value is "" or "true"),
            "private" => entry.Bool("Shared") != (value is "" or "true"),
            "inuse" => entry.Bool("InUse") == (value is "" or "true"),
            _ => throw new CommandException($"invalid filter '{name}'"),
        };
    }
}
