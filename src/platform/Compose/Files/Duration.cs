using System.Globalization;
using System.Text;

namespace Slipway.Compose.Files;

/// <summary>Durations as Go writes them: <c>1m30s</c>, <c>1h0m0s</c>, <c>500ms</c>.</summary>
public static class Duration
{
    private static readonly (string Unit, long Nanoseconds)[] s_units =
        [("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000), ("w", 604_800_000_000_000)];

    /// <summary>Nanoseconds of a text.</summary>
    public static bool TryParse(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        decimal total = 0;
        string rest = text.TrimStart('+');
        if (rest == "0")
        {
            return true;
        }

        while (rest.Length > 0)
        {
            int digits = rest.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
            int letters = rest.Skip(digits).TakeWhile(c => !char.IsAsciiDigit(c) && c != '.').Count();
            string unit = rest.Substring(digits, letters);
            long scale = Array.Find(s_units, u => u.Unit == unit).Nanoseconds;
            if (scale == 0 || !decimal.TryParse(rest.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal amount) || amount > 1_000_000_000_000)
            {
                return false;
            }

            total += amount * scale;
            rest = rest[(digits + letters)..];
        }

        nanoseconds = total > long.MaxValue ? 0 : (long)total;
        return text.Length > 0 && total <= long.MaxValue;
    }

    /// <summary>Nanoseconds of a checked text; zero for none.</summary>
    public static long Nanoseconds(string? text) => text is not null && TryParse(text, out long value) ? value : 0;

    /// <summary>Go's text of it.</summary>
    public static string Format(long nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return "0s";
        }

        if (nanoseconds < 1_000_000_000)
        {
            (long scale, string unit) = nanoseconds switch { < 1_000 => (1, "ns"), < 1_000_000 => (1_000, "µs"), _ => (1_000_000L, "ms") };
            return ((decimal)nanoseconds / scale).ToString("0.######", CultureInfo.InvariantCulture) + unit;
        }

        StringBuilder text = new();
        long hours = nanoseconds / 3_600_000_000_000;
        long minutes = nanoseconds / 60_000_000_000 % 60;
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }

        if (hours > 0 || minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes}m");
        }

        return text.Append(((decimal)(nanoseconds % 60_000_000_000) / 1_000_000_000).ToString("0.#########", CultureInfo.InvariantCulture)).Append('s').ToString();
    }
}
