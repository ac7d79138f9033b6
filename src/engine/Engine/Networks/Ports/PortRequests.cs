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
    /// <summary>What a container's configuration asks for, in the order of its ports.</summary>
    /// <param name="config">Says which ports are exposed.</param>
    /// <param name="host">Says which are published.</param>
    /// <param name="everywhere">The addresses that are meant when none is given.</param>
    internal static IReadOnlyList<PortRequest> From(ContainerConfig config, HostConfig host, IReadOnlyList<IPAddress> everywhere)
    {
        var requests = new List<PortRequest>();
        foreach (var (spec, bindings) in host.PortBindings ?? new Dictionary<string, IReadOnlyList<PortBinding>?>())
        {
            foreach (var (protocol, port) in Expand(spec))
            {
                // An entry without bindings asks for any port.
                foreach (var binding in bindings is { Count: > 0 } ? bindings : [new PortBinding()])
                {
                    // An empty port is no number either, and means any.
                    PortSpec.TryRange(binding.HostPort, out var first, out var last);
                    requests.Add(new PortRequest(protocol, port, binding.HostIp.Length == 0 ? everywhere : [IPAddress.Parse(binding.HostIp)], first, last));
                }
            }
        }

        if (host.PublishAllPorts)
        {
            var named = requests.Select(request => (request.Protocol, request.ContainerPort)).ToHashSet();
            requests.AddRange((config.ExposedPorts?.Keys ?? []).SelectMany(Expand).Where(port => !named.Contains(port)).Select(port => new PortRequest(port.Protocol, port.Port, everywhere, 0, 0)));
        }

        return [.. requests.OrderBy(request => request.Protocol, StringComparer.Ordinal).ThenBy(request => request.ContainerPort)];
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
}
