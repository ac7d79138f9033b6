using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Engine.Networks.Ports;

/// <summary>Passes connections of a listening socket on, each direction until its own end.</summary>
internal static class TcpRelay
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Accepts until the socket is closed.</summary>
    internal static async Task RunAsync(Socket listener, Func<IPEndPoint> target)
    {
        while (true)
        {
            try
            {
                var client = await listener.AcceptAsync().ConfigureAwait(false);
                _ = PassAsync(client, target());
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                // This one is lost; there is room again when others have ended.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System).ConfigureAwait(false);
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static async Task PassAsync(Socket client, IPEndPoint target)
    {
        using (client)
        using (var server = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                client.NoDelay = server.NoDelay = true;
                await server.ConnectAsync(target).ConfigureAwait(false);
                await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client)).ConfigureAwait(false);
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                // One side was reset: so is the other.
                client.LingerState = new LingerOption(true, 0);
            }
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int size;
            while ((size = await from.ReceiveAsync(buffer.AsMemory(), SocketFlags.None).ConfigureAwait(false)) > 0)
            {
                for (var sent = 0; sent < size;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, size - sent), SocketFlags.None).ConfigureAwait(false);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // The other direction must not wait for a side that is gone.
            from.Dispose();
            to.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
