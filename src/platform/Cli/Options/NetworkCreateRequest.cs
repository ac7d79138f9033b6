using System.Net;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>The body of <c>POST /networks/create</c>.</summary>
internal static class NetworkCreateRequest
{
    /// <exception cref="UsageException">Ranges or gateways that fit no subnet.</exception>
    public static JsonObject Build(string name, FlagValues flags)
    {
        JsonObject request = new()
        {
            ["Name"] = name,
            ["Driver"] = flags.String("driver"),
            ["Scope"] = flags.String("scope"),
            ["IPAM"] = new JsonObject
            {
                ["Driver"] = flags.String("ipam-driver"),
                ["Options"] = JsonBuild.Map(flags.Map("ipam-opt")),
                ["Config"] = Subnets(flags),
            },
            ["Internal"] = flags.Bool("internal"),
            ["Attachable"] = flags.Bool("attachable"),
            ["Ingress"] = flags.Bool("ingress"),
            ["ConfigOnly"] = flags.Bool("config-only"),
            ["ConfigFrom"] = flags.StringOrNull("config-from") is { } source ? new JsonObject { ["Network"] = source } : null,
            ["Options"] = JsonBuild.Map(flags.Map("opt")),
            ["Labels"] = JsonBuild.Map(flags.Map("label")),
        };
        if (flags.Has("ipv4"))
        {
            request["EnableIPv4"] = flags.Bool("ipv4");
        }

        if (flags.Has("ipv6"))
        {
            request["EnableIPv6"] = flags.Bool("ipv6");
        }

        return request;
    }

    private static JsonArray Subnets(FlagValues flags)
    {
        IReadOnlyList<string> subnets = flags.List("subnet");
        IReadOnlyList<string> ranges = flags.List("ip-range");
        IReadOnlyList<string> gateways = flags.List("gateway");
        if (subnets.Count < ranges.Count || subnets.Count < gateways.Count)
        {
            throw new UsageException("every ip-range or gateway must have a corresponding subnet", 1);
        }

        List<(IPNetwork Net, JsonObject Config)> configs = [.. subnets.Select(s => (Network(s), new JsonObject { ["Subnet"] = s }))];
        foreach (string range in ranges)
        {
            For(configs, Network(range).BaseAddress, range)["IPRange"] = range;
        }

        foreach (string gateway in gateways)
        {
            For(configs, Address(gateway), gateway)["Gateway"] = gateway;
        }

        foreach ((string key, string value) in flags.Map("aux-address"))
        {
            JsonObject config = For(configs, Address(value), value);
            if (config["AuxiliaryAddresses"] is not JsonObject auxiliary)
            {
                config["AuxiliaryAddresses"] = auxiliary = [];
            }

            auxiliary[key] = value;
        }

        return JsonBuild.Array(configs.Select(c => c.Config));
    }

    private static JsonObject For(List<(IPNetwork Net, JsonObject Config)> configs, IPAddress address, string text) =>
        configs.Find(c => c.Net.Contains(address)).Config ?? throw new UsageException($"no matching subnet for {text}", 1);

    // "172.20.1.1/16" is a subnet too; only its prefix counts.
    private static IPNetwork Network(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out IPAddress? address) || !byte.TryParse(parts[1], out byte prefix))
        {
            throw new UsageException($"invalid subnet {text}: invalid CIDR block notation", 1);
        }

        byte[] bytes = address.GetAddressBytes();
        if (prefix > bytes.Length * 8)
        {
            throw new UsageException($"invalid subnet {text}: invalid CIDR block notation", 1);
        }

        for (int bit = prefix; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefix);
    }

    private static IPAddress Address(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? address : throw new UsageException($"invalid address {text}", 1);
}
