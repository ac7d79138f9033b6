using System.Net.Sockets;

namespace Slipway.Client.Tunnels;

/// <summary>Makes any pair of streams look like a socket with two directions that end independently.</summary>
internal static class Tunnel
{
    /// <summary>A socket whose bytes go through the streams.</summary>
    /// <param name="input">What arrives from the other end.</param>
    /// <param name="output">What goes to it.</param>
    /// <param name="endOutput">Tells the other end that no more comes.</param>
    /// <param name="owner">Disposed when both directions have ended.</param>
    internal static async ValueTask<Socket> OpenAsync(Stream input, Stream output, Func<Task> endOutput, IDisposable owner)
    {
        var (ours, theirs) = await PairAsync().ConfigureAwait(false);
        _ = CarryAsync(theirs, input, output, endOutput, owner);
        return ours;
    }

    private static async Task CarryAsync(Socket socket, Stream input, Stream output, Func<Task> endOutput, IDisposable owner)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        await Task.WhenAll(
            QuietAsync(async () =>
            {
                await stream.CopyToAsync(output).ConfigureAwait(false);
                await endOutput().ConfigureAwait(false);
            }),
            QuietAsync(async () =>
            {
                await input.CopyToAsync(stream).ConfigureAwait(false);
                socket.Shutdown(SocketShutdown.Send);
            })).ConfigureAwait(false);
        owner.Dispose();
    }

    // Whichever side breaks, the client sees the end of its socket.
    private static async Task QuietAsync(Func<Task> copy)
    {
        try
        {
            await copy().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            return;
        }
    }

    // The base library has no socketpair(2); a directory of our own keeps everybody else away from the meeting point.
    private static async Task<(Socket Ours, Socket Theirs)> PairAsync()
    {
        var directory = Directory.CreateTempSubdirectory("slipway-");
        try
        {
            var address = new UnixDomainSocketEndPoint(Path.Combine(directory.FullName, "s"));
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(address);
            listener.Listen(1);
            var ours = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await ours.ConnectAsync(address).ConfigureAwait(false);
            return (ours, await listener.AcceptAsync().ConfigureAwait(false));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
