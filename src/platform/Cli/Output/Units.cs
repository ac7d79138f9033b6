using System.Globalization;

namespace Slipway.Cli.Output;

/// <summary>Sizes and durations for people, in docker's words.</summary>
internal static class Units
{
    private static readonly string[] s_decimal = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    private static readonly string[] s_binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Powers of 1000 with three digits, as in listings: <c>4.26MB</c>.</summary>
    public static string Size(double bytes, int digits = 3) => Scale(bytes, 1000, s_decimal, digits);

    /// <summary>Powers of 1024 with four digits, as in statistics: <c>1.945GiB</c>.</summary>
    public static string BinarySize(double bytes) => Scale(bytes, 1024, s_binary, 4);

    private static string Scale(double value, double step, string[] units, int digits)
    {
        int unit = 0;
        while (Math.Abs(value) >= step && unit < units.Length - 1)
        {
            value /= step;
            unit++;
        }

        return General(value, digits) + units[unit];
    }

    /// <summary>C's <c>%.{digits}g</c>: that many significant digits, no trailing zeros, an exponent when they do not reach.</summary>
    public static string General(double value, int digits)
    {
        if (value == 0)
        {
            return "0";
        }

        string scientific = value.ToString("e" + (digits - 1), CultureInfo.InvariantCulture);
        int mark = scientific.IndexOf('e', StringComparison.Ordinal);
        int exponent = int.Parse(scientific.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= digits)
        {
            string mantissa = scientific[..mark];
            mantissa = mantissa.Contains('.', StringComparison.Ordinal) ? mantissa.TrimEnd('0').TrimEnd('.') : mantissa;
            return string.Create(CultureInfo.InvariantCulture, $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        string text = value.ToString("F" + (digits - 1 - exponent), CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
    }

    /// <summary>About how long: <c>5 seconds</c>, <c>About an hour</c>, <c>3 weeks</c>.</summary>
    public static string Duration(TimeSpan span)
    {
        long seconds = (long)span.TotalSeconds;
        long minutes = (long)span.TotalMinutes;
        long hours = (long)(span.TotalHours + 0.5);
        return FormattableString.Invariant($"{(seconds, minutes, hours) switch
        {
            ( < 1, _, _) => "Less than a second",
            (1, _, _) => "1 second",
            ( < 60, _, _) => seconds + " seconds",
            (_, 1, _) => "About a minute",
            (_, < 60, _) => minutes + " minutes",
            (_, _, 1) => "About an hour",
            (_, _, < 48) => hours + " hours",
            (_, _, < 24 * 7 * 2) => (hours / 24) + " days",
            (_, _, < 24 * 30 * 2) => (hours / 24 / 7) + " weeks",
            (_, _, < 24 * 365 * 2) => (hours / 24 / 30) + " months",
            _ => ((long)span.TotalHours / 24 / 365) + " years",
        }}");
    }

    public static string Ago(DateTimeOffset then, DateTimeOffset now) => Duration(now - then) + " ago";

    /// <summary>Go's <c>time.String</c> in UTC: <c>2026-01-02 03:04:05 +0000 UTC</c>.</summary>
    public static string GoTime(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss '+0000 UTC'", CultureInfo.InvariantCulture);

    public static DateTimeOffset Unix(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds);

    /// <summary>Reads RFC 3339 with up to nine digits of a second; null for none or Go's zero time.</summary>
    public static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && time.Year > 1
            ? time : null;

    /// <summary>Cuts to a width in characters, with an ellipsis as the last one.</summary>
    public static string Ellipsis(string text, int width) =>
        text.Length <= width ? text : width <= 1 ? text[..width] : text[..(width - 1)] + "…";

    /// <summary>The first twelve digits of an id, without its algorithm.</summary>
    public static string ShortId(string id)
    {
        int colon = id.IndexOf(':', StringComparison.Ordinal);
        string digits = colon < 0 ? id : id[(colon + 1)..];
        return digits.Length > 12 ? digits[..12] : digits;
    }
}
