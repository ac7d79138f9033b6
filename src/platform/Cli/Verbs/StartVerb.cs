using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>start</c>, in the background or attached.</summary>
internal static class StartVerb
{
    public static Verb Start() => new(
        "CONTAINER [CONTAINER...]",
        new FlagTable().Bool("attach", 'a', "Attach STDOUT and STDERR and hand signals on").String("checkpoint", "Restore from this checkpoint")
            .String("checkpoint-dir", "Directory with checkpoints").String("detach-keys", "Keys that detach (such as ctrl-p,ctrl-q)")
            .Bool("interactive", 'i', "Attach STDIN"),
        call => call.Flags.Bool("attach") || call.Flags.Bool("interactive") ? AttachedAsync(call) : DetachedAsync(call))
    { MinArguments = 1, Completes = Candidates.Containers };

    private static async Task<int> DetachedAsync(Invocation call)
    {
        List<string> failed = [];
        foreach (string id in call.Arguments)
        {
            int code = await call.ForEachAsync([id], async name =>
            {
                await call.Engine.PostAsync(ApiPath.Of("/containers/", name, "/start")
                    .With("checkpoint", call.Flags.String("checkpoint")).With("checkpoint-dir", call.Flags.String("checkpoint-dir")));
                await call.Out.WriteLineAsync(name);
            });
            if (code != 0)
            {
                failed.Add(id);
            }
        }

        if (failed.Count > 0)
        {
            await call.Error.WriteLineAsync("failed to start containers: " + string.Join(", ", failed));
        }

        return failed.Count > 0 ? 1 : 0;
    }

    private static async Task<int> AttachedAsync(Invocation call)
    {
        if (call.Arguments.Count > 1)
        {
            throw new CommandException("you cannot start and attach multiple containers at once");
        }

        JsonNode? container = await call.Engine.GetAsync(ApiPath.Of("/containers/", call.Arguments[0], "/json"));
        JsonObject? config = container.Object("Config");
        bool tty = config.Bool("Tty");
        AttachedStreams streams = new(
            call.Flags.Bool("interactive") && config.Bool("OpenStdin"), Stdout: true, Stderr: true, tty, call.Flags.String("detach-keys"));
        bool removed = container.Object("HostConfig").Bool("AutoRemove");
        return await ContainerSession.RunAsync(call, container.Text("Id"), streams, start: true, removed, proxySignals: !tty);
    }
}
