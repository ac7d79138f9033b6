using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Platform.Engines;

/// <summary>
/// A connection that begins inside a container: <c>socat</c> runs there and the engine carries its streams. So the platform reaches the
/// proxy's admin API and, from the proxy's place, applications, wherever the engine is, without a published port.
/// </summary>
internal sealed class ContainerTunnel : Stream
{
    private readonly HijackedStream _stream;
    private readonly MultiplexedStream _output;

    private ContainerTunnel(HijackedStream stream) => (_stream, _output) = (stream, new MultiplexedStream(stream));

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Connects from a container to a TCP address.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="container">Container with socat in it.</param>
    /// <param name="host">Host name or address, as seen from there.</param>
    /// <param name="port">Port.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    internal static async Task<ContainerTunnel> OpenAsync(EngineClient engine, string container, string host, int port, CancellationToken cancellation)
    {
        var address = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"TCP:{host}:{port},connect-timeout=3");
        var exec = await engine.CreateExecAsync(
            container,
            new ExecCreateRequest { Cmd = ["socat", "-t", "0.5", "STDIO", address], AttachStdin = true, AttachStdout = true, AttachStderr = true },
            cancellation).ConfigureAwait(false);
        return new ContainerTunnel(await engine.StartExecAsync(exec.Id, new ExecStartRequest(), cancellation).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var (stream, count) = await _output.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count == 0 || stream == StdStream.Stdout)
            {
                return count;
            }

            // socat says on its standard error why it cannot connect, and ends.
            if (stream == StdStream.Stderr)
            {
                var reason = System.Text.Encoding.UTF8.GetString(buffer.Span[..count]).Trim();
                throw new IOException(reason[(reason.LastIndexOf(": ", StringComparison.Ordinal) + 1)..].Trim());
            }
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _stream.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is held back.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Dispose();
        }

        base.Dispose(disposing);
    }
}
