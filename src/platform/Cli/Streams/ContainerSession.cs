using System.Globalization;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Terminal;

namespace Slipway.Cli.Streams;

/// <summary>Runs a container in the foreground: attach, start, follow, and take over its exit code.</summary>
internal static class ContainerSession
{
    /// <param name="call">The verb's run.</param>
    /// <param name="id">The container.</param>
    /// <param name="streams">Streams to attach.</param>
    /// <param name="start">Whether to start it; else it runs already.</param>
    /// <param name="removed">Whether it is removed at its end, which is then waited for.</param>
    /// <param name="proxySignals">Whether signals go to the container.</param>
    /// <returns>The container's exit code; 0 when the user detached from a started one.</returns>
    public static async Task<int> RunAsync(Invocation call, string id, AttachedStreams streams, bool start, bool removed, bool proxySignals)
    {
        EngineClient engine = call.Engine;
        using SignalProxy? proxy = proxySignals ? new SignalProxy(engine, id) : null;
        await using HijackedStream connection = await engine.AttachContainerAsync(id, new AttachOptions
        {
            Stdin = streams.Stdin, Stdout = streams.Stdout, Stderr = streams.Stderr,
            DetachKeys = streams.DetachKeys.Length > 0 ? streams.DetachKeys : null,
        });
        Task<ContainerWaitResponse> ended = await engine.WatchContainerAsync(id, removed ? "removed" : start ? "next-exit" : "not-running");
        Task copied = new AttachSession(connection, streams).RunAsync();
        if (start && await StartAsync(engine, id, ended) is { } refusal)
        {
            throw refusal;
        }

        using TerminalSize? size = streams.Tty && TerminalDevice.IsTerminal(1)
            ? await TerminalSize.FollowAsync((rows, columns) => engine.ResizeContainerAsync(id, rows, columns)) : null;
        try
        {
            await copied;
        }
        catch (DetachedException) when (start)
        {
            return 0;
        }

        return Code(await ended);
    }

    private static async Task<EngineApiException?> StartAsync(EngineClient engine, string id, Task<ContainerWaitResponse> ended)
    {
        try
        {
            await engine.StartContainerAsync(id);
            return null;
        }
        catch (EngineApiException e)
        {
            // With --rm the container is gone only when the wait is over.
            _ = ended.ContinueWith(t => t.Exception, TaskScheduler.Default);
            return e;
        }
    }

    private static int Code(ContainerWaitResponse response) => response.Error?.Message is { Length: > 0 } message
        ? throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"Error waiting for container: {message}"))
        : (int)response.StatusCode;
}
