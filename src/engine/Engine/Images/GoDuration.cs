using System.Globalization;

namespace Slipway.Engine.Images;

/// <summary>Durations as Go writes them: <c>1h30m</c>, <c>1.5s</c>, <c>300ms</c>.</summary>
internal static class GoDuration
{
    private static readonly (string Unit, decimal Nanoseconds)[] Units =
        [("ns", 1m), ("us", 1e3m), ("µs", 1e3m), ("ms", 1e6m), ("s", 1e9m), ("m", 60e9m), ("h", 3600e9m)];

    /// <summary>Nanoseconds.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    internal static long Parse(string text) =>
        TryParse(text, out var nanoseconds) ? nanoseconds : throw EngineException.Invalid($"time: invalid duration \"{text}\"");

    internal static bool TryParse(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        var negative = text.StartsWith('-');
        var rest = text.AsSpan(negative || text.StartsWith('+') ? 1 : 0);
        if (rest is "0")
        {
            return true;
        }

        var total = 0m;
        var any = false;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || digits > 18 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var end = rest.IndexOfAnyInRange('0', '9');
            var unit = (end < 0 ? rest : rest[..end]).ToString();
            var found = Array.Find(Units, known => known.Unit == unit);
            if (found.Unit is null)
            {
                return false;
            }

            total += number * found.Nanoseconds;
            rest = end < 0 ? default : rest[end..];
            any = true;
        }

        if (!any || total > long.MaxValue)
        {
            return false;
        }

        nanoseconds = (long)(negative ? -total : total);
        return true;
    }
}
