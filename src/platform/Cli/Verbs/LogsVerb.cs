using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Verbs;

/// <summary><c>logs</c>.</summary>
internal static class LogsVerb
{
    public static Verb Logs() => new(
        "CONTAINER",
        new FlagTable().Bool("details", "Show the log driver's extra attributes").Bool("follow", 'f', "Go on with new lines")
            .String("since", "From this time on (2026-01-02T13:23:37Z, or 42m for 42 minutes ago)").String("tail", 'n', "Number of lines from the end", "all")
            .Bool("timestamps", 't', "Show when each line was written").String("until", "Up to this time (2026-01-02T13:23:37Z, or 42m)"),
        RunAsync)
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Containers };

    private static async Task<int> RunAsync(Invocation call)
    {
        FlagValues flags = call.Flags;
        JsonNode? container = await call.Engine.GetAsync(ApiPath.Of("/containers/", call.Arguments[0], "/json"));
        await using Stream log = await call.Engine.ContainerLogsAsync(container.Text("Id"), new LogOptions
        {
            Details = flags.Bool("details"),
            Follow = flags.Bool("follow"),
            Timestamps = flags.Bool("timestamps"),
            Tail = flags.String("tail"),
            Since = TimeOption.Read(flags.String("since"), call.Now),
            Until = TimeOption.Read(flags.String("until"), call.Now),
        });
        await using Stream stdout = Console.OpenStandardOutput();
        await using Stream stderr = Console.OpenStandardError();
        if (container.Object("Config").Bool("Tty"))
        {
            await log.CopyToAsync(stdout);
        }
        else
        {
            await new MultiplexedStream(log).CopyToAsync(stdout, stderr);
        }

        return 0;
    }
}
