using System.Globalization;

namespace Slipway.Distribution.Fetching;

/// <summary>The bar that Docker's messages carry for clients that draw none themselves.</summary>
internal static class ProgressBar
{
    private const int Width = 50;
    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary><c>[=====>   ]  1.2MB/4.5MB</c>.</summary>
    internal static string Draw(long current, long total)
    {
        if (total <= 0 || current > total)
        {
            return Size(current).PadLeft(8);
        }

        var filled = (int)Math.Min(Width, current * 100 / total / 2);
        var rest = Width - filled;
        return $"[{new string('=', filled)}>{new string(' ', rest)}] {Size(current),8}/{Size(total)}";
    }

    // Four significant digits and decimal units.
    private static string Size(long bytes)
    {
        double value = bytes;
        var unit = 0;
        for (; value >= 1000 && unit < s_units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return value.ToString("G4", CultureInfo.InvariantCulture) + s_units[unit];
    }
}
