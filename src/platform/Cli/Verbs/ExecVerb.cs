using Slipway.Cli.Options;
using Slipway.Cli.Streams;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs;

/// <summary><c>exec</c>.</summary>
internal static class ExecVerb
{
    public static Verb Exec() => new(
        "CONTAINER COMMAND [ARG...]",
        new FlagTable().Bool("detach", 'd', "Run in the background").String("detach-keys", "Keys that detach (such as ctrl-p,ctrl-q)")
            .List("env", 'e', "Set a variable of the environment").List("env-file", "Read variables of the environment from a file")
            .Bool("interactive", 'i', "Keep STDIN open even if nobody is attached").Bool("privileged", "Lift the usual restrictions")
            .Bool("tty", 't', "Give the process a terminal").String("user", 'u', "User and group by name or number (<user>[:<group>])")
            .String("workdir", 'w', "Directory in which the process starts"),
        RunAsync)
    { MinArguments = 2, FlagsFirst = true, Completes = Candidates.RunningContainers };

    private static async Task<int> RunAsync(Invocation call)
    {
        FlagValues flags = call.Flags;
        bool detached = flags.Bool("detach");
        AttachedStreams streams = new(flags.Bool("interactive") && !detached, !detached, !detached, flags.Bool("tty"), flags.String("detach-keys"));
        if (streams is { Stdin: true, Tty: true } && !TerminalDevice.IsTerminal(0))
        {
            await call.Error.WriteLineAsync("the input device is not a TTY");
            return 1;
        }

        IdResponse exec = await call.Engine.CreateExecAsync(call.Arguments[0], Request(call, streams));
        if (detached)
        {
            await call.Engine.StartExecDetachedAsync(exec.Id, streams.Tty);
            return 0;
        }

        return await FollowAsync(call.Engine, exec.Id, streams);
    }

    private static ExecCreateRequest Request(Invocation call, AttachedStreams streams) => new()
    {
        User = call.Flags.String("user"),
        Privileged = call.Flags.Bool("privileged"),
        Tty = streams.Tty,
        AttachStdin = streams.Stdin,
        AttachStdout = streams.Stdout,
        AttachStderr = streams.Stderr,
        DetachKeys = streams.DetachKeys,
        Env = VariableFiles.Environment(call.Flags.List("env-file"), call.Flags.List("env")),
        WorkingDir = call.Flags.String("workdir"),
        Cmd = [.. call.Arguments.Skip(1)],
    };

    private static async Task<int> FollowAsync(EngineClient engine, string id, AttachedStreams streams)
    {
        await using HijackedStream connection = await engine.StartExecAsync(id, new ExecStartRequest { Tty = streams.Tty });
        using TerminalSize? size = streams.Tty && TerminalDevice.IsTerminal(1)
            ? await TerminalSize.FollowAsync((rows, columns) => engine.ResizeExecAsync(id, rows, columns)) : null;
        try
        {
            await new AttachSession(connection, streams).RunAsync();
        }
        catch (DetachedException e)
        {
            throw new CommandException(e.Message);
        }

        return (int)((await engine.InspectExecAsync(id)).ExitCode ?? 0);
    }
}
