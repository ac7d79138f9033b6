using System.Globalization;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>Points in time as clients send them: <c>seconds[.nanoseconds]</c> since 1970, or RFC 3339.</summary>
internal static class TimeQuery
{
    /// <summary>Unix time in nanoseconds; null when absent, empty or zero.</summary>
    /// <exception cref="EngineException">It is no time.</exception>
    public static long? Nanoseconds(Query query, string name)
    {
        if (query.Optional(name) is not { } text)
        {
            return null;
        }

        return Parse(text) switch
        {
            null => throw EngineException.Invalid($"invalid value for \"{name}\": \"{text}\" is not a timestamp"),
            0 => null,
            var value => value,
        };
    }

    /// <summary>Unix time in nanoseconds, or null when the text is no time.</summary>
    public static long? Parse(string text)
    {
        if (GoTime.TryParse(text, out var time))
        {
            return (time - DateTimeOffset.UnixEpoch).Ticks * 100;
        }

        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var seconds = dot < 0 ? text : text[..dot];
        var fraction = dot < 0 ? "" : text[(dot + 1)..];
        return long.TryParse(seconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            && Math.Abs(whole) < long.MaxValue / 1_000_000_000
            && fraction.Length <= 9
            && (fraction.Length == 0 || fraction.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0)
            ? (whole * 1_000_000_000) + (fraction.Length == 0 ? 0 : long.Parse(fraction.PadRight(9, '0'), CultureInfo.InvariantCulture))
            : null;
    }
}
