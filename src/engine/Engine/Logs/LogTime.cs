using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Slipway.Engine.Logs;

/// <summary>Times in log records: local time of the monitor with nine decimals and its offset from UTC.</summary>
internal static class LogTime
{
    /// <summary>Bytes that <see cref="Write"/> writes.</summary>
    internal const int Length = 30;

    /// <summary>Unix time in nanoseconds; null when it is no time.</summary>
    internal static long? Parse(ReadOnlySpan<byte> time)
    {
        if (!Number(time[..4], out var year) || !Number(time.Slice(5, 2), out var month) || !Number(time.Slice(8, 2), out var day)
            || !Number(time.Slice(11, 2), out var hour) || !Number(time.Slice(14, 2), out var minute) || !Number(time.Slice(17, 2), out var second)
            || !Number(time.Slice(20, 9), out var nanosecond) || !Number(time.Slice(30, 2), out var offsetHours) || !Number(time.Slice(33, 2), out var offsetMinutes)
            || year is < 1970 or > 2261 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return null;
        }

        var days = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Days;
        var offset = ((offsetHours * 60L) + offsetMinutes) * (time[29] == '-' ? -60 : 60);
        return (((days * 86400L) + (hour * 3600L) + (minute * 60L) + second - offset) * 1_000_000_000) + nanosecond;
    }

    /// <summary>Writes a record's time as Docker shows it: UTC, nine decimals, <c>Z</c>.</summary>
    internal static void Write(ReadOnlySpan<byte> time, Span<byte> target)
    {
        if (time[29..].SequenceEqual("+00:00"u8) || Parse(time) is not { } nanoseconds)
        {
            time[..29].CopyTo(target);
        }
        else
        {
            var at = DateTime.UnixEpoch.AddSeconds(nanoseconds / 1_000_000_000);
            Encoding.ASCII.GetBytes(at.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture), target);
            time[19..29].CopyTo(target[19..]);
        }

        target[29] = (byte)'Z';
    }

    private static bool Number(ReadOnlySpan<byte> digits, out int value) =>
        Utf8Parser.TryParse(digits, out value, out var used) && used == digits.Length && value >= 0;
}
