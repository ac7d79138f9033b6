using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Slipway.Engine.Networks.Names;

/// <summary>
/// Answers the questions of containers in user-defined networks: names of their neighbours from the table, everything else from other
/// servers. No thread belongs to a container, and one that asks without end uses up its own share only.
/// </summary>
internal sealed class NameServer(NameTable table, TimeProvider time, ILogger log) : IDisposable
{
    private const int LargestQuery = 4096;
    private const int MostAtOnce = 100;
    private const byte ServerFailure = 2;
    private const byte NoSuchName = 3;
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private readonly Upstream _upstream = new(time);

    /// <summary>Begins to serve a container, in place of what served it before.</summary>
    /// <param name="containerId">Whose questions they are.</param>
    /// <param name="sockets">Where it asks; the server's from now on.</param>
    /// <param name="servers">Who is asked for other names; none for a container that reaches nothing outside.</param>
    /// <param name="plainNamesStay">Whether nobody outside is asked for addresses of names without a dot: the container has set <c>ndots</c>, and asks again with its search domains.</param>
    internal void Serve(string containerId, NameSockets sockets, IReadOnlyList<IPAddress> servers, bool plainNamesStay = false)
    {
        Stop(containerId);
        var client = new Client(containerId, sockets, servers, plainNamesStay);
        _clients[containerId] = client;
        _ = GuardAsync(client, ReceiveAsync);
        _ = GuardAsync(client, AcceptAsync);
    }

    /// <summary>Whether a container is served.</summary>
    internal bool Serves(string containerId) => _clients.ContainsKey(containerId);

    /// <summary>Changes who is asked for other names.</summary>
    internal void SetServers(string containerId, IReadOnlyList<IPAddress> servers)
    {
        if (_clients.TryGetValue(containerId, out var client))
        {
            client.Servers = servers;
        }
    }

    /// <summary>Ends serving a container and closes its sockets.</summary>
    internal void Stop(string containerId)
    {
        if (_clients.TryRemove(containerId, out var client))
        {
            client.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var id in _clients.Keys)
        {
            Stop(id);
        }
    }

    private async Task ReceiveAsync(Client client)
    {
        var buffer = new byte[LargestQuery];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (!client.Ended.IsCancellationRequested)
        {
            var length = await client.Sockets.Udp.ReceiveFromAsync(buffer, SocketFlags.None, from, client.Ended).ConfigureAwait(false);
            if (DnsMessage.Question(buffer.AsSpan(0, length)) is not { } question)
            {
                continue;
            }

            if (Local(client, buffer.AsSpan(0, length), question, Limit(buffer.AsSpan(0, length), question)) is { } answer)
            {
                await client.Sockets.Udp.SendToAsync(answer, SocketFlags.None, from, client.Ended).ConfigureAwait(false);
            }
            else if (client.TryEnter())
            {
                var asker = new SocketAddress(from.Family, from.Size);
                from.Buffer.CopyTo(asker.Buffer);
                _ = ForwardAsync(client, buffer.AsSpan(0, length).ToArray(), question, asker);
            }
        }
    }

    private async Task ForwardAsync(Client client, byte[] query, DnsQuestion question, SocketAddress asker)
    {
        try
        {
            var answer = await _upstream.AskAsync(query, client.Servers, client.Ended).ConfigureAwait(false) ?? DnsMessage.Empty(query, question, ServerFailure);
            await client.Sockets.Udp.SendToAsync(answer, SocketFlags.None, asker, client.Ended).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The container has ended.
        }
        finally
        {
            client.Leave();
        }
    }

    private async Task AcceptAsync(Client client)
    {
        while (!client.Ended.IsCancellationRequested)
        {
            var connection = await client.Sockets.Tcp.AcceptAsync(client.Ended).ConfigureAwait(false);
            if (client.TryEnter())
            {
                _ = ConverseAsync(client, connection);
            }
            else
            {
                connection.Dispose();
            }
        }
    }

    private async Task ConverseAsync(Client client, Socket connection)
    {
        try
        {
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            while (true)
            {
                using var idle = new CancellationTokenSource(IdleConnection, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, client.Ended);
                if (await FramedDns.ReadAsync(stream, either.Token).ConfigureAwait(false) is not { } query || DnsMessage.Question(query) is not { } question)
                {
                    return;
                }

                var answer = Local(client, query, question, ushort.MaxValue)
                    ?? await _upstream.AskTcpAsync(query, client.Servers, client.Ended).ConfigureAwait(false)
                    ?? DnsMessage.Empty(query, question, ServerFailure);
                await FramedDns.WriteAsync(stream, answer, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The other end left, was silent for too long, or the container has ended.
        }
        finally
        {
            client.Leave();
        }
    }

    // What the table knows; null for a question that others have to answer.
    private byte[]? Local(Client client, ReadOnlySpan<byte> query, DnsQuestion question, int limit)
    {
        if (question.Type is DnsType.A or DnsType.Aaaa)
        {
            var family = question.Type == DnsType.A ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            if (table.Find(client.ContainerId, question.Name, family) is { } addresses)
            {
                return DnsMessage.Addresses(query, question, addresses, limit);
            }

            if (client.PlainNamesStay && !question.Name.Contains('.', StringComparison.Ordinal))
            {
                return DnsMessage.Empty(query, question, NoSuchName);
            }
        }
        else if (question.Type == DnsType.Ptr && DnsMessage.ReverseAddress(question.Name) is { } address && table.Find(client.ContainerId, address) is { } name)
        {
            return DnsMessage.Pointer(query, question, name);
        }

        return client.Servers.Count > 0 ? null : DnsMessage.Empty(query, question, NoSuchName);
    }

    // EDNS (RFC 6891): the first additional record may say how much the asker can take.
    private static int Limit(ReadOnlySpan<byte> query, DnsQuestion question)
    {
        const int optType = 41;
        var additional = query.Length >= question.End + 11 && query[10] + query[11] > 0 && query[question.End] == 0 && ((query[question.End + 1] << 8) | query[question.End + 2]) == optType;
        return additional ? Math.Clamp((query[question.End + 3] << 8) | query[question.End + 4], DnsMessage.SmallestLimit, LargestQuery) : DnsMessage.SmallestLimit;
    }

    private async Task GuardAsync(Client client, Func<Client, Task> loop)
    {
        while (!client.Ended.IsCancellationRequested)
        {
            try
            {
                await loop(client).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // An asker that is gone (ICMP) is no reason to stop answering others.
                log.LogDebug("names of container {Id}: {Reason}", client.ContainerId, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(10), time).ConfigureAwait(false);
            }
        }
    }

    private sealed class Client(string containerId, NameSockets sockets, IReadOnlyList<IPAddress> servers, bool plainNamesStay) : IDisposable
    {
        private readonly CancellationTokenSource _ended = new();
        private int _asking;

        internal string ContainerId { get; } = containerId;

        internal NameSockets Sockets { get; } = sockets;

        internal IReadOnlyList<IPAddress> Servers { get; set; } = servers;

        internal bool PlainNamesStay { get; } = plainNamesStay;

        internal CancellationToken Ended => _ended.Token;

        internal bool TryEnter()
        {
            if (Interlocked.Increment(ref _asking) <= MostAtOnce)
            {
                return true;
            }

            Interlocked.Decrement(ref _asking);
            return false;
        }

        internal void Leave() => Interlocked.Decrement(ref _asking);

        public void Dispose()
        {
            _ended.Cancel();
            Sockets.Dispose();
        }
    }
}
