using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Reads <c>--volume</c>: a bind <c>SOURCE:TARGET[:options]</c> or the path of an anonymous volume.</summary>
internal static class VolumeOptions
{
    /// <exception cref="FormatException">Nothing or too much between the colons.</exception>
    public static (List<string> Binds, List<string> Anonymous) Read(IEnumerable<string> values)
    {
        List<string> binds = [], anonymous = [];
        foreach (string value in values)
        {
            string[] parts = value.Split(':');
            if (parts.Length > 3 || parts.Any(p => p.Length == 0))
            {
                throw new FormatException(value.Length == 0 ? "invalid empty volume spec" : $"invalid spec: {value}: " + (parts.Length > 3 ? "too many colons" : "empty section between colons"));
            }

            if (parts.Length == 1)
            {
                anonymous.Add(value);
                continue;
            }

            // Only the client knows what "./data" is relative to.
            binds.Add(parts[0].StartsWith('.') ? Path.GetFullPath(parts[0]) + value[parts[0].Length..] : value);
        }

        return (binds, anonymous);
    }

    /// <summary><c>--tmpfs /path[:options]</c> as the map of a create request.</summary>
    public static JsonObject Tmpfs(IEnumerable<string> values) =>
        JsonBuild.Map(values.Select(v => Pairs.Split(v, ':')).Select(p => KeyValuePair.Create(p.Key, p.Value)));
}
