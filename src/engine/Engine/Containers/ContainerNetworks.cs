using Slipway.DockerApi;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Ports;

namespace Slipway.Engine.Containers;

/// <summary>How a container's network shows in lists and inspect.</summary>
internal static class ContainerNetworks
{
    /// <summary>The network mode.</summary>
    internal static string Mode(ContainerRecord record) =>
        record.HostConfig.NetworkMode is { Length: > 0 } mode and not "default" ? mode : BuiltInNetworks.Bridge;

    /// <summary>The endpoints by network name; empty for a container that shares another's network.</summary>
    internal static IReadOnlyDictionary<string, EndpointSettings> Endpoints(ContainerRecord record)
    {
        var mode = Mode(record);
        return mode is BuiltInNetworks.Host or BuiltInNetworks.None
            ? new Dictionary<string, EndpointSettings> { [mode] = new() { NetworkID = BuiltInNetworks.IdOf(mode) } }
            : record.Endpoints.ToDictionary(endpoint => endpoint.Network, endpoint => Show(record, endpoint));
    }

    /// <summary>The names under which a container is found in a network: none on the default bridge.</summary>
    internal static IReadOnlyList<string> Names(ContainerRecord record, EndpointRecord endpoint) => endpoint.Network == BuiltInNetworks.Bridge
        ? []
        : [.. new[] { record.Name }.Concat(endpoint.Asked.Aliases ?? []).Append(record.Id[..12]).Append(record.Config.Hostname).Where(name => name.Length > 0).Distinct()];

    /// <summary>Ports for <c>docker ps</c>: published ones, then those that are only exposed.</summary>
    internal static IReadOnlyList<PortSummary> Ports(ContainerRecord record)
    {
        if (!record.IsRunning() || Mode(record).StartsWith("container:", StringComparison.Ordinal))
        {
            return [];
        }

        var published = record.Ports.Select(port => new PortSummary { IP = port.HostAddress, PrivatePort = port.ContainerPort, PublicPort = port.HostPort, Type = port.Protocol }).ToList();
        var seen = record.Ports.Select(port => (port.Protocol, port.ContainerPort)).ToHashSet();
        published.AddRange(Exposed(record).Where(port => !seen.Contains(port)).Select(port => new PortSummary { PrivatePort = port.Port, Type = port.Protocol }));
        return published;
    }

    /// <summary>Ports for <c>docker inspect</c>; null for one that is only exposed.</summary>
    internal static IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?> Bindings(ContainerRecord record)
    {
        if (!record.IsRunning())
        {
            return new Dictionary<string, IReadOnlyList<PortBinding>?>();
        }

        var bindings = Exposed(record).ToDictionary(port => PortRequest.Text(port.Protocol, port.Port), _ => (IReadOnlyList<PortBinding>?)null);
        foreach (var group in record.Ports.GroupBy(port => PortRequest.Text(port.Protocol, port.ContainerPort)))
        {
            bindings[group.Key] = [.. group.Select(port => new PortBinding { HostIp = port.HostAddress, HostPort = port.HostPort.ToString(System.Globalization.CultureInfo.InvariantCulture) })];
        }

        return bindings;
    }

    /// <summary>The whole of <c>NetworkSettings</c>. The fields outside of <c>Networks</c> speak of the default bridge alone.</summary>
    internal static NetworkSettings Settings(ContainerRecord record)
    {
        var bridge = record.Endpoints.FirstOrDefault(endpoint => endpoint.Network == BuiltInNetworks.Bridge);
        return new NetworkSettings
        {
            SandboxID = record.State.Pid > 0 ? record.Id : "",
            SandboxKey = record.State.Pid > 0 ? $"/proc/{record.State.Pid}/ns/net" : "",
            Ports = Bindings(record),
            EndpointID = bridge?.EndpointId ?? "",
            Gateway = bridge?.Gateway4 ?? "",
            IPAddress = bridge?.IPv4 ?? "",
            IPPrefixLen = bridge?.PrefixLength4 ?? 0,
            IPv6Gateway = bridge?.Gateway6 ?? "",
            GlobalIPv6Address = bridge?.IPv6 ?? "",
            GlobalIPv6PrefixLen = bridge?.PrefixLength6 ?? 0,
            MacAddress = bridge?.Mac ?? "",
            Networks = Endpoints(record),
        };
    }

    private static EndpointSettings Show(ContainerRecord record, EndpointRecord endpoint) => endpoint.Asked with
    {
        MacAddress = endpoint.Mac.Length > 0 ? endpoint.Mac : endpoint.Asked.MacAddress,
        NetworkID = endpoint.NetworkId == endpoint.Network ? "" : endpoint.NetworkId,
        EndpointID = endpoint.EndpointId,
        Gateway = endpoint.Gateway4,
        IPAddress = endpoint.IPv4,
        IPPrefixLen = endpoint.PrefixLength4,
        IPv6Gateway = endpoint.Gateway6,
        GlobalIPv6Address = endpoint.IPv6,
        GlobalIPv6PrefixLen = endpoint.PrefixLength6,
        DNSNames = Names(record, endpoint) is { Count: > 0 } names ? names : null,
    };

    private static IEnumerable<(string Protocol, ushort Port)> Exposed(ContainerRecord record) =>
        (record.Config.ExposedPorts?.Keys ?? []).Concat(record.HostConfig.PortBindings?.Keys ?? []).SelectMany(PortRequest.Expand).Distinct().OrderBy(port => port.Port);

    private static bool IsRunning(this ContainerRecord record) => record.State.Status is ContainerStatus.Running or ContainerStatus.Paused;
}
