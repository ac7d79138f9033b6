using System.Globalization;
using System.Text;

namespace Slipway.Build.Dockerfile;

/// <summary>How Go prints values; history entries and messages are made of it.</summary>
internal static class GoText
{
    /// <summary><c>%q</c> of a string.</summary>
    internal static string Quote(string text)
    {
        var output = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' => output.Append("\\\""),
                '\\' => output.Append("\\\\"),
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                '\a' => output.Append("\\a"),
                '\b' => output.Append("\\b"),
                '\f' => output.Append("\\f"),
                '\v' => output.Append("\\v"),
                < 0x20 or 0x7f => output.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
                _ => output.Append(rune.ToString()),
            };
        }

        return output.Append('"').ToString();
    }

    /// <summary><c>%q</c> of a slice.</summary>
    internal static string Quote(IEnumerable<string> items) => $"[{string.Join(' ', items.Select(Quote))}]";

    /// <summary><c>%v</c> of a slice.</summary>
    internal static string List(IEnumerable<string> items) => $"[{string.Join(' ', items)}]";

    /// <summary><c>%v</c> of a <c>time.Duration</c> given in nanoseconds.</summary>
    internal static string Duration(long nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return "0s";
        }

        var sign = nanoseconds < 0 ? "-" : "";
        var value = Math.Abs((decimal)nanoseconds);
        return sign + value switch
        {
            < 1_000m => Number(value) + "ns",
            < 1_000_000m => Number(value / 1_000m) + "µs",
            < 1_000_000_000m => Number(value / 1_000_000m) + "ms",
            _ => Long(value),
        };
    }

    /// <summary>Reads a <c>time.Duration</c>.</summary>
    /// <returns>Nanoseconds, or null when the text is none.</returns>
    internal static long? ParseDuration(string text)
    {
        var negative = text.StartsWith('-');
        var rest = text.AsSpan(negative || text.StartsWith('+') ? 1 : 0);

        if (rest is "0")
        {
            return 0;
        }

        if (rest.IsEmpty)
        {
            return null;
        }

        decimal total = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || digits > 20 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny("0123456789.");
            var unit = letters < 0 ? rest : rest[..letters];
            if (Unit(unit) is not { } factor)
            {
                return null;
            }

            rest = rest[unit.Length..];
            total += number * factor;
            if (total > long.MaxValue)
            {
                return null;
            }
        }

        return negative ? -(long)total : (long)total;
    }

    private static decimal? Unit(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 1m,
        "us" or "µs" or "μs" => 1_000m,
        "ms" => 1_000_000m,
        "s" => 1_000_000_000m,
        "m" => 60_000_000_000m,
        "h" => 3_600_000_000_000m,
        _ => null,
    };

    private static string Long(decimal value)
    {
        var seconds = value / 1_000_000_000m;
        var hours = (long)(seconds / 3600);
        var minutes = (long)(seconds / 60) % 60;
        var rest = Number(seconds - (hours * 3600) - (minutes * 60)) + "s";
        return hours > 0 ? $"{hours}h{minutes}m{rest}" : minutes > 0 ? $"{minutes}m{rest}" : rest;
    }

    private static string Number(decimal value) => value.ToString("0.#########", CultureInfo.InvariantCulture);
}
