using System.Globalization;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>One value of <c>--network</c>: a name or mode, or <c>name=…,alias=…,ip=…</c>.</summary>
internal sealed record NetworkOption(string Name, JsonObject Endpoint)
{
    /// <exception cref="FormatException">An unknown key or no name.</exception>
    public static NetworkOption Read(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            return new NetworkOption(text, []);
        }

        string name = "";
        JsonObject endpoint = [];
        foreach (string field in CommaFields.Read(text))
        {
            (string key, string value) = Pairs.Split(field);
            switch (key.ToLowerInvariant())
            {
                case "name": name = value; break;
                case "alias": Append(endpoint, "Aliases", value); break;
                case "ip": Address(endpoint)["IPv4Address"] = value; break;
                case "ip6": Address(endpoint)["IPv6Address"] = value; break;
                case "link-local-ip": Append(Address(endpoint), "LinkLocalIPs", value); break;
                case "mac-address": endpoint["MacAddress"] = value; break;
                case "driver-opt": DriverOption(endpoint, value); break;
                case "gw-priority": endpoint["GwPriority"] = Priority(value); break;
                default: throw new FormatException($"invalid field key {key}");
            }
        }

        return name.Length > 0 ? new NetworkOption(name, endpoint) : throw new FormatException("network name must be set");
    }

    public static JsonObject Address(JsonObject endpoint)
    {
        if (endpoint["IPAMConfig"] is not JsonObject address)
        {
            endpoint["IPAMConfig"] = address = [];
        }

        return address;
    }

    public static void Append(JsonObject parent, string list, string value)
    {
        if (parent[list] is not JsonArray array)
        {
            parent[list] = array = [];
        }

        array.Add((JsonNode?)JsonValue.Create(value));
    }

    private static void DriverOption(JsonObject endpoint, string value)
    {
        if (endpoint["DriverOpts"] is not JsonObject options)
        {
            endpoint["DriverOpts"] = options = [];
        }

        (string key, string text) = Pairs.Split(value);
        options[key.Trim().ToLowerInvariant()] = text.Trim();
    }

    private static int Priority(string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int priority)
            ? priority : throw new FormatException($"invalid gw-priority ({value})");
}
