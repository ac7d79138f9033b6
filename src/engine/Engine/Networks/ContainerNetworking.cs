using System.Net;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers;
using Slipway.Engine.Networks.Drivers;
using Slipway.Engine.Networks.Firewall;
using Slipway.Engine.Networks.Names;
using Slipway.Engine.Networks.Ports;
using Slipway.Linux;

namespace Slipway.Engine.Networks;

/// <summary>What a container that is being started has got from its networks.</summary>
/// <param name="Sandbox">Its network namespace, open until its process is in it.</param>
/// <param name="Endpoints">Its connections.</param>
/// <param name="Ports">Its published ports.</param>
internal sealed record NetworkAttachment(NetworkSandbox Sandbox, IReadOnlyList<EndpointRecord> Endpoints, IReadOnlyList<PublishedPort> Ports)
{
    /// <summary>A path under which the runtime finds the namespace.</summary>
    internal string NamespacePath => $"/proc/{Environment.ProcessId}/fd/{(int)Sandbox.Namespace.DangerousGetHandle()}";
}

/// <summary>
/// Connects containers when they start and lets go when they end. Order of connecting: addresses, cable, ports, firewall; each step's undo
/// is in <see cref="Release"/>, which may run after any of them.
/// </summary>
internal sealed class ContainerNetworking : IDisposable
{
    private const int FirstInterface = 2;

    private readonly NetworkTable _table;
    private readonly HostNetworks _host;
    private readonly HostPorts _ports;
    private readonly SandboxPool _plain = new(names: false);
    private readonly SandboxPool _named = new(names: true);
    private readonly NameTable _names = new();
    private readonly NameServer _nameServer;
    private readonly Resolvers _resolvers;
    private readonly EndpointLinks _links;
    private readonly EndedNamespaces _ended;
    private readonly NetworkEvents _events;
    private readonly EngineOptions _options;
    private readonly Lock _lock = new();
    private Task _releasing = Task.CompletedTask;

    internal ContainerNetworking(NetworkTable table, HostNetworks host, HostPorts ports, NetworkEvents events, EngineOptions options, TimeProvider time)
    {
        (_table, _host, _ports, _events, _options) = (table, host, ports, events, options);
        _links = new EndpointLinks(host.Links, host.Log);
        _ended = new EndedNamespaces(_links, time);
        _nameServer = new NameServer(_names, time, host.Log);
        _resolvers = new Resolvers(options);
    }

    /// <summary>Connects a container that is about to be started; null for one without networks of its own.</summary>
    /// <exception cref="EngineException">A network is gone, has no address left, or a port is taken. Nothing is left then.</exception>
    internal async Task<NetworkAttachment?> AttachAsync(Container container)
    {
        var record = container.Record;
        if (record.Endpoints.Count == 0)
        {
            return null;
        }

        _ended.Postpone();
        await _host.ReadyAsync().ConfigureAwait(false);
        if (record.Endpoints.Any(endpoint => endpoint.Asked.IPAMConfig is not null))
        {
            // The address may be that of a container which has just ended.
            await ReleasedAsync().ConfigureAwait(false);
        }

        var endpoints = new List<EndpointRecord>();
        IReadOnlyList<PublishedPort> ports = [];
        WarmSandbox? warm = null;
        try
        {
            warm = (record.Endpoints.Any(endpoint => endpoint.Network != BuiltInNetworks.Bridge) ? _named : _plain).Take();
            var sandbox = warm.Sandbox;
            var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
            // The network that the container was created with comes first and has eth0.
            foreach (var asked in record.Endpoints.Select(Bind))
            {
                var index = FirstInterface + endpoints.Count;
                endpoints.Add(Connect(asked, InterfaceName(asked, endpoints.Select(endpoint => endpoint.Interface)), sandbox, index));
                indexes[asked.NetworkId] = index;
            }

            Route(endpoints, indexes, sandbox);
            ports = Publish(record, endpoints);
            _names.Publish(record, endpoints);
            if (warm.Names is { } sockets)
            {
                _nameServer.Serve(record.Id, sockets, Servers(record, endpoints), PlainNamesStay(record));
            }

            Tell(record.Id, endpoints, "connect");
            return new NetworkAttachment(sandbox, endpoints, ports);
        }
        catch (Exception e)
        {
            StopNames(record.Id);
            Release(endpoints, ports);
            warm?.Dispose();
            throw e is LinuxException ? new EngineException(ErrorKind.Unavailable, $"failed to set up container networking: {e.Message}", e) : e;
        }
    }

    /// <summary>Connects a running container to one more network. One whose process has just ended is connected by its next start.</summary>
    internal async Task<EndpointRecord> ConnectAsync(Container container, EndpointRecord asked)
    {
        await _host.ReadyAsync().ConfigureAwait(false);
        var present = container.Record.Endpoints.Where(endpoint => endpoint.IsConnected).ToList();
        using var sandbox = OpenSandbox(container);
        if (sandbox is null)
        {
            return asked;
        }

        var links = sandbox.Links.ListLinks();
        EndpointRecord? endpoint = null;
        try
        {
            endpoint = Connect(asked, InterfaceName(asked, links.Select(link => link.Name)), sandbox, index: 0);
            var all = present.Append(endpoint).ToList();
            Route(all, Indexes(sandbox, all), sandbox);
            _names.Publish(container.Record, all);
            OpenNames(container, sandbox, all);
            return endpoint;
        }
        catch (LinuxException e)
        {
            Release(endpoint is null ? [] : [endpoint], []);
            throw new EngineException(ErrorKind.Unavailable, $"failed to connect container to network {asked.Network}: {e.Message}", e);
        }
    }

    /// <summary>Gives a running container a new cable in the place of one that somebody took away.</summary>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    internal void Reconnect(Container container, Network network, EndpointRecord endpoint)
    {
        using var sandbox = NetworkSandbox.Open($"/proc/{container.Task!.Pid}/ns/net");
        _links.Connect(network, endpoint, sandbox, index: 0);
        Route(container.Record.Endpoints, Indexes(sandbox, container.Record.Endpoints), sandbox);
    }

    /// <summary>Takes a running container out of a network.</summary>
    internal void Disconnect(Container container, EndpointRecord endpoint)
    {
        var rest = container.Record.Endpoints.Where(e => e.IsConnected && e.NetworkId != endpoint.NetworkId).ToList();
        using (var sandbox = OpenSandbox(container))
        {
            if (sandbox is not null)
            {
                if (sandbox.Links.FindLink(endpoint.Interface) is not null)
                {
                    EndpointLinks.Disconnect(sandbox, endpoint.Interface);
                }

                Route(rest, Indexes(sandbox, rest), sandbox);
            }

            _names.Publish(container.Record, rest);
            _nameServer.SetServers(container.Id, Servers(container.Record, rest));
        }

        Release([endpoint], []);
    }

    /// <summary>The published ports of a container after one of its networks came or went: they lead to where the default route goes.</summary>
    internal void Republish(ContainerRecord record, IReadOnlyList<EndpointRecord> before)
    {
        var old = Rules(record.Ports, before);
        var now = Rules(record.Ports, record.Endpoints);
        _host.Firewall.RemovePorts([.. old.Except(now)]);
        _host.Firewall.AddPorts([.. now.Except(old)]);
        _ports.Redirect(record.Ports, Target(record.Endpoints));
    }

    /// <summary>Closes a container's ports at once. Its addresses are given back in the background, when nothing answers at them any more.</summary>
    internal Task DetachAsync(string containerId, IReadOnlyList<EndpointRecord> endpoints, IReadOnlyList<PublishedPort> ports, SafeFileHandle? netns)
    {
        StopNames(containerId);
        Close(endpoints, ports);
        if (!endpoints.Any(endpoint => endpoint.IsConnected))
        {
            netns?.Dispose();
            return Task.CompletedTask;
        }

        Tell(containerId, endpoints, "disconnect");
        var released = Task.Run(() => Release(endpoints, [], netns));
        lock (_lock)
        {
            _releasing = _releasing.IsCompleted ? released : Task.WhenAll(_releasing, released);
        }

        return released;
    }

    /// <summary>Completes when what containers held that have ended by now is given back.</summary>
    internal Task ReleasedAsync()
    {
        lock (_lock)
        {
            return _releasing;
        }
    }

    /// <summary>Notes what containers of an earlier daemon hold.</summary>
    internal void Restore(IEnumerable<Container> running)
    {
        foreach (var container in running)
        {
            foreach (var endpoint in container.Record.Endpoints.Where(endpoint => endpoint.IsConnected))
            {
                if (_table.Find(endpoint.NetworkId) is { } network && network.TryJoin(endpoint.EndpointId))
                {
                    foreach (var address in endpoint.Addresses)
                    {
                        network.Keep(address, endpoint.EndpointId);
                    }
                }
            }

            _ports.Restore(container.Record.Ports, Target(container.Record.Endpoints));
            _names.Publish(container.Record, container.Record.Endpoints);
            _ = Task.Run(() => RestoreNames(container));
        }

        _ports.Settle();
    }

    /// <summary>A container has got another name.</summary>
    internal void Renamed(Container container) => _names.Publish(container.Record, container.Record.Endpoints);

    /// <summary>The firewall's entries for a container's ports.</summary>
    internal IReadOnlyList<PortRule> Rules(IReadOnlyList<PublishedPort> ports, IReadOnlyList<EndpointRecord> endpoints) =>
        ports.Count == 0 ? [] : _ports.Rules(ports, Target(endpoints));

    /// <inheritdoc/>
    public void Dispose()
    {
        _ports.Dispose();
        _nameServer.Dispose();
        _ended.Dispose();
        _plain.Dispose();
        _named.Dispose();
    }

    // Null when the process has ended and its end is not recorded yet.
    private static NetworkSandbox? OpenSandbox(Container container)
    {
        try
        {
            return NetworkSandbox.Open($"/proc/{container.Task!.Pid}/ns/net");
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    private void RestoreNames(Container container)
    {
        try
        {
            using var sandbox = NetworkSandbox.Open($"/proc/{container.Task!.Pid}/ns/net");
            OpenNames(container, sandbox, container.Record.Endpoints);
        }
        catch (IOException e)
        {
            _host.Log.LogWarning("container {Id}: it cannot ask for names any more: {Reason}", container.Id, e.Message);
        }
    }

    private void OpenNames(Container container, NetworkSandbox sandbox, IReadOnlyList<EndpointRecord> endpoints)
    {
        if (_nameServer.Serves(container.Id))
        {
            _nameServer.SetServers(container.Id, Servers(container.Record, endpoints));
        }
        else if (endpoints.Any(endpoint => endpoint.Network != BuiltInNetworks.Bridge))
        {
            _nameServer.Serve(container.Id, NameSockets.Open(sandbox.Namespace), Servers(container.Record, endpoints), PlainNamesStay(container.Record));
        }
    }

    private void StopNames(string containerId)
    {
        _names.Withdraw(containerId);
        _nameServer.Stop(containerId);
    }

    // A container that reaches nothing outside asks nobody outside either: its questions would be a way out.
    private IReadOnlyList<IPAddress> Servers(ContainerRecord record, IReadOnlyList<EndpointRecord> endpoints) =>
        endpoints.Any(endpoint => _table.Find(endpoint.NetworkId)?.Record is { Internal: false }) ? _resolvers.Of(record) : [];

    // As Docker has it: only an ndots of the container's own above zero keeps them inside.
    private static bool PlainNamesStay(ContainerRecord record) =>
        (record.HostConfig.DnsOptions ?? []).Any(option => option.StartsWith("ndots:", StringComparison.Ordinal) && int.TryParse(option.AsSpan("ndots:".Length), out var dots) && dots > 0);

    // The name asked for, or the first free one with the network's prefix.
    private string InterfaceName(EndpointRecord asked, IEnumerable<string> taken)
    {
        var names = taken.ToHashSet(StringComparer.Ordinal);
        if (asked.Asked.DriverOpts?.GetValueOrDefault(DriverOptions.InterfaceName) is { Length: > 0 } wanted)
        {
            return !names.Contains(wanted) ? wanted : throw EngineException.Conflict($"interface name {wanted} is already in use");
        }

        var prefix = _table.Find(asked.NetworkId)?.Record.Option(DriverOptions.InterfacePrefix) is { Length: > 0 } own ? own : "eth";
        return Enumerable.Range(0, names.Count + 1).Select(number => $"{prefix}{number}").First(name => !names.Contains(name));
    }

    // The network may have come, or come again, since the container was created.
    private EndpointRecord Bind(EndpointRecord asked)
    {
        var network = Network(asked);
        return network.Record.Id == asked.NetworkId ? asked : EndpointRequests.Make(network, asked.Asked);
    }

    private Network Network(EndpointRecord asked) =>
        _table.Find(asked.NetworkId) ?? _table.Find(asked.Network) ?? throw EngineException.NotFound($"network {asked.Network} not found");

    private EndpointRecord Connect(EndpointRecord asked, string name, NetworkSandbox sandbox, int index)
    {
        var network = Network(asked);
        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        if (!network.TryJoin(id))
        {
            throw EngineException.NotFound($"network {asked.Network} not found");
        }

        EndpointRecord endpoint;
        try
        {
            endpoint = EndpointAssignment.Assign(network, asked, id) with { Interface = name };
        }
        catch
        {
            network.Leave(id);
            throw;
        }

        try
        {
            _host.Ensure(network);
            try
            {
                _links.Connect(network, endpoint, sandbox, index);
            }
            catch (LinuxException) when (_host.Links.Host.FindLink(network.Record.Link)?.Index != network.LinkIndex)
            {
                // Somebody removed the network's link.
                network.LinkIndex = 0;
                _host.Ensure(network);
                _links.Connect(network, endpoint, sandbox, index);
            }

            return endpoint;
        }
        catch
        {
            Release([endpoint], []);
            throw;
        }
    }

    private IReadOnlyList<PublishedPort> Publish(ContainerRecord record, IReadOnlyList<EndpointRecord> endpoints)
    {
        var (gateway4, gateway6) = Gateways(endpoints);
        if ((gateway4 ?? gateway6) is not { } main || record.HostConfig is { PortBindings: not { Count: > 0 }, PublishAllPorts: false })
        {
            return [];
        }

        try
        {
            var target = Target(endpoints);
            var ports = _ports.Take(PortRequest.From(record.Config, record.HostConfig, Everywhere(main, gateway6 is not null || _ports.RelaysIPv6)), target);
            _host.Firewall.AddPorts(_ports.Rules(ports, target));
            return ports;
        }
        catch (EngineException e) when (e.Kind == ErrorKind.Internal)
        {
            throw new EngineException(ErrorKind.Internal, $"failed to set up container networking: driver failed programming external connectivity on endpoint {record.Name} ({main.EndpointId}): {e.Message}", e);
        }
    }

    // Ports lead to the networks that lead out, and only bridges have a host to publish on.
    private PortTarget Target(IReadOnlyList<EndpointRecord> endpoints)
    {
        var (gateway4, gateway6) = Gateways(endpoints);
        return new PortTarget(Bridged(gateway4, e => e.IPv4), Bridged(gateway6, e => e.IPv6), Routed(gateway4, '4'), Routed(gateway6, '6'));
    }

    private IPAddress? Bridged(EndpointRecord? endpoint, Func<EndpointRecord, string> address) =>
        endpoint is not null && _table.Find(endpoint.NetworkId)?.Record.Driver == "bridge" ? IPAddress.Parse(address(endpoint)) : null;

    private bool Routed(EndpointRecord? endpoint, char family) => endpoint is not null
        && HostNetworks.Mode(_table.Find(endpoint.NetworkId)?.Record.Option("com.docker.network.bridge.gateway_mode_ipv" + family)) == GatewayMode.Routed;

    private List<IPAddress> Everywhere(EndpointRecord main, bool ipv6)
    {
        var option = _table.Find(main.NetworkId)?.Record.Option("com.docker.network.bridge.host_binding_ipv4");
        var address = IPAddress.Parse(option is { Length: > 0 } ? option : _options.PublishAddress);
        return ipv6 && address.Equals(IPAddress.Any) ? [address, IPAddress.IPv6Any] : [address];
    }

    private void Close(IReadOnlyList<EndpointRecord> endpoints, IReadOnlyList<PublishedPort> ports)
    {
        if (ports.Count > 0)
        {
            _host.Firewall.RemovePorts(Rules(ports, endpoints));
            _ports.Give(ports);
        }
    }

    private void Release(IReadOnlyList<EndpointRecord> endpoints, IReadOnlyList<PublishedPort> ports, SafeFileHandle? netns = null)
    {
        Close(endpoints, ports);
        var links = endpoints.Select(endpoint => endpoint.Link).ToList();
        if (netns is not null && links.TrueForAll(link => link.Length > 0))
        {
            _links.Silence(links);
            _ended.Add(netns, links);
        }
        else
        {
            // What is on a network that others switch cannot be silenced but by its end.
            _links.Delete(links);
            netns?.Dispose();
        }

        foreach (var endpoint in endpoints.Where(endpoint => endpoint.IsConnected))
        {
            if (_table.Find(endpoint.NetworkId) is { } network)
            {
                foreach (var address in endpoint.Addresses)
                {
                    network.Give(address, endpoint.EndpointId);
                }

                network.Leave(endpoint.EndpointId);
            }
        }
    }

    private void Tell(string containerId, IReadOnlyList<EndpointRecord> endpoints, string action)
    {
        foreach (var endpoint in endpoints.Where(endpoint => endpoint.IsConnected))
        {
            if (_table.Find(endpoint.NetworkId) is { } network)
            {
                _events.Publish(network.Record, action, containerId);
            }
        }
    }

    private static Dictionary<string, int> Indexes(NetworkSandbox sandbox, IEnumerable<EndpointRecord> endpoints) =>
        sandbox.Links.ListLinks().Join(endpoints, link => link.Name, e => e.Interface, (link, e) => (e.NetworkId, link.Index)).ToDictionary(pair => pair.NetworkId, pair => pair.Index);

    private void Route(IReadOnlyList<EndpointRecord> endpoints, Dictionary<string, int> indexes, NetworkSandbox sandbox)
    {
        var (gateway4, gateway6) = Gateways(endpoints);
        EndpointLinks.Route(gateway4, gateway6, indexes, sandbox);
    }

    // The highest priority leads out; among equals the first by name, as Docker does it.
    private (EndpointRecord? V4, EndpointRecord? V6) Gateways(IReadOnlyList<EndpointRecord> endpoints)
    {
        var candidates = endpoints.Where(endpoint => endpoint.IsConnected && _table.Find(endpoint.NetworkId)?.Record is { Internal: false })
            .OrderByDescending(endpoint => endpoint.Asked.GwPriority).ThenBy(endpoint => endpoint.Network, StringComparer.Ordinal).ToList();
        return (candidates.Find(endpoint => LeadsOut(endpoint, endpoint.IPv4, endpoint.Gateway4)), candidates.Find(endpoint => LeadsOut(endpoint, endpoint.IPv6, endpoint.Gateway6)));
    }

    private bool LeadsOut(EndpointRecord endpoint, string address, string gateway) =>
        address.Length > 0 && (gateway.Length > 0 || _table.Find(endpoint.NetworkId)?.Record is { Driver: "ipvlan" } record && record.Option("ipvlan_mode") is "l3" or "l3s");
}
