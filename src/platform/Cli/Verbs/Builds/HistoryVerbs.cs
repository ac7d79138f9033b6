using System.Globalization;
using Slipway.BuildClient;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Output.Builds;

namespace Slipway.Cli.Verbs.Builds;

/// <summary><c>builder history</c>, <c>logs</c>, <c>forget</c>: the last builds.</summary>
internal static class HistoryVerbs
{
    public static Verb List() => new("", new FlagTable().Bool("quiet", 'q', "Only show ids"), ListAsync) { MaxArguments = 0 };

    public static Verb Logs() => new("[BUILD]", new FlagTable().String("progress", "How progress is shown (plain, rawjson)", "plain"), LogsAsync) { MaxArguments = 1 };

    public static Verb Remove() => new("BUILD [BUILD...]", new FlagTable().Bool("all", 'a', "Forget all"), RemoveAsync);

    private static async Task<int> ListAsync(Invocation call)
    {
        IReadOnlyList<BuildRecord> records = await new BuildRecords(call.Engine).ListAsync();
        await call.Out.WriteAsync(call.Flags.Bool("quiet")
            ? string.Concat(records.Select(record => record.Id + "\n"))
            : Table.Align(["BUILD\tSOURCE\tSTATUS\tSTEPS\tCREATED\tDURATION", .. records.Select(record => Row(record, call.Now))]));
        return 0;
    }

    private static string Row(BuildRecord record, DateTimeOffset now) => string.Join(
        '\t', record.Id, Units.Ellipsis(record.Target.Length > 0 ? $"{record.Source} ({record.Target})" : record.Source, 40),
        record.Completed is null ? "Running" : record.Error is null ? "Completed" : "Error",
        string.Create(CultureInfo.InvariantCulture, $"{record.Steps} ({record.Cached} cached)"), Units.Ago(record.Created, now),
        string.Create(CultureInfo.InvariantCulture, $"{((record.Completed ?? now) - record.Created).TotalSeconds:0.0}s"));

    private static async Task<int> LogsAsync(Invocation call)
    {
        BuildRecords records = new(call.Engine);
        string build = call.Arguments.Count > 0 ? call.Arguments[0] : (await records.ListAsync()).FirstOrDefault()?.Id ?? throw new CommandException("there are no builds");
        using BuildDisplay display = BuildDisplay.For(call.Flags.String("progress"), call.Out, call.Time);
        try
        {
            await records.ReplayAsync(build, display.Show);
        }
        catch (BuildFailedException e)
        {
            throw new CommandException(e.Message);
        }

        display.End();
        return 0;
    }

    private static async Task<int> RemoveAsync(Invocation call)
    {
        BuildRecords records = new(call.Engine);
        IEnumerable<string> builds = call.Flags.Bool("all") ? (await records.ListAsync()).Where(record => record.Completed is not null).Select(record => record.Id) : call.Arguments;
        foreach (string build in builds)
        {
            try
            {
                await records.RemoveAsync(build);
            }
            catch (BuildFailedException e)
            {
                throw new CommandException(e.Message);
            }

            await call.Out.WriteLineAsync(build);
        }

        return 0;
    }
}
