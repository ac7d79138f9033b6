using System.Globalization;

namespace Slipway.Api.Requests;

/// <summary>Durations as Go writes them: <c>1h30m</c>, <c>10s</c>, <c>1.5h</c>, <c>250ms</c>.</summary>
internal static class GoDuration
{
    private static readonly (string Unit, double Seconds)[] s_units = [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)];
    private static readonly System.Buffers.SearchValues<char> s_digits = System.Buffers.SearchValues.Create("0123456789.");

    /// <summary>Reads a duration of at most a century.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        double seconds = 0;
        var any = false;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(s_digits);
            if (digits < 1 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            text = text[digits..];
            var end = text.IndexOfAny(s_digits);
            var unit = end < 0 ? text : text[..end];
            var factor = 0.0;
            foreach (var (name, value) in s_units)
            {
                factor = unit.SequenceEqual(name) ? value : factor;
            }

            if (factor == 0)
            {
                return false;
            }

            seconds += number * factor;
            text = text[unit.Length..];
            any = true;
        }

        if (!any || seconds > TimeSpan.FromDays(36525).TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }
}
