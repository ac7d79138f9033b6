using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Logs;
using Slipway.Linux;

namespace Slipway.Engine.Attach;

/// <summary>What <c>POST /containers/{id}/attach</c> asks for.</summary>
/// <param name="Stdin">Carry the client's input.</param>
/// <param name="Stdout">Carry standard output.</param>
/// <param name="Stderr">Carry standard error.</param>
/// <param name="Stream">Attach to the process, now or when it is started.</param>
/// <param name="Logs">First give what was logged until now.</param>
/// <param name="DetachKeys">Key sequence that detaches from a terminal; empty for <c>ctrl-p,ctrl-q</c>.</param>
public sealed record AttachRequest(bool Stdin, bool Stdout, bool Stderr, bool Stream, bool Logs, string? DetachKeys);

/// <summary><c>docker attach</c>, and the streams of <c>docker run</c>.</summary>
public sealed class AttachContainer(EnginePaths paths, ContainerLogs logs, ContainerEvents events, ProcessWatch watch, TimeProvider time)
{
    private readonly AttachPump _pump = new(paths.Staging, watch, time);

    /// <summary>What would keep the request from being served, for a caller that must know before it hijacks the connection.</summary>
    /// <returns>The detach keys.</returns>
    /// <exception cref="EngineException">The detach keys are wrong, or the container is paused or being restarted.</exception>
    public static DetachKeys Check(Container container, AttachRequest request)
    {
        var keys = DetachKeys.Parse(request.DetachKeys);
        return container.Record.State.Status switch
        {
            ContainerStatus.Paused => throw EngineException.Conflict($"container {container.Id} is paused, unpause the container before attach"),
            ContainerStatus.Restarting => throw EngineException.Conflict($"container {container.Id} is restarting, wait until the container is running"),
            _ => keys,
        };
    }

    /// <summary>
    /// Carries a container's streams until its process ends, the client leaves or detaches, or the container is removed. A container that
    /// does not run yet is waited for; the client then gets every byte from the first.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="request">What the client wants.</param>
    /// <param name="place">The client's place at <see cref="Container.Attaches"/>, taken before it was answered.</param>
    /// <param name="peer">The client.</param>
    /// <param name="cancel">Its connection was aborted.</param>
    /// <exception cref="OperationCanceledException">The client's connection was aborted.</exception>
    public async Task<AttachEnd> RunAsync(Container container, AttachRequest request, AttachPlace place, AttachPeer peer, CancellationToken cancel)
    {
        var keys = Check(container, request);
        if (request.Logs && LogSettings.Parse(container.Record.HostConfig.LogConfig).KeepsLog && (request.Stdout || request.Stderr))
        {
            await ReplayAsync(container, request, peer, cancel).ConfigureAwait(false);
        }

        events.Publish(container, "attach");
        return request.Stream ? await StreamAsync(container, request, place, keys, peer, cancel).ConfigureAwait(false) : AttachEnd.Finished;
    }

    private async Task<AttachEnd> StreamAsync(Container container, AttachRequest request, AttachPlace place, DetachKeys keys, AttachPeer peer, CancellationToken cancel)
    {
        var config = container.Record.Config;
        var stdin = request.Stdin && config.OpenStdin;
        var closesStdin = config.StdinOnce && !config.Tty;

        // A spectator who leaves must not close the stdin of the client that owns it.
        var spectator = config.OpenStdin && closesStdin && !stdin;
        if (await place.ConnectAsync(spectator, cancel).ConfigureAwait(false) is not { } connection)
        {
            return AttachEnd.Removed;
        }

        var end = AttachEnd.ClientLost;
        try
        {
            var streams = new AttachStreams(stdin, request.Stdout, request.Stderr, closesStdin, config.Tty ? keys : null);
            end = await _pump.RunAsync(connection, peer, streams, cancel).ConfigureAwait(false);
        }
        finally
        {
            if (spectator && end != AttachEnd.Finished)
            {
                container.Attaches.Park(connection);
            }
            else
            {
                connection.Dispose();
            }
        }

        if (end == AttachEnd.Detached)
        {
            events.Publish(container, "detach");
        }

        return end;
    }

    private async Task ReplayAsync(Container container, AttachRequest request, AttachPeer peer, CancellationToken cancel)
    {
        var header = new byte[StreamFrame.HeaderSize];
        await logs.ReadAsync(container, new LogRequest(request.Stdout, request.Stderr), WriteAsync, cancel).ConfigureAwait(false);
        await peer.Output.FlushAsync(cancel).ConfigureAwait(false);

        async ValueTask WriteAsync(StdStream stream, ReadOnlyMemory<byte> data)
        {
            if (peer.Multiplexed)
            {
                new StreamFrame(stream, (uint)data.Length).Write(header);
                await peer.Output.WriteAsync(header, cancel).ConfigureAwait(false);
            }

            await peer.Output.WriteAsync(data, cancel).ConfigureAwait(false);
        }
    }
}
