using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using System.Text.Json.Nodes;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs;

/// <summary><c>attach</c>.</summary>
internal static class AttachVerb
{
    public static Verb Attach() => new(
        "CONTAINER",
        new FlagTable().String("detach-keys", "Keys that detach (such as ctrl-p,ctrl-q)").Bool("no-stdin", "Do not attach STDIN")
            .Bool("sig-proxy", "Hand signals on to the process", value: true),
        RunAsync)
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.RunningContainers };

    private static async Task<int> RunAsync(Invocation call)
    {
        JsonNode? container = await call.Engine.GetAsync(ApiPath.Of("/containers/", call.Arguments[0], "/json"));
        JsonObject? state = container.Object("State");
        if (state.Bool("Paused"))
        {
            throw new CommandException("cannot attach to a paused container, unpause it first");
        }

        if (state.Bool("Restarting"))
        {
            throw new CommandException("cannot attach to a restarting container, wait until it is running");
        }

        if (!state.Bool("Running"))
        {
            throw new CommandException("cannot attach to a stopped container, start it first");
        }

        JsonObject? config = container.Object("Config");
        bool stdin = !call.Flags.Bool("no-stdin") && config.Bool("OpenStdin");
        bool tty = config.Bool("Tty");
        if (stdin && tty && !TerminalDevice.IsTerminal(0))
        {
            throw new CommandException("the input device is not a TTY");
        }

        try
        {
            AttachedStreams streams = new(stdin, Stdout: true, Stderr: true, tty, call.Flags.String("detach-keys"));
            return await ContainerSession.RunAsync(
                call, container.Text("Id"), streams, start: false, removed: false, call.Flags.Bool("sig-proxy") && !tty);
        }
        catch (DetachedException e)
        {
            throw new CommandException(e.Message);
        }
    }
}
