using System.Globalization;
using System.Net;
using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;

namespace Slipway.Engine.Networks.Ports;

/// <summary>A port that shall be reachable on the host.</summary>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c> or <c>sctp</c>.</param>
/// <param name="ContainerPort">Port in the container.</param>
/// <param name="HostAddresses">Addresses on the host, all with the same port.</param>
/// <param name="First">First acceptable port on the host; 0 for any.</param>
/// <param name="Last">Last acceptable port on the host.</param>
internal sealed record PortRequest(string Protocol, ushort ContainerPort, IReadOnlyList<IPAddress> HostAddresses, ushort First, ushort Last)
{
    /// <summary>
    /// What a container's configuration asks for. Bindings of a port that differ in their address alone get the same port. Exact ports come
    /// first, so that no range takes them.
    /// </summary>
    /// <param name="config">Says which ports are exposed.</param>
    /// <param name="host">Says which are published.</param>
    /// <param name="everywhere">The addresses that are meant when none is given.</param>
    internal static IReadOnlyList<PortRequest> From(ContainerConfig config, HostConfig host, IReadOnlyList<IPAddress> everywhere)
    {
        var requests = new List<PortRequest>();
        foreach (var (spec, bindings) in host.PortBindings ?? new Dictionary<string, IReadOnlyList<PortBinding>?>())
        {
            // An entry without bindings asks for any port.
            IReadOnlyList<PortBinding> wanted = bindings is { Count: > 0 } ? bindings : [new PortBinding()];
            foreach (var (protocol, port) in Expand(spec))
            {
                requests.AddRange(wanted.GroupBy(HostPorts).Select(group => new PortRequest(
                    protocol, port, [.. group.SelectMany(b => Addresses(b, everywhere)).Distinct()], group.Key.First, group.Key.Last)));
            }
        }

        if (host.PublishAllPorts)
        {
            var named = requests.Select(request => (request.Protocol, request.ContainerPort)).ToHashSet();
            requests.AddRange((config.ExposedPorts?.Keys ?? [])
                .SelectMany(Expand)
                .Where(port => !named.Contains(port))
                .Select(port => new PortRequest(port.Protocol, port.Port, everywhere, 0, 0)));
        }

        return
        [
            .. requests.OrderBy(request => request.First == 0 || request.First != request.Last)
                .ThenBy(request => request.ContainerPort)
                .ThenBy(request => request.Protocol, StringComparer.Ordinal)
                .ThenBy(request => request.First),
        ];
    }

    /// <summary>The ports of <c>80/tcp</c> or <c>8000-8010/udp</c>.</summary>
    internal static IEnumerable<(string Protocol, ushort Port)> Expand(string spec)
    {
        var slash = spec.IndexOf('/', StringComparison.Ordinal);
        var protocol = slash < 0 ? "tcp" : spec[(slash + 1)..].ToLowerInvariant();
        return PortSpec.TryRange(slash < 0 ? spec : spec[..slash], out var first, out var last)
            ? Enumerable.Range(first, last - first + 1).Select(port => (protocol, (ushort)port))
            : [];
    }

    /// <summary>A port as the API writes it.</summary>
    internal static string Text(string protocol, ushort port) => port.ToString(CultureInfo.InvariantCulture) + "/" + protocol;

    // An empty port is no number either, and means any.
    private static (ushort First, ushort Last) HostPorts(PortBinding binding) =>
        PortSpec.TryRange(binding.HostPort, out var first, out var last) ? (first, last) : default;

    private static IReadOnlyList<IPAddress> Addresses(PortBinding binding, IReadOnlyList<IPAddress> everywhere)
    {
        if (binding.HostIp.Length == 0)
        {
            return everywhere;
        }

        var address = IPAddress.Parse(binding.HostIp);
        return [address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address];
    }
}
