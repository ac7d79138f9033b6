using System.Globalization;
using System.Net;
using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>Ports of <c>EXPOSE</c>: <c>[[ip:]host:]port[-port][/protocol]</c>, of which only the container's side counts.</summary>
internal static class PortSpecs
{
    /// <summary>Every port as <c>port/protocol</c>.</summary>
    /// <exception cref="SyntaxFault">The text is no port.</exception>
    internal static IEnumerable<string> Parse(string text)
    {
        var parts = text.Split(':');
        var host = parts.Length > 1 ? parts[^2] : "";
        var address = parts.Length > 2 ? string.Join(':', parts[..^2]).Trim('[', ']') : "";
        var slash = parts[^1].IndexOf('/', StringComparison.Ordinal);
        var ports = slash < 0 ? parts[^1] : parts[^1][..slash];
        var protocol = Protocol(slash < 0 ? "" : parts[^1][(slash + 1)..], text);
        if (ports.Length == 0)
        {
            throw Fault($"no port specified: {text}<empty>", text);
        }

        if (address.Length > 0 && !IPAddress.TryParse(address, out _))
        {
            throw Fault($"invalid IP address: {address}", text);
        }

        var (first, last) = Ports(ports) ?? throw Fault($"invalid containerPort: {ports}", text);
        if (host.Length > 0)
        {
            var (from, to) = Ports(host) ?? throw Fault($"invalid hostPort: {host}", text);
            if (last - first != to - from && last != first)
            {
                throw Fault($"invalid ranges specified for container and host Ports: {ports} and {host}", text);
            }
        }

        return Enumerable.Range(first, last - first + 1).Select(port => string.Create(CultureInfo.InvariantCulture, $"{port}/{protocol}"));
    }

    private static string Protocol(string text, string near) => text.ToLowerInvariant() switch
    {
        "" => "tcp",
        "tcp" or "udp" or "sctp" => text.ToLowerInvariant(),
        var other => throw new SyntaxFault(
            $"invalid proto: {other}", FaultNumber.Value, near, Nearest.Find(other, ["tcp", "udp", "sctp"])),
    };

    private static (int First, int Last)? Ports(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var (first, last) = dash < 0 ? (Port(text), Port(text)) : (Port(text[..dash]), Port(text[(dash + 1)..]));
        return first is { } from && last is { } to && to >= from ? (from, to) : null;
    }

    private static int? Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;

    private static SyntaxFault Fault(string message, string near) => new(message, FaultNumber.Value, near);
}
