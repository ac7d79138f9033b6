using System.Globalization;

namespace Slipway.Cli.Options;

/// <summary>The value of <c>--cpus</c>: a decimal number of processors.</summary>
internal static class CpuCount
{
    /// <returns>Billionths of a processor.</returns>
    /// <exception cref="FormatException">Not a number, or finer than a billionth.</exception>
    public static long Parse(string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal value)
            || Math.Abs(value) > 1_000_000)
        {
            throw new FormatException($"failed to parse {text} as a rational number");
        }

        decimal nano = value * 1_000_000_000m;
        return nano == decimal.Truncate(nano) ? (long)nano : throw new FormatException("value is too precise");
    }
}
