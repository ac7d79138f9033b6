using System.Globalization;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Reads <c>--ulimit name=soft[:hard]</c>.</summary>
internal static class UlimitOption
{
    private static readonly HashSet<string> s_names = new(StringComparer.Ordinal)
    {
        "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
    };

    /// <exception cref="FormatException">With docker's text.</exception>
    public static JsonObject Read(string text)
    {
        (string name, string limits) = Pairs.Split(text);
        string[] values = limits.Split(':');
        if (limits.Length == 0 || values.Length > 2)
        {
            throw new FormatException(limits.Length == 0 ? $"invalid ulimit argument: {text}" : $"too many limit value arguments - {limits}, can only have up to two, `soft[:hard]`");
        }

        if (!s_names.Contains(name))
        {
            throw new FormatException($"invalid ulimit type: {name}");
        }

        long soft = Number(values[0]);
        long hard = Number(values[^1]);
        return hard == -1 || (soft != -1 && soft <= hard)
            ? new JsonObject { ["Name"] = name, ["Hard"] = hard, ["Soft"] = soft }
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}"));
    }

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
        : throw new FormatException($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
}
