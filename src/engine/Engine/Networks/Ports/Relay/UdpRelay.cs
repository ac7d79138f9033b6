using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Engine.Networks.Ports;

/// <summary>Passes datagrams on: each client has a socket of its own towards the container, until nothing has passed for a while.</summary>
internal static class UdpRelay
{
    private const int LongestDatagram = 65535;
    private const int MostClients = 1024;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(90);

    /// <summary>Receives until the socket is closed. Datagrams of clients beyond the limit are dropped.</summary>
    internal static async Task RunAsync(Socket listener, Func<IPEndPoint> target, TimeProvider time)
    {
        var clients = new ConcurrentDictionary<EndPoint, Client>();
        var buffer = new byte[LongestDatagram];
        var any = new IPEndPoint(listener.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                var received = await listener.ReceiveFromAsync(buffer, SocketFlags.None, any).ConfigureAwait(false);
                if (Find(clients, received.RemoteEndPoint, listener, target(), time) is { } client)
                {
                    await client.Socket.SendAsync(buffer.AsMemory(0, received.ReceivedBytes), SocketFlags.None).ConfigureAwait(false);
                }
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.MessageSize or SocketError.NoBufferSpaceAvailable)
            {
                // A datagram may get lost.
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                foreach (var client in clients.Values)
                {
                    client.Socket.Dispose();
                }

                return;
            }
        }
    }

    private static Client? Find(ConcurrentDictionary<EndPoint, Client> clients, EndPoint from, Socket listener, IPEndPoint target, TimeProvider time)
    {
        if (clients.TryGetValue(from, out var known))
        {
            known.Used = time.GetTimestamp();
            return known;
        }

        if (clients.Count >= MostClients)
        {
            return null;
        }

        var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(target);
        var client = new Client(socket) { Used = time.GetTimestamp() };
        clients[from] = client;
        _ = AnswerAsync(clients, from, client, listener, time);
        return client;
    }

    private static async Task AnswerAsync(ConcurrentDictionary<EndPoint, Client> clients, EndPoint to, Client client, Socket listener, TimeProvider time)
    {
        var buffer = new byte[LongestDatagram];
        using var idle = time.CreateTimer(
            _ =>
            {
                if (time.GetElapsedTime(client.Used) > s_idle)
                {
                    client.Socket.Dispose();
                }
            },
            null,
            s_idle,
            s_idle);
        try
        {
            while (true)
            {
                var size = await client.Socket.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false);
                client.Used = time.GetTimestamp();
                await listener.SendToAsync(buffer.AsMemory(0, size), SocketFlags.None, to).ConfigureAwait(false);
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            clients.TryRemove(to, out _);
            client.Socket.Dispose();
        }
    }

    private sealed class Client(Socket socket)
    {
        internal Socket Socket => socket;

        internal long Used { get; set; }
    }
}
