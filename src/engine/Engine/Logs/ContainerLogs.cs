using Microsoft.Extensions.Logging;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Linux;

namespace Slipway.Engine.Logs;

/// <summary><c>docker logs</c>.</summary>
public sealed class ContainerLogs(EnginePaths paths, DirectorySignals signals, TimeProvider time, ILogger logger)
{
    private readonly LogStream _stream = new(signals, time, logger);

    /// <summary>
    /// Gives a container's log to a sink. A follower goes on while the container runs or waits to be restarted, and ends when it has stopped
    /// and every line was given.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="request">Which lines, and how they look.</param>
    /// <param name="sink">Takes whole lines of one stream, several at once; the memory is valid until its task ends.</param>
    /// <param name="cancel">The client went away.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotImplemented"/> when the container keeps no log; <see cref="ErrorKind.InvalidArgument"/> when no stream was chosen.</exception>
    public Task ReadAsync(Container container, LogRequest request, Func<StdStream, ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancel)
    {
        Check(container, request);
        var settings = LogSettings.Parse(container.Record.HostConfig.LogConfig);
        var source = new LogSource(
            paths.Log(container.Id), request.Details ? settings.Attributes(container.Record.Config) : new Dictionary<string, string>(), () => IsProducing(container), () => container.NextExit);
        return _stream.ReadAsync(source, request, sink, cancel);
    }

    /// <summary>The errors of <see cref="ReadAsync"/>, for a caller that must know before it answers.</summary>
    public static void Check(Container container, LogRequest request)
    {
        if (!request.Stdout && !request.Stderr)
        {
            throw EngineException.Invalid("You must choose at least one stream");
        }

        if (!LogSettings.Parse(container.Record.HostConfig.LogConfig).KeepsLog)
        {
            throw new EngineException(ErrorKind.NotImplemented, "configured logging driver does not support reading");
        }
    }

    private static bool IsProducing(Container container) =>
        !container.Removed.IsCompleted && container.Record.State.Status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting;
}
