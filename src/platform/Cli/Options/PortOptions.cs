using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>One published port: <c>80/tcp</c> in the container, and where on the host.</summary>
internal sealed record PublishedPort(string Container, string HostIp, string HostPort);

/// <summary>Reads <c>--publish</c> (short and long form) and <c>--expose</c>.</summary>
internal static class PortOptions
{
    /// <exception cref="FormatException">With docker's text.</exception>
    public static IEnumerable<PublishedPort> Publish(string text) =>
        text.Contains('=', StringComparison.Ordinal) ? LongForm(text) : ShortForm(text);

    /// <summary>Ports such as <c>80/tcp</c> that a value of <c>--expose</c> names.</summary>
    public static IEnumerable<string> Expose(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
        {
            throw new FormatException($"invalid port format for --expose: {text}");
        }

        (string ports, string protocol) = SplitProtocol(text);
        (int from, int to) = Range(ports) ?? throw new FormatException($"invalid range format for --expose: {text}, error: invalid port");
        return Enumerable.Range(from, to - from + 1).Select(p => Name(p, protocol));
    }

    /// <summary>The two maps of a create request.</summary>
    public static (JsonObject Exposed, JsonObject Bindings) ToJson(IEnumerable<string> published, IEnumerable<string> exposed)
    {
        JsonObject bindings = [];
        List<PublishedPort> ports = [.. published.SelectMany(Publish)];
        foreach (IGrouping<string, PublishedPort> group in ports.GroupBy(p => p.Container))
        {
            bindings[group.Key] = JsonBuild.Array(group.Select(p => new JsonObject { ["HostIp"] = p.HostIp, ["HostPort"] = p.HostPort }));
        }

        return (JsonBuild.Set(ports.Select(p => p.Container).Concat(exposed.SelectMany(Expose))), bindings);
    }

    private static IEnumerable<PublishedPort> ShortForm(string text)
    {
        (string address, string protocol) = SplitProtocol(text);
        int containerAt = address.LastIndexOf(':');
        string container = address[(containerAt + 1)..];
        string front = containerAt < 0 ? "" : address[..containerAt];
        int hostAt = front.EndsWith(']') ? -1 : front.LastIndexOf(':');
        string ip = hostAt < 0 ? (front.EndsWith(']') ? front : "") : front[..hostAt];
        string host = front.EndsWith(']') ? "" : front[(hostAt + 1)..];
        if (container.Length == 0)
        {
            throw new FormatException($"no port specified: {text}<empty>");
        }

        (int from, int to) = Range(container) ?? throw new FormatException($"invalid containerPort: {container}");
        return Expand(text, from, to, host, HostIp(ip), protocol);
    }

    private static List<PublishedPort> Expand(string text, int from, int to, string host, string ip, string protocol)
    {
        if (host.Length == 0)
        {
            return [.. Enumerable.Range(from, to - from + 1).Select(p => new PublishedPort(Name(p, protocol), ip, ""))];
        }

        (int hostFrom, int hostTo) = Range(host) ?? throw new FormatException($"invalid hostPort: {host}");
        if (to - from != hostTo - hostFrom)
        {
            // One container port may take any free host port of a range.
            return to == from
                ? [new PublishedPort(Name(from, protocol), ip, host)]
                : throw new FormatException($"invalid ranges specified for container and host Ports: {text}");
        }

        return [.. Enumerable.Range(0, to - from + 1).Select(i =>
            new PublishedPort(Name(from + i, protocol), ip, (hostFrom + i).ToString(CultureInfo.InvariantCulture)))];
    }

    private static IEnumerable<PublishedPort> LongForm(string text)
    {
        string target = "", published = "", protocol = "tcp";
        foreach (string field in CommaFields.Read(text))
        {
            (string key, string value) = Pairs.Split(field.ToLowerInvariant());
            switch (key)
            {
                case "target": target = value; break;
                case "published": published = value; break;
                case "protocol" when value is "tcp" or "udp" or "sctp": protocol = value; break;
                case "protocol": throw new FormatException($"invalid protocol value '{value}'");
                case "mode" when value is "host" or "ingress": break;
                case "mode": throw new FormatException($"invalid publish mode value ({value}): must be either 'ingress' or 'host'");
                default: throw new FormatException($"invalid field key: {key}");
            }
        }

        (int from, int to) = Range(target) ?? throw new FormatException($"invalid target port ({target})");
        return Expand(text, from, to, published, "", protocol);
    }

    private static (string Ports, string Protocol) SplitProtocol(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        return protocol is "tcp" or "udp" or "sctp"
            ? (slash < 0 ? text : text[..slash], protocol)
            : throw new FormatException($"invalid proto: {protocol}");
    }

    private static (int From, int To)? Range(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length <= 2 && ushort.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort from)
            && ushort.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort to) && to >= from
            ? (from, to) : null;
    }

    private static string HostIp(string text)
    {
        string ip = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        // The base library also reads "1.2.3", as the old C functions do.
        return ip.Length == 0 || (IPAddress.TryParse(ip, out _) && (ip.Contains(':', StringComparison.Ordinal) || ip.Count(c => c == '.') == 3)) ? ip : throw new FormatException($"invalid IP address: {ip}");
    }

    private static string Name(int port, string protocol) => string.Create(CultureInfo.InvariantCulture, $"{port}/{protocol}");
}
