using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Slipway.Acceptance.Fixture;

/// <summary>
/// A proxy as <c>HTTP_PROXY</c> and <c>HTTPS_PROXY</c> name one, on a free port of the loopback. Whatever host it is asked for, it goes to the
/// same port of this machine, so that names need no name server.
/// </summary>
internal sealed class TinyProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    internal TinyProxy()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    internal string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>First lines of what it was asked.</summary>
    internal ConcurrentQueue<string> Asked { get; } = new();

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        using var server = new TcpClient();
        try
        {
            var near = client.GetStream();
            var head = await HeadAsync(near);
            var line = Encoding.ASCII.GetString(head, 0, Array.IndexOf(head, (byte)'\r'));
            Asked.Enqueue(line);
            var tunnel = line.StartsWith("CONNECT ", StringComparison.Ordinal);
            var target = new Uri(tunnel ? "http://" + line.Split(' ')[1] : line.Split(' ')[1]);
            await server.ConnectAsync(IPAddress.Loopback, target.Port);
            var far = server.GetStream();
            await (tunnel ? near.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray()) : far.WriteAsync(head));
            await Task.WhenAny(near.CopyToAsync(far), far.CopyToAsync(near));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One side has gone.
        }
    }

    private static async Task<byte[]> HeadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()) && await stream.ReadAsync(one) == 1)
        {
            head.Add(one[0]);
        }

        return [.. head];
    }
}
