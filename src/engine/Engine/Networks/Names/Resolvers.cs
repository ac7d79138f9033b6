using System.Net;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Networks.Names;

/// <summary>Which name servers answer for the world outside: the container's, the engine's, or the host's.</summary>
internal sealed class Resolvers(EngineOptions options)
{
    private const int LargestFile = 1 << 20;
    private const string HostFile = "/etc/resolv.conf";

    /// <summary>Servers that are asked on behalf of a container, from the host: also one that listens on the host's loopback.</summary>
    internal IReadOnlyList<IPAddress> Of(ContainerRecord record)
    {
        var named = record.HostConfig.Dns is { Count: > 0 } own ? own : options.Dns.Count > 0 ? options.Dns : [.. HostLines("nameserver")];
        return [.. named.Select(text => IPAddress.TryParse(text, out var address) ? address : null).OfType<IPAddress>()];
    }

    /// <summary>What the host's file says behind a keyword, line by line.</summary>
    internal static IEnumerable<string> HostLines(string keyword)
    {
        string text;
        try
        {
            text = new FileInfo(HostFile) is { Exists: true, Length: <= LargestFile } ? File.ReadAllText(HostFile) : "";
        }
        catch (IOException)
        {
            text = "";
        }

        return text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.Length > keyword.Length && line.StartsWith(keyword, StringComparison.Ordinal) && line[keyword.Length] is ' ' or '\t')
            .Select(line => line[(keyword.Length + 1)..].Trim());
    }
}
