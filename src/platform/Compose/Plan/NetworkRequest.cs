using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.DockerApi;

namespace Slipway.Compose.Plan;

/// <summary>A container's networks in the Engine API's words.</summary>
internal static class NetworkRequest
{
    /// <summary><c>NetworkMode</c>: a mode, or the name of the first network.</summary>
    public static string Mode(NewContainer container)
    {
        if (container.Service.Map.Text("network_mode") is { } mode)
        {
            return Shared(mode, container);
        }

        return container.Service.NetworkKeys is [var first, ..] ? container.Project.Networks[first].Name : "none";
    }

    /// <summary>A namespace's mode; one that names a service names its container for the engine.</summary>
    public static string Shared(string mode, NewContainer container) => mode.StartsWith("service:", StringComparison.Ordinal)
        ? "container:" + (container.ContainerOf(mode["service:".Length..]) ?? throw new ComposeException($"service {container.Service.Name}: {mode["service:".Length..]} has no container"))
        : mode;

    public static NetworkingConfig? Of(NewContainer container)
    {
        Service service = container.Service;
        if (service.Map.Has("network_mode") || service.NetworkKeys.Count == 0)
        {
            return null;
        }

        return new NetworkingConfig
        {
            EndpointsConfig = service.NetworkKeys.ToDictionary(k => container.Project.Networks[k].Name, k => (EndpointSettings?)Endpoint(container, k), StringComparer.Ordinal),
        };
    }

    private static EndpointSettings Endpoint(NewContainer container, string key)
    {
        Mapping? settings = container.Service.Map.Map("networks").Map(key);
        string[] names = container.UseAliases ? [container.Name, container.Service.Name, .. settings.Texts("aliases")] : [container.Name];
        bool addressed = settings is not null && (settings.Has("ipv4_address") || settings.Has("ipv6_address") || settings.Has("link_local_ips"));
        return new EndpointSettings
        {
            Aliases = [.. names.Distinct(StringComparer.Ordinal)],
            Links = Links(container),
            MacAddress = settings.Text("mac_address") ?? container.Service.Map.Text("mac_address") ?? "",
            DriverOpts = settings.Map("driver_opts") is not null ? settings.Pairs("driver_opts") : null,
            GwPriority = settings.Number("gw_priority") ?? 0,
            IPAMConfig = !addressed ? null : new EndpointIpamConfig
            {
                IPv4Address = settings.Text("ipv4_address"), IPv6Address = settings.Text("ipv6_address"), LinkLocalIPs = settings.Texts("link_local_ips"),
            },
        };
    }

    private static List<string>? Links(NewContainer container)
    {
        List<string> links = [];
        foreach (string link in container.Service.Map.Texts("links"))
        {
            string[] parts = link.Split(':');
            if (container.ContainerOf(parts[0]) is { } id)
            {
                links.Add($"{id}:{parts[^1]}");
            }
        }

        links.AddRange(container.Service.Map.Texts("external_links").Select(l => l.Contains(':', StringComparison.Ordinal) ? l : $"{l}:{l}"));
        return links.Count > 0 ? links : null;
    }
}
