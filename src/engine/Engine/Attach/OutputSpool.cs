using System.Buffers;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Engine.Attach;

/// <summary>
/// Output of a process whose client stalls, in an unnamed file. conmon's writes block, so it must be received whether or not the
/// client takes it. Up to <see cref="Limit"/> bytes wait here; beyond that the process is held up as long as the client takes
/// anything at all, and a client that takes nothing for <see cref="Patience"/> is given up.
/// </summary>
internal sealed class OutputSpool : IDisposable
{
    /// <summary>How long a write may take before the client counts as stalled.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>How long a process is held up for a client that takes nothing.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Bytes that wait for one client.</summary>
    internal const long Limit = 64 << 20;

    private const int Chunk = 64 << 10;
    private readonly SafeFileHandle _file;
    private readonly Socket _connection;
    private readonly Stream _output;
    private long _sent;
    private long _held;

    private OutputSpool(string directory, Socket connection, Stream output)
    {
        _connection = connection;
        _output = output;
        _file = File.OpenHandle(
            Path.Combine(directory, "attach-" + Guid.NewGuid().ToString("N")), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
    }

    private long Waiting => Volatile.Read(ref _held) - Volatile.Read(ref _sent);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Sees a write through. When it stalls, sets aside what the process writes meanwhile, and sends that too.</summary>
    /// <exception cref="TimeoutException">The client took nothing for too long.</exception>
    internal static async Task CarryAsync(Task write, Socket connection, Stream output, OutputBatch batch, string directory, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            await write.WaitAsync(Grace, time, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!write.IsCompleted)
        {
            using var spool = new OutputSpool(directory, connection, output);
            await spool.RunAsync(write, batch, time, cancel).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(Task write, OutputBatch batch, TimeProvider time, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var receiving = ReceiveAsync(batch, time, stop.Token);
        try
        {
            await ProgressAsync(write, time, cancel).ConfigureAwait(false);
            await SendAsync(time, cancel).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Nothing is received any more: what came last is sent, and the caller goes on receiving itself.
        await SendAsync(time, cancel).ConfigureAwait(false);
    }

    private async Task ReceiveAsync(OutputBatch like, TimeProvider time, CancellationToken cancel)
    {
        var peek = new byte[1];
        while (await _connection.ReceiveAsync(peek, SocketFlags.Peek, cancel).ConfigureAwait(false) > 0)
        {
            while (Waiting > Limit)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancel).ConfigureAwait(false);
            }

            using var batch = like.Another();
            batch.Fill(_connection);
            RandomAccess.Write(_file, batch.Content.Span, _held);
            Volatile.Write(ref _held, _held + batch.Content.Length);
        }
    }

    private async Task SendAsync(TimeProvider time, CancellationToken cancel)
    {
        while (Waiting > 0)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
            var count = RandomAccess.Read(_file, buffer.AsSpan(0, (int)Math.Min(Chunk, Waiting)), _sent);
            await ProgressAsync(_output.WriteAsync(buffer.AsMemory(0, count), cancel).AsTask(), time, cancel).ConfigureAwait(false);
            Volatile.Write(ref _sent, _sent + count);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Waits for a write; without limit while the spool has room, since then nobody else is held up.
    private async Task ProgressAsync(Task write, TimeProvider time, CancellationToken cancel)
    {
        var fullSince = time.GetTimestamp();
        while (!write.IsCompleted)
        {
            try
            {
                await write.WaitAsync(Grace, time, cancel).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!write.IsCompleted)
            {
                fullSince = Waiting > Limit ? fullSince : time.GetTimestamp();
                if (time.GetElapsedTime(fullSince) > Patience)
                {
                    throw;
                }
            }
        }

        await write.ConfigureAwait(false);
    }
}
