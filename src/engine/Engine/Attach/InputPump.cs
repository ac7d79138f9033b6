using System.Buffers;
using System.Net.Sockets;

namespace Slipway.Engine.Attach;

/// <summary>Carries what a client types to conmon.</summary>
/// <param name="keys">The sequence that detaches; null when none does, as without a terminal.</param>
internal sealed class InputPump(Stream input, Socket connection, DetachKeys? keys)
{
    private const int BufferSize = 8 << 10;

    /// <summary>Runs until the client ends its side.</summary>
    /// <returns>True when the client typed its detach keys; false at the end of its input, or when the process takes no more.</returns>
    internal async Task<bool> RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            // Most clients never type: a buffer is taken when something is there. A stream that does not know this kind of read says 0.
            await input.ReadAsync(Memory<byte>.Empty, cancel).ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                var count = await input.ReadAsync(buffer.AsMemory(0, BufferSize), cancel).ConfigureAwait(false);
                if (count == 0)
                {
                    return false;
                }

                if (keys is null)
                {
                    await SendAsync(buffer.AsMemory(0, count), cancel).ConfigureAwait(false);
                }
                else if (await SendFilteredAsync(buffer.AsMemory(0, count), keys, cancel).ConfigureAwait(false))
                {
                    return true;
                }
            }
            catch (SocketException)
            {
                // The process is gone; its output is still to come.
                return false;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private async ValueTask<bool> SendFilteredAsync(ReadOnlyMemory<byte> typed, DetachKeys filter, CancellationToken cancel)
    {
        var rest = new byte[typed.Length + filter.MaxHeld];
        var detached = filter.Filter(typed.Span, rest, out var written);
        await SendAsync(rest.AsMemory(0, written), cancel).ConfigureAwait(false);
        return detached;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        // An empty packet would read as the end of our side.
        while (data.Length > 0)
        {
            var packet = data[..Math.Min(data.Length, ConmonSocket.MaxInput)];
            data = data[await connection.SendAsync(packet, SocketFlags.None, cancel).ConfigureAwait(false)..];
        }
    }
}
