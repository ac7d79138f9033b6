using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.Output;

namespace Slipway.Cli.Verbs;

/// <summary>The PORTS column: runs of consecutive ports are one entry.</summary>
internal static class PortColumn
{
    private sealed record Port(string Ip, long Public, long Private, string Type)
    {
        public string Key => Ip.Length == 0 ? Type : Host + "/" + Type;

        public string Host => Ip.Contains(':', StringComparison.Ordinal) ? $"[{Ip}]" : Ip;
    }

    public static string Of(IEnumerable<JsonNode?> ports)
    {
        List<Port> sorted = [.. ports.Select(p => new Port(p.Text("IP"), p.Long("PublicPort"), p.Long("PrivatePort"), p.Text("Type")))
            .OrderBy(p => p.Private).ThenBy(p => p.Ip, StringComparer.Ordinal).ThenBy(p => p.Public).ThenBy(p => p.Type, StringComparer.Ordinal)];
        List<string> entries = [];
        List<string> moved = [];
        List<(Port First, long Last)> runs = [];
        foreach (Port port in sorted)
        {
            if (port.Ip.Length > 0 && port.Public != port.Private)
            {
                moved.Add(string.Create(CultureInfo.InvariantCulture, $"{port.Host}:{port.Public}->{port.Private}/{port.Type}"));
                continue;
            }

            int run = runs.FindIndex(r => r.First.Key == port.Key);
            if (run < 0)
            {
                runs.Add((port, port.Private));
            }
            else if (port.Private == runs[run].Last + 1 || port.Private == runs[run].Last)
            {
                runs[run] = (runs[run].First, port.Private);
            }
            else
            {
                entries.Add(Run(runs[run].First, runs[run].Last));
                runs[run] = (port, port.Private);
            }
        }

        return string.Join(", ", [.. entries, .. runs.Select(r => Run(r.First, r.Last)), .. moved]);
    }

    private static string Run(Port first, long last)
    {
        string ports = first.Private == last
            ? last.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{first.Private}-{last}");
        return (first.Ip.Length > 0 ? $"{first.Host}:{ports}->{ports}" : ports) + "/" + first.Type;
    }
}
