using Slipway.DockerApi;

namespace Slipway.Engine.Containers;

/// <summary>How a container's network shows in lists and inspect.</summary>
internal static class ContainerNetworks
{
    /// <summary>The network mode; <c>none</c> where nothing was asked for, since no bridge exists: a namespace of its own with a loopback device.</summary>
    internal static string Mode(ContainerRecord record) =>
        record.HostConfig.NetworkMode is { Length: > 0 } mode and not "default" and not "bridge" ? mode : "none";

    /// <summary>The endpoints by network name; empty for a container that shares another's network.</summary>
    internal static IReadOnlyDictionary<string, EndpointSettings> Endpoints(ContainerRecord record)
    {
        var mode = Mode(record);
        return mode.StartsWith("container:", StringComparison.Ordinal)
            ? new Dictionary<string, EndpointSettings>()
            : new Dictionary<string, EndpointSettings> { [mode] = new() { NetworkID = Networks.BuiltInNetworks.IdOf(mode) } };
    }

    /// <summary>Exposed ports; none is published.</summary>
    internal static IReadOnlyList<PortSummary> Ports(ContainerRecord record) => Mode(record) != "none" && Mode(record) != "host"
        ? []
        : [.. (record.Config.ExposedPorts?.Keys ?? []).Where(_ => record.IsRunning()).Select(Port).OfType<PortSummary>()];

    private static PortSummary? Port(string exposed)
    {
        var parts = exposed.Split('/');
        return ushort.TryParse(parts[0], out var number) ? new PortSummary { PrivatePort = number, Type = parts.Length > 1 ? parts[1] : "tcp" } : null;
    }

    private static bool IsRunning(this ContainerRecord record) => record.State.Status is ContainerStatus.Running or ContainerStatus.Paused;
}
