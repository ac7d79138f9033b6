using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Slipway.Engine.Networks.Names;

/// <summary>
/// Asks other name servers what no container is called. Each question goes out from a port and under a number that nobody can guess, and
/// an answer counts only if it repeats number and question.
/// </summary>
internal sealed class Upstream(TimeProvider time)
{
    private const int MostAtOnce = 1024;
    private const int LargestDatagram = 65535;
    private const int Rounds = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PatienceTcp = TimeSpan.FromSeconds(5);

    private int _asking;

    /// <summary>Asks over UDP, one server after the other; null when none answers.</summary>
    internal async Task<byte[]?> AskAsync(ReadOnlyMemory<byte> query, IReadOnlyList<IPAddress> servers, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _asking) > MostAtOnce)
        {
            Interlocked.Decrement(ref _asking);
            return null;
        }

        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var server in servers)
                {
                    if (await TryAskAsync(query, server, cancel).ConfigureAwait(false) is { } answer)
                    {
                        return answer;
                    }
                }
            }

            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    /// <summary>Asks over TCP; null when no server answers.</summary>
    internal async Task<byte[]?> AskTcpAsync(ReadOnlyMemory<byte> query, IReadOnlyList<IPAddress> servers, CancellationToken cancel)
    {
        foreach (var server in servers)
        {
            using var limit = new CancellationTokenSource(PatienceTcp, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
            try
            {
                using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(new IPEndPoint(server, 53), either.Token).ConfigureAwait(false);
                await using var stream = new NetworkStream(socket);
                await FramedDns.WriteAsync(stream, query, either.Token).ConfigureAwait(false);
                if (await FramedDns.ReadAsync(stream, either.Token).ConfigureAwait(false) is { } answer && Matches(query.Span, answer))
                {
                    return answer;
                }
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                cancel.ThrowIfCancellationRequested();
            }
        }

        return null;
    }

    private async Task<byte[]?> TryAskAsync(ReadOnlyMemory<byte> query, IPAddress server, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        var asked = query.ToArray();
        RandomNumberGenerator.Fill(asked.AsSpan(0, 2));
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(LargestDatagram);
        try
        {
            using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await socket.ConnectAsync(new IPEndPoint(server, 53), either.Token).ConfigureAwait(false);
            await socket.SendAsync(asked, either.Token).ConfigureAwait(false);
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer, either.Token).ConfigureAwait(false);
                var answer = buffer.AsSpan(0, length);
                if (Matches(asked, answer))
                {
                    query.Span[..2].CopyTo(answer);
                    return answer.ToArray();
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Same number, a response, and the same question; letters may come back in another case.
    private static bool Matches(ReadOnlySpan<byte> query, ReadOnlySpan<byte> answer)
    {
        if (answer.Length < DnsMessage.Header || DnsMessage.Id(query) != DnsMessage.Id(answer) || (answer[2] & 0x80) == 0 || DnsMessage.Question(query) is not { } question || answer.Length < question.End)
        {
            return false;
        }

        for (var i = DnsMessage.Header; i < question.End; i++)
        {
            if (query[i] != answer[i] && char.ToLowerInvariant((char)query[i]) != char.ToLowerInvariant((char)answer[i]))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Messages over TCP: two octets of length before each (RFC 1035 4.2.2).</summary>
internal static class FramedDns
{
    /// <summary>Reads a message; null at the end.</summary>
    internal static async Task<byte[]?> ReadAsync(Stream stream, CancellationToken cancel)
    {
        var length = new byte[2];
        if (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, cancel).ConfigureAwait(false) < 2)
        {
            return null;
        }

        var message = new byte[(length[0] << 8) | length[1]];
        return await stream.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false) == message.Length ? message : null;
    }

    /// <summary>Writes a message.</summary>
    internal static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        var framed = new byte[message.Length + 2];
        (framed[0], framed[1]) = ((byte)(message.Length >> 8), (byte)message.Length);
        message.CopyTo(framed.AsMemory(2));
        await stream.WriteAsync(framed, cancel).ConfigureAwait(false);
    }
}
