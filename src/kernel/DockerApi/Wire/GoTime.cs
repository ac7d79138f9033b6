using System.Globalization;

namespace Slipway.DockerApi;

/// <summary>Times as the Engine API writes them: RFC 3339 in UTC with up to nine decimals, trailing zeros dropped.</summary>
public static class GoTime
{
    /// <summary>Go's zero time, which stands for "never".</summary>
    public const string Zero = "0001-01-01T00:00:00Z";

    /// <summary>Writes <paramref name="time"/>; null is <see cref="Zero"/>.</summary>
    public static string Format(DateTimeOffset? time) =>
        time is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) : Zero;

    /// <summary>Reads an RFC 3339 time; decimals beyond 100 ns are cut.</summary>
    /// <returns>False when the text is no time.</returns>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            text = end - dot > 8 ? string.Concat(text.AsSpan(0, dot + 8), text.AsSpan(end)) : text;
        }

        return DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }
}
