using System.Net;
using System.Net.Sockets;
using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;
using Slipway.Linux;

namespace Slipway.Engine.Networks;

/// <summary>What a request says about connections to networks, checked against the networks that exist.</summary>
internal static class EndpointRequests
{
    /// <summary>
    /// The endpoints of a container that is to be created; none for one on the host's or another container's network. A network that does not
    /// exist may come before the container is started.
    /// </summary>
    /// <exception cref="EngineException">Something that the network cannot give.</exception>
    internal static IReadOnlyList<EndpointRecord> From(NormalizedRequest request, NetworkTable table)
    {
        var host = request.HostConfig;
        if (NamespaceModes.ContainerOf(host.NetworkMode) is not null || request.Config.NetworkDisabled)
        {
            return [];
        }

        if (host.NetworkMode == BuiltInNetworks.Bridge && table.Find(BuiltInNetworks.Bridge) is null)
        {
            // The daemon has no default network (--bridge none).
            return [];
        }

        var first = Place.Of(table, host.NetworkMode);
        var asked = Named(request.NetworkingConfig, table);
        if (first.Network?.Record.Name is BuiltInNetworks.Host or BuiltInNetworks.None)
        {
            return asked.Keys.Any(network => network != first)
                ? throw EngineException.Invalid("conflicting options: cannot attach both user-defined and non-user-defined network-modes")
                : [];
        }

        var settings = asked.GetValueOrDefault(first) ?? new EndpointSettings();
        if (settings.MacAddress.Length == 0 && request.Config.MacAddress is { Length: > 0 } mac)
        {
            settings = settings with { MacAddress = mac };
        }

        if (host.Links is { Count: > 0 } links && first.Network?.Record.IsDefaultBridge != true)
        {
            settings = settings with { Links = [.. settings.Links ?? [], .. links] };
        }

        return [first.Make(settings), .. asked.Where(pair => pair.Key != first).Select(pair => pair.Key.Make(pair.Value))];
    }

    /// <summary>An endpoint of a network with these wishes.</summary>
    /// <exception cref="EngineException">The network cannot give what is asked for.</exception>
    internal static EndpointRecord Make(Network network, EndpointSettings settings)
    {
        var record = network.Record;
        if (record.IsDefaultBridge)
        {
            Require(settings.IPAMConfig is null or { IPv4Address: null or "", IPv6Address: null or "" }, "user specified IP address is supported on user defined networks only");
            Require(settings.Aliases is not { Count: > 0 }, "network-scoped alias is supported only for containers in user defined networks");
        }

        CheckAddress(network, settings.IPAMConfig?.IPv4Address, AddressFamily.InterNetwork);
        CheckAddress(network, settings.IPAMConfig?.IPv6Address, AddressFamily.InterNetworkV6);
        foreach (var address in settings.IPAMConfig?.LinkLocalIPs ?? [])
        {
            Require(IPAddress.TryParse(address, out _), $"invalid link-local IP address: {address}");
        }

        return Make(record.Id, record.Name, settings);
    }

    private static EndpointRecord Make(string id, string name, EndpointSettings settings)
    {
        Require(settings.MacAddress.Length == 0 || MacAddress.TryParse(settings.MacAddress, out _), $"invalid MAC address: {settings.MacAddress}");
        DriverOptions.ValidateEndpoint(settings.DriverOpts);
        return new EndpointRecord
        {
            NetworkId = id,
            Network = name,
            Asked = new EndpointSettings
            {
                IPAMConfig = settings.IPAMConfig, Links = settings.Links, Aliases = settings.Aliases, MacAddress = settings.MacAddress, DriverOpts = settings.DriverOpts, GwPriority = settings.GwPriority,
            },
        };
    }

    private static Dictionary<Place, EndpointSettings> Named(NetworkingConfig? config, NetworkTable table)
    {
        var named = new Dictionary<Place, EndpointSettings>();
        foreach (var (name, settings) in config?.EndpointsConfig ?? new Dictionary<string, EndpointSettings?>())
        {
            named[Place.Of(table, name)] = settings ?? new EndpointSettings();
        }

        return named;
    }

    private static void CheckAddress(Network network, string? text, AddressFamily family)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }

        var version = family == AddressFamily.InterNetwork ? 4 : 6;
        Require(IPAddress.TryParse(text, out var address) && address.AddressFamily == family, $"invalid IPv{version} address: {text}");
        Require(network.Subnets.Any(subnet => subnet.Contains(address!)), $"invalid endpoint settings:\nno configured subnet contains IP address {text}");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw EngineException.Invalid(message);
        }
    }

    /// <summary>A network, or the name of one that may come.</summary>
    private readonly record struct Place(string Name, Network? Network)
    {
        internal static Place Of(NetworkTable table, string name) => table.Find(name) is { } network ? new Place(network.Record.Name, network) : new Place(name, null);

        internal EndpointRecord Make(EndpointSettings settings) => Network is null ? EndpointRequests.Make(Name, Name, settings) : EndpointRequests.Make(Network, settings);
    }
}
