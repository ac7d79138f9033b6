using System.Net.Sockets;
using System.Text;

namespace Slipway.Faults.Fixture;

/// <summary>Requests as bytes, for what no decent client sends.</summary>
internal static class RawRequest
{
    private const int MaxAnswer = 64 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Sends one request on a connection of its own; returns head and body of the answer, cut at 64 KiB, chunks joined.</summary>
    /// <param name="socket">Path of the daemon's socket.</param>
    /// <param name="method">Method.</param>
    /// <param name="path">Path and query as they are, with or without version.</param>
    /// <param name="body">Body; empty for none.</param>
    internal static async Task<string> SendAsync(string socket, string method, string path, string body)
    {
        using var connection = await ConnectAsync(socket);
        var bytes = Encoding.UTF8.GetBytes(body);
        var head = $"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {bytes.Length}\r\n\r\n";
        await SendAllAsync(connection, (byte[])[.. Encoding.UTF8.GetBytes(head), .. bytes]);
        return await AnswerAsync(connection);
    }

    /// <summary>Sends a body of one endless JSON text and stops as soon as the daemon does not want more.</summary>
    internal static async Task<string> HugeAsync(string socket, string method, string path, long size)
    {
        using var connection = await ConnectAsync(socket);
        await SendAllAsync(connection, Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n{{\"Image\":\""));
        var piece = new byte[1 << 16];
        piece.AsSpan().Fill((byte)'x');
        for (var sent = 10L; sent < size && await SendAllAsync(connection, piece.AsMemory(0, (int)Math.Min(piece.Length, size - sent))); sent += piece.Length)
        {
        }

        return await AnswerAsync(connection);
    }

    private static async Task<Socket> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    // A daemon that has answered may close before it has read everything.
    private static async Task<bool> SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await socket.SendAsync(bytes[sent..]);
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<string> AnswerAsync(Socket socket)
    {
        using var cancel = new CancellationTokenSource(Patience);
        var buffer = new byte[MaxAnswer];
        var count = 0;
        try
        {
            while (count < buffer.Length && await socket.ReceiveAsync(buffer.AsMemory(count), cancel.Token) is var got and > 0)
            {
                count += got;
            }
        }
        catch (SocketException)
        {
            // Reset after the answer: what came before counts.
        }
        catch (OperationCanceledException)
        {
            return $"no end within {Patience.TotalSeconds} s: " + Encoding.UTF8.GetString(buffer, 0, count);
        }

        return WithoutChunks(Encoding.UTF8.GetString(buffer, 0, count));
    }

    private static string WithoutChunks(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end > 0 && answer[..end].Contains("chunked", StringComparison.OrdinalIgnoreCase)
            ? answer[..(end + 4)] + string.Concat(answer[(end + 4)..].Split("\r\n").Where((_, index) => index % 2 == 1))
            : answer;
    }
}
