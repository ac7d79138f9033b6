using System.Net.Sockets;
using System.Text;

namespace Slipway.Client.Tests;

/// <summary>A Unix socket that answers each connection with a script, and remembers the request heads.</summary>
internal sealed class ScriptedEngine : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"slipway-{Guid.NewGuid():n}.sock");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    internal ScriptedEngine(Func<NetworkStream, string, Task> answer)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen();
        _ = AcceptAsync(answer);
        Client = new EngineClient(EngineAddress.Parse("unix://" + _path));
    }

    internal EngineClient Client { get; }

    internal List<string> Requests { get; } = [];

    internal int Connections { get; private set; }

    public void Dispose()
    {
        Client.Dispose();
        _listener.Dispose();
        File.Delete(_path);
    }

    internal static ScriptedEngine Answering(params string[] answers)
    {
        var next = 0;
        return new ScriptedEngine((stream, _) => WriteAsync(stream, answers[Math.Min(next++, answers.Length - 1)]));
    }

    internal static string Json(string body, int status = 200) =>
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    internal static async Task WriteAsync(Stream stream, string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text));

    private async Task AcceptAsync(Func<NetworkStream, string, Task> answer)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            Connections++;
            _ = ServeAsync(new NetworkStream(socket, ownsSocket: true), answer);
        }
    }

    private async Task ServeAsync(NetworkStream stream, Func<NetworkStream, string, Task> answer)
    {
        await using (stream)
        {
            while (await ReadHeadAsync(stream) is { Length: > 0 } head)
            {
                lock (Requests)
                {
                    Requests.Add(head);
                }

                await answer(stream, head);
            }
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        try
        {
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                if (await stream.ReadAsync(one) == 0)
                {
                    return "";
                }

                head.Append((char)one[0]);
            }
        }
        catch (IOException)
        {
            return "";
        }

        return head.ToString();
    }
}
