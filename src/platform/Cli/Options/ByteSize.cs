using System.Buffers;
using System.Globalization;

namespace Slipway.Cli.Options;

/// <summary>Memory sizes with binary units: <c>512m</c>, <c>1.5GiB</c>, <c>64kb</c>, plain bytes, and -1 for "no limit".</summary>
internal static class ByteSize
{
    private const string Units = "bkmgtp";
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789.");

    /// <exception cref="FormatException">Not a size.</exception>
    public static long Parse(string text)
    {
        if (text == "-1")
        {
            return -1;
        }

        int end = text.AsSpan().LastIndexOfAny(s_digits) + 1;
        string suffix = text[end..].Trim().ToLowerInvariant();
        string number = text[..end];
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) || !IsUnit(suffix))
        {
            throw new FormatException($"invalid size: '{text}'");
        }

        int power = suffix.Length == 0 ? 0 : Units.IndexOf(suffix[0], StringComparison.Ordinal);
        long unit = 1L << (10 * power);
        return value <= long.MaxValue / unit ? (long)(value * unit) : throw new FormatException($"invalid size: '{text}'");
    }

    private static bool IsUnit(string suffix) => suffix.Length == 0 || suffix is "b"
        || (Units.Contains(suffix[0]) && suffix[0] != 'b' && suffix[1..] is "" or "b" or "ib");
}
