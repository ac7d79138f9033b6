using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>The networks of a create request. Flags such as <c>--ip</c> belong to the first one.</summary>
internal static class NetworkRequest
{
    /// <summary>The first network's name, or <c>default</c>.</summary>
    public static string Mode(FlagValues flags) => Values(flags) is [var first, ..] ? NetworkOption.Read(first).Name : "default";

    /// <exception cref="FormatException">A bad value, or one network twice.</exception>
    public static JsonObject Endpoints(FlagValues flags)
    {
        JsonObject endpoints = [];
        List<NetworkOption> networks = [.. Values(flags).Select(NetworkOption.Read)];
        if (networks.Count == 0)
        {
            networks.Add(new NetworkOption("default", []));
        }

        Flags(networks[0].Endpoint, flags);
        foreach (NetworkOption network in networks)
        {
            if (networks.Count > 1 && network.Name is "host" or "none")
            {
                throw new FormatException("conflicting options: cannot attach both user-defined and non-user-defined network-modes");
            }

            if (endpoints.ContainsKey(network.Name))
            {
                throw new FormatException($"network \"{network.Name}\" is specified multiple times");
            }

            // A mode without settings needs no endpoint: the engine makes its own.
            if (network.Endpoint.Count > 0 || networks.Count > 1)
            {
                endpoints[network.Name] = network.Endpoint;
            }
        }

        return endpoints;
    }

    private static List<string> Values(FlagValues flags) => [.. flags.List("network"), .. flags.List("net")];

    private static void Flags(JsonObject endpoint, FlagValues flags)
    {
        foreach (string alias in flags.List("network-alias").Concat(flags.List("net-alias")))
        {
            NetworkOption.Append(endpoint, "Aliases", alias);
        }

        foreach (string address in flags.List("link-local-ip"))
        {
            NetworkOption.Append(NetworkOption.Address(endpoint), "LinkLocalIPs", address);
        }

        foreach (string link in flags.List("link").Where(_ => Mode(flags) is not ("default" or "bridge")))
        {
            NetworkOption.Append(endpoint, "Links", link);
        }

        if (flags.StringOrNull("ip") is { } ip)
        {
            NetworkOption.Address(endpoint)["IPv4Address"] = ip;
        }

        if (flags.StringOrNull("ip6") is { } ip6)
        {
            NetworkOption.Address(endpoint)["IPv6Address"] = ip6;
        }

        if (flags.StringOrNull("mac-address") is { } mac)
        {
            endpoint["MacAddress"] = mac;
        }
    }
}
