using System.Globalization;
using System.Net;

namespace Slipway.Compose.Files;

/// <summary>Short forms inside of a service, written out.</summary>
internal static class ServiceForms
{
    public static Node? DependsOn(Node value, string path)
    {
        if (value.IsNull)
        {
            return null;
        }

        Mapping result = new(value.At) { Tag = value.Tag };
        foreach ((string name, Position at, Node? settings) in Names(value))
        {
            if (settings is { IsReset: true })
            {
                result.Set(name, settings, at);
                continue;
            }

            Mapping given = settings as Mapping ?? new Mapping(at);
            Mapping full = new Mapping(given.At) { Tag = given.Tag }.Set("condition", given["condition"] ?? new Scalar(at, "service_started"));
            if (given["restart"] is { } restart && Forms.Flag(restart, $"{path}.{name}.restart") is { } flag)
            {
                full.Set("restart", flag);
            }

            result.Set(name, full.Set("required", given["required"] is { } required ? Forms.Flag(required, path)! : new Scalar(at, "true", ScalarKind.Boolean)), at);
        }

        return result;
    }

    public static Node? Networks(Node value, string path)
    {
        if (value.IsNull)
        {
            return null;
        }

        Mapping result = new(value.At) { Tag = value.Tag };
        foreach ((string name, Position at, Node? settings) in Names(value))
        {
            result.Set(name, settings is Mapping map ? Forms.Each(map, $"{path}.{name}", (key, inner, p) => key switch
            {
                "aliases" or "link_local_ips" => Forms.TextList(inner),
                "priority" or "gw_priority" => Number(inner, p),
                "driver_opts" => Forms.StringMap(inner, p),
                _ => Forms.Plain(key, inner),
            }) : settings ?? new Scalar(at, "", ScalarKind.Null), at);
        }

        return result;
    }

    private static Node? Number(Node value, string path) =>
        value is Scalar { Kind: ScalarKind.Float } real ? new Scalar(real.At, real.Text.Split('.')[0], ScalarKind.Integer) : Forms.Integer(value, path);

    private static IEnumerable<(string Name, Position At, Node? Value)> Names(Node value) => value switch
    {
        Mapping map => map.Entries.Select(e => (e.Key, e.At, (Node?)e.Value)),
        Sequence list => list.Items.Select(i => (i.Text() ?? "", i.At, (Node?)null)),
        _ => [(value.Text() ?? "", value.At, null)],
    };

    /// <summary><c>host:ip</c> or <c>host=ip</c>, or a mapping; the result is a sorted list of <c>host=ip</c>.</summary>
    public static Node? Hosts(Node value, string path)
    {
        if (value.IsNull)
        {
            return null;
        }

        List<(string Text, Position At)> hosts = [];
        foreach ((string name, Position at, Node? addresses) in Names(value))
        {
            if (addresses is not null)
            {
                hosts.AddRange((Forms.TextList(addresses) as Sequence)?.Items.Select(a => ($"{name}={Bare(a.Text() ?? "")}", a.At)) ?? []);
                continue;
            }

            int cut = name.AsSpan().IndexOfAny('=', ':');
            hosts.Add(cut > 0 ? ($"{name[..cut]}={Bare(name[(cut + 1)..])}", at) : throw new ComposeException(at, path, $"\"{name}\" has no address (write host=address)"));
        }

        return new Sequence(value.At, [.. hosts.OrderBy(h => h.Text, StringComparer.Ordinal).Select(h => new Scalar(h.At, h.Text))]) { Tag = value.Tag };
    }

    private static string Bare(string address) => address.StartsWith('[') && address.EndsWith(']') ? address[1..^1] : address;

    public static Node? References(Node value, string path, string? directory) => Forms.Objects(
        value, path,
        (text, _) => [new Mapping(text.At).Set("source", text.Text, text.At)],
        (map, at) =>
        {
            Mapping full = Forms.Each(map, at, (key, inner, p) => key == "mode" ? Mode(inner, p) : Forms.Plain(key, inner));
            return directory is null || full.Has("target") ? full : full.Set("target", directory + full.Text("source"), full.At);
        });

    // Text is octal ("0440"), and so is a number that was written with a leading zero; that one has been read already.
    private static Node? Mode(Node value, string path) => value is Scalar { Kind: ScalarKind.Text } text
        ? PlainScalar.Integer("0" + text.Text.TrimStart('0')) is { } mode ? new Scalar(text.At, mode.ToString(CultureInfo.InvariantCulture), ScalarKind.Integer)
            : throw new ComposeException(text.At, path, $"\"{text.Text}\" is no file mode")
        : Forms.Integer(value, path);

    public static Node? Devices(Node value, string path) => Forms.Objects(
        value, path,
        (text, at) => text.Text.Split(':') switch
        {
            [var device] => [Device(text, device, device, "rwm")],
            [var device, var target] => [Device(text, device, target, "rwm")],
            [var device, var target, var permissions] => [Device(text, device, target, permissions)],
            _ => throw new ComposeException(text.At, at, $"\"{text.Text}\" is no device (write host:container:permissions)"),
        },
        (map, _) => map);

    private static Mapping Device(Scalar text, string source, string target, string permissions) =>
        new Mapping(text.At).Set("source", source, text.At).Set("target", target, text.At).Set("permissions", permissions, text.At);

    public static Node? Ulimits(Node value, string path) => value is not Mapping map ? null : Forms.Each(map, path, (_, limit, at) => limit is Mapping both
        ? Forms.Each(both, at, (_, number, p) => Forms.Integer(number, p)) : Forms.Integer(limit, at));

    /// <summary><c>[[ip:]published:]target[/protocol]</c>, with ranges.</summary>
    public static IEnumerable<Mapping> Port(Scalar text, string path)
    {
        string spec = text.Text;
        ComposeException Fault(string reason) => new(text.At, path, $"\"{spec}\" is no port: {reason}");
        int slash = spec.LastIndexOf('/');
        string protocol = slash < 0 ? "tcp" : spec[(slash + 1)..].ToLowerInvariant();
        string rest = slash < 0 ? spec : spec[..slash];
        int colon = rest.LastIndexOf(':');
        string target = rest[(colon + 1)..];
        string front = colon < 0 ? "" : rest[..colon];
        colon = front.LastIndexOf(':');
        string published = front[(colon + 1)..];
        string address = (colon < 0 ? "" : front[..colon]).Trim('[', ']');
        (int first, int last) = Range(target) ?? throw Fault("the container's port must be 1 to 65535");
        if (protocol is not ("tcp" or "udp" or "sctp") || (address.Length > 0 && !IPAddress.TryParse(address, out _)))
        {
            throw Fault(address.Length > 0 && protocol is "tcp" or "udp" or "sctp" ? $"{address} is no address" : $"{protocol} is no protocol");
        }

        if (published.Length == 0)
        {
            return Enumerable.Range(first, last - first + 1).Select(p => One(text.At, address, "", p, protocol));
        }

        (int from, int to) = Range(published) ?? throw Fault("the host's port must be 1 to 65535");
        return to - from == last - first ? Enumerable.Range(0, last - first + 1).Select(i => One(text.At, address, (from + i).ToString(CultureInfo.InvariantCulture), first + i, protocol))
            : first == last ? [One(text.At, address, published, first, protocol)]
            : throw Fault("both ranges must have the same length");
    }

    private static (int First, int Last)? Range(string text)
    {
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        bool valid = int.TryParse(dash < 0 ? text : text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            & int.TryParse(dash < 0 ? text : text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int last);
        return valid && first is > 0 and <= 65535 && last <= 65535 && last >= first ? (first, last) : null;
    }

    private static Mapping One(Position at, string address, string published, int target, string protocol)
    {
        Mapping port = new Mapping(at).Set("mode", "ingress", at);
        if (address.Length > 0)
        {
            port.Set("host_ip", address, at);
        }

        port.Set("target", new Scalar(at, target.ToString(CultureInfo.InvariantCulture), ScalarKind.Integer));
        if (published.Length > 0)
        {
            port.Set("published", published, at);
        }

        return port.Set("protocol", protocol, at);
    }

    public static Mapping CompletePort(Mapping port, string path)
    {
        Mapping full = Forms.Each(port, path, (key, value, at) => key == "target" ? Forms.Integer(value, at) : Forms.Plain(key, value));
        full.Set("mode", full["mode"] ?? new Scalar(port.At, "ingress"));
        return full.Set("protocol", full["protocol"] ?? new Scalar(port.At, "tcp"));
    }
}
