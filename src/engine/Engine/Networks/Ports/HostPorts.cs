using System.Net;
using System.Net.Sockets;

namespace Slipway.Engine.Networks.Ports;

/// <summary>
/// Ports of the host that belong to containers. Each is held by a socket, so that no other program takes it and a port that one has is
/// noticed; packets never reach these sockets, since the firewall translates them before.
/// </summary>
internal sealed class HostPorts
{
    private const int TriesForAny = 512;

    private readonly Dictionary<(string Protocol, ushort Port), List<(IPAddress Address, Socket? Socket)>> _held = [];
    private readonly Lock _lock = new();
    private readonly Lazy<(int First, int Last)> _range = new(ReadRange);
    private int _next;

    /// <summary>Takes ports: all of them or none.</summary>
    /// <exception cref="EngineException">One is taken; the message is Docker's.</exception>
    internal IReadOnlyList<PublishedPort> Take(IReadOnlyList<PortRequest> requests)
    {
        var taken = new List<PublishedPort>();
        lock (_lock)
        {
            try
            {
                foreach (var request in requests)
                {
                    var port = Choose(request);
                    taken.AddRange(request.HostAddresses.Select(address => new PublishedPort(request.Protocol, request.ContainerPort, address.ToString(), port)));
                }

                return taken;
            }
            catch
            {
                GiveLocked(taken);
                throw;
            }
        }
    }

    /// <summary>Takes the ports of a container that runs already. One that somebody else has meanwhile is left to the firewall alone.</summary>
    internal void Restore(IEnumerable<PublishedPort> ports)
    {
        lock (_lock)
        {
            foreach (var port in ports)
            {
                TryHold(port.Protocol, [IPAddress.Parse(port.HostAddress)], port.HostPort, out _);
            }
        }
    }

    /// <summary>Gives ports back.</summary>
    internal void Give(IEnumerable<PublishedPort> ports)
    {
        lock (_lock)
        {
            GiveLocked(ports);
        }
    }

    private void GiveLocked(IEnumerable<PublishedPort> ports)
    {
        foreach (var port in ports)
        {
            var key = (port.Protocol, port.HostPort);
            var address = IPAddress.Parse(port.HostAddress);
            if (_held.TryGetValue(key, out var holders) && holders.FindIndex(holder => holder.Address.Equals(address)) is >= 0 and var index)
            {
                holders[index].Socket?.Dispose();
                holders.RemoveAt(index);
                if (holders.Count == 0)
                {
                    _held.Remove(key);
                }
            }
        }
    }

    private ushort Choose(PortRequest request)
    {
        if (request.First == 0)
        {
            return ChooseAny(request);
        }

        EngineException? refusal = null;
        for (int port = request.First; port <= request.Last; port++)
        {
            if (TryHold(request.Protocol, request.HostAddresses, (ushort)port, out var reason))
            {
                return (ushort)port;
            }

            refusal ??= reason;
        }

        throw refusal!;
    }

    private ushort ChooseAny(PortRequest request)
    {
        var (first, last) = _range.Value;
        for (var tries = 0; tries < TriesForAny; tries++)
        {
            var port = (ushort)(first + _next++ % (last - first + 1));
            if (TryHold(request.Protocol, request.HostAddresses, port, out _))
            {
                return port;
            }
        }

        throw new EngineException(ErrorKind.Internal, "all ports are allocated");
    }

    private bool TryHold(string protocol, IReadOnlyList<IPAddress> addresses, ushort port, out EngineException? reason)
    {
        reason = null;
        var holders = _held.GetValueOrDefault((protocol, port)) ?? [];
        foreach (var address in addresses)
        {
            if (holders.Exists(holder => Clash(holder.Address, address)))
            {
                reason = new EngineException(ErrorKind.Internal, $"Bind for {Text(address)}:{port} failed: port is already allocated");
                return false;
            }
        }

        var opened = new List<(IPAddress, Socket?)>();
        foreach (var address in addresses)
        {
            try
            {
                opened.Add((address, Open(protocol, address, port)));
            }
            catch (SocketException e)
            {
                opened.ForEach(entry => entry.Item2?.Dispose());
                reason = new EngineException(ErrorKind.Internal, e.SocketErrorCode == SocketError.AddressNotAvailable
                    ? $"failed to bind host port for {Text(address)}:{port}/{protocol}: cannot assign requested address"
                    : $"failed to bind host port for {Text(address)}:{port}/{protocol}: address already in use");
                return false;
            }
        }

        holders.AddRange(opened);
        _held[(protocol, port)] = holders;
        return true;
    }

    private static bool Clash(IPAddress held, IPAddress wanted) =>
        held.AddressFamily == wanted.AddressFamily && (held.Equals(wanted) || IsAny(held) || IsAny(wanted));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static string Text(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    // Listening keeps others off also where they set SO_REUSEADDR, as most servers do.
    private static Socket? Open(string protocol, IPAddress address, ushort port)
    {
        if (protocol == "sctp")
        {
            return null;
        }

        var socket = protocol == "tcp"
            ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Bind(new IPEndPoint(address, port));
            if (protocol == "tcp")
            {
                socket.Listen(1);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static (int First, int Last) ReadRange()
    {
        var parts = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 2 && int.TryParse(parts[0], out var first) && int.TryParse(parts[1], out var last) && first > 0 && first < last ? (first, last) : (49153, 65535);
    }
}
