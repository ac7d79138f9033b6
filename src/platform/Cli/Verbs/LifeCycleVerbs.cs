using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary>Verbs that change the state of containers and print the names they were given.</summary>
internal static class LifeCycleVerbs
{
    private const string Many = "CONTAINER [CONTAINER...]";

    public static Verb Stop() => Halt("stop", Candidates.RunningContainers);

    public static Verb Restart() => Halt("restart", Candidates.Containers);

    private static Verb Halt(string action, Candidates candidates) => new(
        Many,
        new FlagTable().String("signal", 's', "Signal to send")
            .Int("timeout", 't', "Seconds to wait before killing the container")
            .Add(new Flag("time", '\0', FlagKind.Int, "Seconds to wait before killing the container") { Hidden = true }),
        call => EachAsync(call, id => ApiPath.Of("/containers/", id, "/" + action)
            .With("t", call.Flags.IntOrNull("timeout") ?? call.Flags.IntOrNull("time")).With("signal", call.Flags.String("signal"))))
    { MinArguments = 1, Completes = candidates };

    public static Verb Kill() => new(
        Many,
        new FlagTable().String("signal", 's', "Signal to send"),
        call => EachAsync(call, id => ApiPath.Of("/containers/", id, "/kill").With("signal", call.Flags.String("signal"))))
    { MinArguments = 1, Completes = Candidates.RunningContainers };

    public static Verb Pause() => Plain("pause", Candidates.RunningContainers);

    public static Verb Unpause() => Plain("unpause", Candidates.Containers);

    private static Verb Plain(string action, Candidates candidates) => new(
        Many, new FlagTable(), call => EachAsync(call, id => ApiPath.Of("/containers/", id, "/" + action)))
    { MinArguments = 1, Completes = candidates };

    public static Verb Rename() => new("CONTAINER NEW_NAME", new FlagTable(), async call =>
    {
        string name = call.Arguments[1].Trim();
        if (call.Arguments[0].Trim().Length == 0 || name.Length == 0)
        {
            throw new CommandException("Error: Neither old nor new names may be empty");
        }

        await call.Engine.PostAsync(ApiPath.Of("/containers/", call.Arguments[0], "/rename").With("name", name));
        return 0;
    })
    { MinArguments = 2, MaxArguments = 2, Completes = Candidates.Containers };

    public static Verb Remove() => new(
        Many,
        new FlagTable().Bool("force", 'f', "Kill the container first if it runs")
            .Bool("link", 'l', "Remove the link of that name")
            .Bool("volumes", 'v', "Remove its anonymous volumes too"),
        call => call.ForEachAsync(call.Arguments, async id =>
        {
            string name = id.Trim('/');
            if (name.Length == 0)
            {
                throw new CommandException("Container name cannot be empty");
            }

            await call.Engine.DeleteAsync(ApiPath.Of("/containers/", name)
                .With("force", call.Flags.Bool("force")).With("link", call.Flags.Bool("link")).With("v", call.Flags.Bool("volumes")));
            await call.Out.WriteLineAsync(id);
        }))
    { MinArguments = 1, Completes = Candidates.Containers };

    public static Verb Wait() => new(Many, new FlagTable(), call => call.ForEachAsync(call.Arguments, async id =>
    {
        JsonNode? ended = await call.Engine.PostAsync(ApiPath.Of("/containers/", id, "/wait"));
        await call.Out.WriteLineAsync(ended.Long("StatusCode").ToString(CultureInfo.InvariantCulture));
    }))
    { MinArguments = 1, Completes = Candidates.RunningContainers };

    public static Verb Update() => new(
        Many,
        new FlagTable()
            .Add(new Flag("blkio-weight", '\0', FlagKind.Uint16, "Weight of block I/O, 10 to 1000, or 0 for none"))
            .Int("cpu-period", "Period of the CPU limit in microseconds").Int("cpu-quota", "CPU time per period in microseconds")
            .Int("cpu-rt-period", "Period of real-time scheduling in microseconds")
            .Int("cpu-rt-runtime", "Real-time CPU time per period in microseconds")
            .Int("cpu-shares", 'c', "Weight of CPU time").Add(new Flag("cpus", '\0', FlagKind.Decimal, "Number of CPUs"))
            .String("cpuset-cpus", "CPUs that may be used (0-3, 0,1)").String("cpuset-mems", "Memory nodes that may be used (0-3, 0,1)")
            .Bytes("memory", 'm', "Limit of memory").Bytes("memory-reservation", "Soft limit of memory")
            .Bytes("memory-swap", "Limit of memory and swap together; -1 for unlimited swap")
            .Int("pids-limit", "Largest number of processes and threads; -1 for no limit")
            .String("restart", "When to start the container again"),
        UpdateAsync)
    { MinArguments = 1, Completes = Candidates.Containers };

    private static Task<int> UpdateAsync(Invocation call)
    {
        JsonObject changes = ResourceRequest.Update(call.Flags);
        if (!call.Flags.HasAny)
        {
            throw new CommandException("you must provide one or more flags when using this command");
        }

        return call.ForEachAsync(call.Arguments, async id =>
        {
            JsonNode? answer = await call.Engine.PostAsync(ApiPath.Of("/containers/", id, "/update"), changes);
            await call.Out.WriteLineAsync(id);
            foreach (string warning in answer.Strings("Warnings"))
            {
                await call.Error.WriteLineAsync(warning);
            }
        });
    }

    private static Task<int> EachAsync(Invocation call, Func<string, ApiPath> path) => call.ForEachAsync(call.Arguments, async id =>
    {
        await call.Engine.PostAsync(path(id));
        await call.Out.WriteLineAsync(id);
    });
}
