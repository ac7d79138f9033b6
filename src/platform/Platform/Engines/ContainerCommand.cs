using System.Text;
using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Platform.Engines;

/// <summary>Runs commands in containers through the engine.</summary>
internal static class ContainerCommand
{
    private const int KeptOutput = 64 * 1024;

    /// <summary>Runs a command to its end.</summary>
    /// <returns>Its exit code and the beginning of its output, so many bytes at most.</returns>
    internal static async Task<(int Code, string Output)> RunAsync(EngineClient engine, string container, IReadOnlyList<string> command, CancellationToken cancellation, int limit = KeptOutput)
    {
        var exec = await engine.CreateExecAsync(container, new ExecCreateRequest { Cmd = command, AttachStdout = true, AttachStderr = true }, cancellation).ConfigureAwait(false);
        using var output = new BoundedOutput(limit);
        var stream = await engine.StartExecAsync(exec.Id, new ExecStartRequest(), cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await new MultiplexedStream(stream).CopyToAsync(output, output, cancellation).ConfigureAwait(false);
        }

        var state = await engine.InspectExecAsync(exec.Id, cancellation).ConfigureAwait(false);
        return (state.ExitCode ?? -1, output.ToString());
    }

    /// <summary>The last lines that a container wrote.</summary>
    internal static async Task<IReadOnlyList<string>> LastLinesAsync(EngineClient engine, string container, int count, CancellationToken cancellation)
    {
        using var output = new BoundedOutput(KeptOutput);
        var log = await engine.ContainerLogsAsync(container, new LogOptions { Tail = count.ToString(System.Globalization.CultureInfo.InvariantCulture) }, cancellation).ConfigureAwait(false);
        await using (log.ConfigureAwait(false))
        {
            await new MultiplexedStream(log).CopyToAsync(output, output, cancellation).ConfigureAwait(false);
        }

        return [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(count)];
    }
}

/// <summary>Keeps the beginning of what is written to it.</summary>
internal sealed class BoundedOutput(int limit) : MemoryStream
{
    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        base.Write(buffer.Span[..(int)Math.Min(buffer.Length, limit - Length)]);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length);
}
