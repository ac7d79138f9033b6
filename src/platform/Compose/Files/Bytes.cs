using System.Globalization;

namespace Slipway.Compose.Files;

/// <summary>Amounts of memory: <c>64M</c>, <c>1.5g</c>, <c>512kb</c>; units are powers of 1024.</summary>
public static class Bytes
{
    /// <summary>Bytes of a text; null when it is none.</summary>
    public static long? Parse(string text)
    {
        string lower = text.Trim().ToLowerInvariant();
        int digits = lower.TakeWhile(c => char.IsAsciiDigit(c) || c is '.' or '-').Count();
        string unit = lower[digits..].Trim().TrimEnd('b').TrimEnd('i');
        int power = unit switch { "" => 0, "k" => 1, "m" => 2, "g" => 3, "t" => 4, "p" => 5, _ => -1 };
        return power >= 0 && decimal.TryParse(lower.AsSpan(0, digits), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal amount)
            && Math.Abs(amount) < 8_000_000_000_000_000_000m / (decimal)Math.Pow(1024, power)
            ? (long)(amount * (decimal)Math.Pow(1024, power)) : null;
    }
}
