using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs;

/// <summary><c>run</c> and <c>create</c>.</summary>
internal static class RunVerbs
{
    private const int EngineFailed = 125;
    private const int NotExecutable = 126;
    private const int NotFound = 127;

    public static Verb Run() => new(
        "IMAGE [COMMAND] [ARG...]",
        RunFlags.Create().Bool("detach", 'd', "Run in the background and print the container's ID")
            .String("detach-keys", "Keys that detach (such as ctrl-p,ctrl-q)").Bool("sig-proxy", "Hand signals on to the process", value: true),
        RunAsync)
    { MinArguments = 1, FlagsFirst = true, Completes = Candidates.Images };

    public static Verb Create() => new("IMAGE [COMMAND] [ARG...]", RunFlags.Create(), async call =>
    {
        try
        {
            await call.Out.WriteLineAsync(await CreateContainer.RunAsync(call));
            return 0;
        }
        catch (Exception e) when (Explain(e) is { } message)
        {
            await call.Error.WriteLineAsync(message);
            return 1;
        }
    })
    { MinArguments = 1, FlagsFirst = true, Completes = Candidates.Images };

    private static async Task<int> RunAsync(Invocation call)
    {
        FlagValues flags = call.Flags;
        (bool stdin, bool stdout, bool stderr) = CreateRequest.Attached(flags);
        bool tty = flags.Bool("tty");
        if (stdin && tty && !TerminalDevice.IsTerminal(0))
        {
            await call.Error.WriteLineAsync("the input device is not a TTY");
            return 1;
        }

        try
        {
            string id = await CreateContainer.RunAsync(call);
            if (stdin || stdout || stderr)
            {
                // With a terminal there is one stream, and it is standard output.
                AttachedStreams streams = new(stdin, stdout, stderr, tty, flags.String("detach-keys"));
                return await ContainerSession.RunAsync(call, id, streams, start: true, flags.Bool("rm"), flags.Bool("sig-proxy"));
            }

            await call.Engine.StartContainerAsync(id);
            await call.Out.WriteLineAsync(id);
            return 0;
        }
        catch (Exception e) when (Explain(e) is { } message)
        {
            await call.Error.WriteLineAsync($"slipway: {message}\n\nRun 'slipway run --help' for more information");
            return e is EngineApiException ? StartCode(e.Message) : EngineFailed;
        }
    }

    private static string? Explain(Exception e) => e switch
    {
        EngineApiException => "Error response from daemon: " + e.Message,
        CommandException or EngineUnreachableException or IOException or UnauthorizedAccessException or InvalidDataException => e.Message,
        _ => null,
    };

    /// <summary>The shell's codes for a command that is missing or is no program; the engine only has words for it.</summary>
    public static int StartCode(string message) =>
        Contains(message, "executable file not found") || Contains(message, "no such file or directory")
            || Contains(message, "system cannot find the file specified") ? NotFound
        : Contains(message, "permission denied") || Contains(message, "is a directory") ? NotExecutable
        : EngineFailed;

    private static bool Contains(string message, string part) => message.Contains(part, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Creates a container from the flags, pulling its image when it is missing.</summary>
internal static class CreateContainer
{
    /// <returns>The new container's id.</returns>
    public static async Task<string> RunAsync(Invocation call)
    {
        FlagValues flags = call.Flags;
        JsonObject request = CreateRequest.Build(flags);
        if (flags.Bool("use-api-socket"))
        {
            ShareSocket(request, call.Engine.Address);
        }

        string cidFile = flags.String("cidfile");
        if (cidFile.Length > 0 && File.Exists(cidFile))
        {
            throw new CommandException($"container ID file found, make sure the other container isn't running or delete {cidFile}");
        }

        string pull = flags.String("pull");
        if (pull is not ("always" or "missing" or "never" or ""))
        {
            throw new UsageException($"invalid pull option: '{pull}': must be one of \"always\", \"missing\" or \"never\"");
        }

        if (pull == "always")
        {
            await PullAsync(call);
        }

        JsonNode? created = await CreateAsync(call, request, pullMissing: pull is "missing" or "");
        foreach (string warning in created.Strings("Warnings"))
        {
            await call.Error.WriteLineAsync("WARNING: " + warning);
        }

        string id = created.Text("Id");
        if (cidFile.Length > 0)
        {
            await File.WriteAllTextAsync(cidFile, id);
        }

        return id;
    }

    private static async Task<JsonNode?> CreateAsync(Invocation call, JsonObject request, bool pullMissing)
    {
        ApiPath path = ApiPath.Of("/containers/create").With("name", call.Flags.String("name")).With("platform", call.Flags.String("platform"));
        try
        {
            return await call.Engine.PostAsync(path, request);
        }
        catch (EngineApiException e) when (pullMissing && e.StatusCode == 404 && e.Message.Contains("No such image", StringComparison.OrdinalIgnoreCase))
        {
            if (!call.Flags.Bool("quiet"))
            {
                await call.Error.WriteLineAsync($"Unable to find image '{ImageName.WithTag(call.Arguments[0])}' locally");
            }

            await PullAsync(call);
            return await call.Engine.PostAsync(path, request);
        }
    }

    private static Task PullAsync(Invocation call) =>
        RegistryVerbs.PullAsync(call, call.Arguments[0], call.Flags.String("platform"), call.Flags.Bool("quiet") ? null : call.Error);

    // The path is the engine's, which is on this machine when a socket reaches it.
    private static void ShareSocket(JsonObject request, EngineAddress engine)
    {
        string socket = engine.SocketPath ?? throw new UsageException("--use-api-socket: the engine is not reached through a unix socket");
        JsonObject host = request["HostConfig"]!.AsObject();
        if (host["Binds"] is not JsonArray binds)
        {
            host["Binds"] = binds = [];
        }

        binds.Add((JsonNode)$"{socket}:/var/run/docker.sock");
    }
}
