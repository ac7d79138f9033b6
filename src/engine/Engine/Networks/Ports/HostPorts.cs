using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Slipway.Engine.Networks.Firewall;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Ports;

/// <summary>
/// Ports of the host that belong to containers. Each is held by a socket, so that no other program takes it and a port that one has is
/// noticed. Packets get to these sockets only where a relay serves them; all others the firewall translates before.
/// </summary>
/// <param name="relay">Serves what the kernel cannot; null for nothing (<c>--userland-proxy=false</c>).</param>
internal sealed class HostPorts(PortRelay? relay) : IDisposable
{
    private const int TriesForAny = 512;

    private readonly Dictionary<(string Protocol, ushort Port), List<HeldPort>> _held = [];
    private readonly Lock _lock = new();
    private readonly Lazy<(int First, int Last)> _range = new(ReadRange);
    private readonly Lazy<bool> _hasIPv6 = new(PortSockets.HasIPv6);
    private int _next;

    /// <summary>Whether ports that name no address are published on IPv6 too, whatever addresses the container has.</summary>
    internal bool RelaysIPv6 => relay is not null && _hasIPv6.Value;

    /// <summary>Takes ports: all of them or none.</summary>
    /// <exception cref="EngineException">One is taken; the message is Docker's.</exception>
    internal IReadOnlyList<PublishedPort> Take(IReadOnlyList<PortRequest> requests, PortTarget target)
    {
        var taken = new List<PublishedPort>();
        lock (_lock)
        {
            try
            {
                foreach (var request in requests)
                {
                    var addresses = request.HostAddresses.Where(address => Services(request.Protocol, address, target).Count > 0).ToLookup(
                        address => Services(request.Protocol, address, target)[0] == PortService.Direct);
                    taken.AddRange(addresses[true].Select(address => new PublishedPort(request.Protocol, request.ContainerPort, address.ToString(), 0)));
                    if (addresses.Contains(false))
                    {
                        var port = Choose(request with { HostAddresses = [.. addresses[false]] }, target);
                        taken.AddRange(addresses[false].Select(address => new PublishedPort(request.Protocol, request.ContainerPort, address.ToString(), port)));
                    }
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
    internal void Restore(IEnumerable<PublishedPort> ports, PortTarget target)
    {
        lock (_lock)
        {
            foreach (var port in ports.Where(port => port.HostPort != 0))
            {
                TryHold(new PortRequest(port.Protocol, port.ContainerPort, [IPAddress.Parse(port.HostAddress)], port.HostPort, port.HostPort), port.HostPort, target);
            }
        }
    }

    /// <summary>After the last <see cref="Restore"/>: ends what a relay serves for containers that are gone.</summary>
    internal void Settle() => relay?.Settle();

    /// <summary>What the firewall has to know of ports.</summary>
    internal IReadOnlyList<PortRule> Rules(IReadOnlyList<PublishedPort> ports, PortTarget target) => [.. ports.SelectMany(port => target.Rules(port, relay is not null))];

    /// <summary>Leads ports to where a container is reached now.</summary>
    internal void Redirect(IEnumerable<PublishedPort> ports, PortTarget target)
    {
        lock (_lock)
        {
            foreach (var port in ports)
            {
                if (Find(port) is { Relayed: true, Socket: { } socket } && target.Relayed is { } address)
                {
                    relay?.Serve(Endpoint(port.Protocol, port.HostAddress, port.HostPort), socket, new IPEndPoint(address, port.ContainerPort));
                }
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

    /// <summary>Lets go of every port; what the firewall and the relay do goes on.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var held in _held.Values.SelectMany(holders => holders))
            {
                held.Socket?.Dispose();
            }

            _held.Clear();
        }

        relay?.Dispose();
    }

    private IReadOnlyList<PortService> Services(string protocol, IPAddress host, PortTarget target) => target.Services(protocol, host, relay is not null);

    private HeldPort? Find(PublishedPort port) =>
        _held.GetValueOrDefault((port.Protocol, port.HostPort))?.Find(holder => holder.Address.Equals(IPAddress.Parse(port.HostAddress)));

    private void GiveLocked(IEnumerable<PublishedPort> ports)
    {
        foreach (var port in ports)
        {
            if (Find(port) is { } held)
            {
                Drop(port.Protocol, port.HostPort, held);
            }
        }
    }

    private void Drop(string protocol, ushort port, HeldPort held)
    {
        if (held.Relayed)
        {
            relay?.Stop(Endpoint(protocol, held.Address.ToString(), port));
        }

        held.Socket?.Dispose();
        var holders = _held[(protocol, port)];
        holders.Remove(held);
        if (holders.Count == 0)
        {
            _held.Remove((protocol, port));
        }
    }

    private ushort Choose(PortRequest request, PortTarget target)
    {
        var (first, last) = request.First == 0 ? _range.Value : (request.First, request.Last);
        var count = last - first + 1;
        var begin = request.First == 0 ? _next : 0;
        string? refusal = null;
        for (var tries = 0; tries < Math.Min(count, request.First == 0 ? TriesForAny : count); tries++)
        {
            var port = (ushort)(first + (begin + tries) % count);
            var reason = TryHold(request, port, target);
            if (reason is null)
            {
                _next = request.First == 0 ? (begin + tries + 1) % count : _next;
                return port;
            }

            refusal ??= reason;
        }

        throw new EngineException(ErrorKind.Internal, count == 1 ? refusal! : request.First == 0 ? "all ports are allocated" : refusal!);
    }

    /// <summary>Null when it is held, else why not.</summary>
    private string? TryHold(PortRequest request, ushort port, PortTarget target)
    {
        var holders = _held.GetValueOrDefault((request.Protocol, port)) ?? [];
        foreach (var address in request.HostAddresses)
        {
            if (holders.Exists(holder => holder.Address.Equals(address)))
            {
                return $"Bind for {Text(address, port)} failed: port is already allocated";
            }

            if (holders.Exists(holder => Clash(holder.Address, address)))
            {
                return $"failed to bind host port {Text(address, port)}/{request.Protocol}: address already in use";
            }
        }

        var opened = new List<HeldPort>();
        foreach (var address in request.HostAddresses)
        {
            try
            {
                opened.Add(Open(request, new IPEndPoint(address, port), target));
            }
            catch (LinuxException e)
            {
                opened.ForEach(held => held.Socket?.Dispose());
                return $"failed to bind host port {Text(address, port)}/{request.Protocol}: {Reason(e)}";
            }
        }

        holders.AddRange(opened);
        _held[(request.Protocol, port)] = holders;
        foreach (var held in opened.Where(held => held.Relayed))
        {
            relay!.Serve(Endpoint(request.Protocol, held.Address.ToString(), port), held.Socket!, new IPEndPoint(target.Relayed!, request.ContainerPort));
        }

        return null;
    }

    private HeldPort Open(PortRequest request, IPEndPoint at, PortTarget target)
    {
        var protocol = FirewallEntry.ProtocolNumber(request.Protocol);
        if (!Services(request.Protocol, at.Address, target).Contains(PortService.Relayed))
        {
            return new HeldPort(at.Address, PortSockets.Hold(protocol, at), Relayed: false);
        }

        // A relay that outlived the daemon has the socket already.
        var socket = relay!.Served(Endpoint(request.Protocol, at.Address.ToString(), (ushort)at.Port)) ?? PortSockets.Listen(protocol, at);
        return new HeldPort(at.Address, socket, Relayed: true);
    }

    private static RelayedPort Endpoint(string protocol, string address, ushort port) => new(protocol, new IPEndPoint(IPAddress.Parse(address), port));

    private static string Reason(LinuxException e) => e.Errno switch
    {
        Errno.AddressInUse => "address already in use",
        Errno.AddressNotAvailable => "cannot assign requested address",
        Errno.Access => "permission denied",
        _ => e.Message,
    };

    private static bool Clash(IPAddress held, IPAddress wanted) => held.AddressFamily == wanted.AddressFamily && (IsAny(held) || IsAny(wanted));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static string Text(IPAddress address, ushort port) => string.Create(
        CultureInfo.InvariantCulture, $"{(address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address)}:{port}");

    private static (int First, int Last) ReadRange()
    {
        var parts = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 2 && int.TryParse(parts[0], out var first) && int.TryParse(parts[1], out var last) && first > 0 && first < last
            ? (first, last)
            : (49153, 65535);
    }

    private sealed record HeldPort(IPAddress Address, SafeFileHandle? Socket, bool Relayed);
}
