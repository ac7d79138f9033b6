using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Slipway.Oci;

namespace Slipway.Distribution.Tests.Fixture;

/// <summary>A request that came in.</summary>
internal sealed record SeenRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    internal string? Authorization => Headers.GetValueOrDefault("authorization");
}

/// <summary>How a request is answered.</summary>
internal sealed record Answer(int Status, byte[] Body)
{
    internal string Type { get; init; } = "application/octet-stream";

    internal string Extra { get; init; } = "";

    /// <summary>What Content-Length says; null sends chunks.</summary>
    internal long? Length { get; init; } = Body.Length;

    /// <summary>The connection is reset after so many bytes of the body.</summary>
    internal int? CutAfter { get; init; }

    /// <summary>The body is repeated until the client leaves.</summary>
    internal bool Endless { get; init; }

    /// <summary>Pause after each piece of so many bytes.</summary>
    internal (int Bytes, int Milliseconds)? Drip { get; init; }
}

/// <summary>A registry of the test's own on raw sockets: serves what it has, and lies where a test tells it to.</summary>
internal sealed class HostileRegistry : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<string, (string Type, byte[] Content)> _things = new();

    internal HostileRegistry()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    internal string Host => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Bytes that this process sent, over all connections.</summary>
    internal ConcurrentQueue<SeenRequest> Seen { get; } = new();

    /// <summary>Answers instead of the honest registry; null leaves it to that.</summary>
    internal Func<SeenRequest, Answer?> Lie { get; set; } = _ => null;

    internal bool Ranges { get; set; } = true;

    internal void Add(string repository, string tag, TestImage image)
    {
        foreach (var layer in image.Layers)
        {
            AddBlob(repository, layer);
        }

        AddBlob(repository, image.Config);
        AddManifest(repository, tag, image.Manifest);
    }

    internal void AddBlob(string repository, byte[] content) => _things[$"/v2/{repository}/blobs/{Digest.Of(content)}"] = ("application/octet-stream", content);

    internal void AddManifest(string repository, string tag, byte[] content, string type = MediaTypes.OciManifest) =>
        _things[$"/v2/{repository}/manifests/{tag}"] = _things[$"/v2/{repository}/manifests/{Digest.Of(content)}"] = (type, content);

    internal int Count(string method, string part) => Seen.Count(request => request.Method == method && request.Path.Contains(part, StringComparison.Ordinal));

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var owned = socket;
        try
        {
            using var stream = new NetworkStream(socket);
            while (await ReadAsync(stream) is { } request)
            {
                Seen.Enqueue(request);
                var answer = Lie(request) ?? Honest(request);
                if (!await WriteAsync(socket, stream, request, answer))
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The client left.
        }
    }

    private Answer Honest(SeenRequest request)
    {
        if (request.Path == "/v2/")
        {
            return new Answer(200, "{}"u8.ToArray());
        }

        if (!_things.TryGetValue(request.Path.Split('?')[0], out var thing))
        {
            return new Answer(404, """{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"""u8.ToArray());
        }

        var from = Ranges && request.Headers.GetValueOrDefault("range") is { } range ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : 0;
        return from == 0
            ? new Answer(200, thing.Content) { Type = thing.Type }
            : new Answer(206, thing.Content[from..]) { Type = thing.Type, Extra = $"Content-Range: bytes {from}-{thing.Content.Length - 1}/{thing.Content.Length}\r\n" };
    }

    private static async Task<SeenRequest?> ReadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!(head.Count >= 4 && head[^1] == '\n' && head[^3] == '\n'))
        {
            if (await stream.ReadAsync(one) == 0 || head.Count > 16384 || (head.Count == 0 && one[0] == 0x16))
            {
                // A TLS greeting is not answered.
                return null;
            }

            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var words = lines[0].Split(' ');
        return new SeenRequest(words[0], words[1], lines.Skip(1).Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1].Trim()));
    }

    private static async Task<bool> WriteAsync(Socket socket, NetworkStream stream, SeenRequest request, Answer answer)
    {
        var length = answer.Length is { } bytes ? $"Content-Length: {bytes}" : "Connection: close";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer.Status} X\r\nContent-Type: {answer.Type}\r\n{length}\r\n{answer.Extra}\r\n"));
        if (request.Method == "HEAD")
        {
            return answer.Length is not null;
        }

        if (answer.CutAfter is { } cut)
        {
            await stream.WriteAsync(answer.Body.AsMemory(0, Math.Min(cut, answer.Body.Length)));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            socket.LingerState = new LingerOption(true, 0);
            return false;
        }

        do
        {
            var (size, pause) = answer.Drip ?? (Math.Max(1, answer.Body.Length), 0);
            for (var at = 0; at < answer.Body.Length; at += size)
            {
                await stream.WriteAsync(answer.Body.AsMemory(at, Math.Min(size, answer.Body.Length - at)));
                if (pause > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(pause), TimeProvider.System);
                }
            }
        }
        while (answer.Endless);
        return answer.Length is not null;
    }
}
