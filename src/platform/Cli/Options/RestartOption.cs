using System.Globalization;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Reads <c>--restart</c>: <c>no</c>, <c>always</c>, <c>unless-stopped</c>, <c>on-failure[:N]</c>.</summary>
internal static class RestartOption
{
    /// <exception cref="FormatException">With docker's text; unknown names are the engine's to refuse.</exception>
    public static JsonObject Read(string text)
    {
        (string name, string count) = Pairs.Split(text, ':');
        bool counted = text.Contains(':', StringComparison.Ordinal);
        if (counted && name.Length == 0)
        {
            throw new FormatException("invalid restart policy format: no policy provided before colon");
        }

        int retries = 0;
        if (counted && !int.TryParse(count, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out retries))
        {
            throw new FormatException("invalid restart policy format: maximum retry count must be an integer");
        }

        return new JsonObject { ["Name"] = name, ["MaximumRetryCount"] = retries };
    }
}
