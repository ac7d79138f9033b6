using System.Buffers;
using System.Globalization;

namespace Slipway.Cli.Options;

/// <summary>Durations as Go writes them: <c>1h30m</c>, <c>1.5s</c>, <c>200ms</c>.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789.");

    /// <returns>Nanoseconds.</returns>
    /// <exception cref="FormatException">Not a duration.</exception>
    public static long Parse(string text)
    {
        ReadOnlySpan<char> rest = text;
        bool negative = rest.StartsWith("-");
        rest = rest.TrimStart("+-");
        if (rest is "0")
        {
            return 0;
        }

        if (rest.IsEmpty)
        {
            throw Invalid(text, "invalid duration");
        }

        decimal total = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(s_digits);
            if (digits <= 0 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            {
                throw Invalid(text, digits < 0 ? "missing unit in duration" : "invalid duration");
            }

            rest = rest[digits..];
            int unitEnd = rest.IndexOfAny(s_digits);
            ReadOnlySpan<char> unit = unitEnd < 0 ? rest : rest[..unitEnd];
            total += number * Unit(unit, text);
            rest = rest[unit.Length..];
            if (total > long.MaxValue)
            {
                throw Invalid(text, "invalid duration");
            }
        }

        return (long)(negative ? -total : total);
    }

    /// <summary>Whether the text is a duration, for options that also take time stamps.</summary>
    public static bool TryParse(string text, out long nanoseconds)
    {
        try
        {
            nanoseconds = Parse(text);
            return true;
        }
        catch (FormatException)
        {
            nanoseconds = 0;
            return false;
        }
    }

    private static decimal Unit(ReadOnlySpan<char> unit, string text) => unit switch
    {
        "ns" => 1m,
        "us" or "µs" => 1_000m,
        "ms" => 1_000_000m,
        "s" => 1_000_000_000m,
        "m" => 60_000_000_000m,
        "h" => 3_600_000_000_000m,
        _ => throw Invalid(text, $"unknown unit \"{unit}\" in duration"),
    };

    private static FormatException Invalid(string text, string reason) => new($"time: {reason} \"{text}\"");
}
