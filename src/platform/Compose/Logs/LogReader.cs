using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Compose.Logs;

/// <summary>Reads the log of one container line by line.</summary>
/// <param name="engine">The engine.</param>
public sealed class LogReader(EngineClient engine)
{
    /// <summary>Copies a log to the end, or for as long as the container runs.</summary>
    /// <param name="id">The container.</param>
    /// <param name="options">Which part.</param>
    /// <param name="prefix">What stands before each line.</param>
    /// <param name="write">Writes one line.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task CopyAsync(string id, LogOptions options, string prefix, Action<string> write, CancellationToken cancellation)
    {
        ContainerInspect container = await engine.InspectContainerAsync(id, cancellation: cancellation).ConfigureAwait(false);
        await using Stream log = await engine.ContainerLogsAsync(id, options, cancellation).ConfigureAwait(false);
        LineSplitter stdout = new(write, prefix);
        LineSplitter stderr = new(write, prefix);
        byte[] buffer = new byte[32 * 1024];
        MultiplexedStream? frames = container.Config.Tty ? null : new MultiplexedStream(log);
        while (true)
        {
            (StdStream stream, int count) = frames is null ? (StdStream.Stdout, await log.ReadAsync(buffer, cancellation).ConfigureAwait(false))
                : await frames.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            (stream == StdStream.Stderr ? stderr : stdout).Add(buffer.AsSpan(0, count));
        }

        stdout.End();
        stderr.End();
    }
}
