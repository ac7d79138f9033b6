using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>events</c>.</summary>
internal static class EventsVerb
{
    public static Verb Events() => new(
        "",
        new FlagTable().Filter().String("format", "Print in another way: 'json' or 'TEMPLATE' (Go template)")
            .String("since", "From this time on").String("until", "Up to this time"),
        RunAsync)
    { MaxArguments = 0 };

    private static async Task<int> RunAsync(Invocation call)
    {
        string format = call.Flags.String("format");
        Template? template = format.Length == 0 ? null : Listing.Parse(format == "json" ? "{{json .}}" : format);
        await using Stream answer = await call.Engine.OpenAsync(ApiPath.Of("/events")
            .With("since", TimeOption.Read(call.Flags.String("since"), call.Now))
            .With("until", TimeOption.Read(call.Flags.String("until"), call.Now)).Filters(call.Flags.List("filter")));
        await foreach (JsonNode message in EngineCalls.LinesAsync(answer))
        {
            await call.Out.WriteLineAsync(template is null ? Line(message) : template.Execute(message));
            await call.Out.FlushAsync();
        }

        return 0;
    }

    private static string Line(JsonNode message)
    {
        JsonObject? actor = message.Object("Actor");
        string attributes = string.Join(", ", actor.Map("Attributes").OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}"));
        string line = $"{Time(message)} {message.Text("Type")} {message.Text("Action")} {actor.Text("ID")}";
        return attributes.Length > 0 ? $"{line} ({attributes})" : line;
    }

    private static string Time(JsonNode message)
    {
        long nanoseconds = message.Long("timeNano");
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(nanoseconds != 0 ? nanoseconds / 1_000_000_000 : message.Long("time")).ToLocalTime();
        string zone = time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-dd'T'HH:mm:ss}.{nanoseconds % 1_000_000_000:000000000}{zone}");
    }
}
