using System.Globalization;

namespace Slipway.Cli.Options;

/// <summary>Reads <c>--since</c> and <c>--until</c>: a duration back from now, a date, or Unix seconds.</summary>
internal static class TimeOption
{
    /// <returns>Unix seconds with nanoseconds as the API takes them, or null for an empty text.</returns>
    public static string? Read(string text, DateTimeOffset now)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return text;
        }

        if (GoDuration.TryParse(text, out long nanoseconds))
        {
            return Stamp(now.AddTicks(-nanoseconds / 100));
        }

        // Dates without a zone are local, as docker reads them.
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset date)
            ? Stamp(date)
            : throw new CommandException($"failed to parse value as time or duration: \"{text}\"");
    }

    private static string Stamp(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return string.Create(CultureInfo.InvariantCulture, $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:000000000}");
    }
}
