using System.Net.Sockets;
using Slipway.Linux;

namespace Slipway.Engine.Attach;

/// <summary>What an attachment carries.</summary>
/// <param name="Stdin">Whether the client's input goes to the process.</param>
/// <param name="Stdout">Whether the client wants standard output.</param>
/// <param name="Stderr">Whether the client wants standard error.</param>
/// <param name="CloseStdin">
/// Whether the end of the client's input ends the process's: StdinOnce without a terminal, and every exec. Where it does not,
/// the end of the input ends the attachment, as in Docker.
/// </param>
/// <param name="Keys">Detach keys; null where none are looked for.</param>
public sealed record AttachStreams(bool Stdin, bool Stdout, bool Stderr, bool CloseStdin, DetachKeys? Keys);

/// <summary>
/// Carries bytes between a client and conmon, for a container or an exec. Memory is bounded: one batch of output, one small buffer
/// of input, both pooled and held only while bytes are under way. A slow client slows the process, as a pipe would. One that takes
/// nothing at all would stop it, its log and every other client, so its output is then set aside in a file (<see cref="OutputSpool"/>).
/// </summary>
/// <param name="spoolDirectory">Where output that a stalled client does not take is set aside.</param>
/// <param name="watch">Tells when conmon has sent something.</param>
/// <param name="time">Clock for deadlines.</param>
public sealed class AttachPump(string spoolDirectory, ProcessWatch watch, TimeProvider time)
{
    // In this time conmon fills about half of what a socket holds (net.core.wmem_default).
    private const uint GatherMicroseconds = 100;

    // Bytes at once after which more is expected. That is waited for on the thread; what comes more slowly is not worth one.
    private const int Much = 2 << 10;
    private static readonly TimeSpan FloodPause = TimeSpan.FromMilliseconds(2);

    /// <summary>Runs until the process has ended and all output is sent, or the client leaves. Does not dispose the connection.</summary>
    /// <exception cref="OperationCanceledException">The client's connection was aborted, or the daemon stops.</exception>
    public async Task<AttachEnd> RunAsync(Socket connection, AttachPeer peer, AttachStreams streams, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var output = SendOutputAsync(connection, peer, streams, stop.Token);
        var input = streams.Stdin && peer.Input is not null
            ? TakeInputAsync(connection, peer.Input, streams, stop.Token)
            : Task.FromResult<AttachEnd?>(null);
        try
        {
            var first = await Task.WhenAny(output, input).ConfigureAwait(false);
            if (first == input && await input.ConfigureAwait(false) is { } end)
            {
                return end;
            }

            return await output.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(Quiet(output), Quiet(input)).ConfigureAwait(false);
        }
    }

    private static async Task<AttachEnd?> TakeInputAsync(Socket connection, Stream input, AttachStreams streams, CancellationToken cancel)
    {
        try
        {
            if (await new InputPump(input, connection, streams.Keys).RunAsync(cancel).ConfigureAwait(false))
            {
                return AttachEnd.Detached;
            }
        }
        catch (IOException)
        {
            // The client's connection broke: as an end of its input, and writing will tell the rest.
        }

        if (!streams.CloseStdin)
        {
            return AttachEnd.Detached;
        }

        ShutdownSending(connection);
        return null;
    }

    private async Task<AttachEnd> SendOutputAsync(Socket connection, AttachPeer peer, AttachStreams streams, CancellationToken cancel)
    {
        connection.Blocking = false;
        using var readiness = watch.Watch(connection);
        for (var open = true; open;)
        {
            // No buffer is held meanwhile.
            await readiness.WaitAsync(cancel).ConfigureAwait(false);

            using var batch = new OutputBatch(peer.Multiplexed, streams.Stdout, streams.Stderr);
            var flood = false;
            do
            {
                open = Fill(batch, connection, flood);
                if (!await SendAsync(connection, peer.Output, batch, cancel).ConfigureAwait(false))
                {
                    return AttachEnd.ClientLost;
                }

                flood = open && batch.Received >= Much && connection.Poll(FloodPause, SelectMode.SelectRead);
                batch.Clear();
            }
            while (flood);
        }

        return AttachEnd.Finished;
    }

    // In a flood conmon's packets come one by one as fast as they are received, and each would be sent alone: let some gather.
    private static bool Fill(OutputBatch batch, Socket connection, bool flood)
    {
        var open = batch.Fill(connection);
        if (!open || !flood || batch.Content.Length >= OutputBatch.Capacity / 2)
        {
            return open;
        }

        ShortSleep.Microseconds(GatherMicroseconds);
        return batch.Fill(connection);
    }

    private async ValueTask<bool> SendAsync(Socket connection, Stream output, OutputBatch batch, CancellationToken cancel)
    {
        if (batch.Content.Length == 0)
        {
            return true;
        }

        try
        {
            var write = output.WriteAsync(batch.Content, cancel);
            if (!write.IsCompletedSuccessfully)
            {
                await OutputSpool.CarryAsync(write.AsTask(), connection, output, batch, spoolDirectory, time, cancel).ConfigureAwait(false);
            }

            await output.FlushAsync(cancel).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            batch.Abandon();
            if (e is IOException or SocketException or ObjectDisposedException or TimeoutException)
            {
                return false;
            }

            throw;
        }
    }

    private static void ShutdownSending(Socket connection)
    {
        try
        {
            connection.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // conmon is gone already.
        }
    }

    private static async Task Quiet(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
