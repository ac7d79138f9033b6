using System.Globalization;
using Slipway.Oci;

namespace Slipway.Build.Dockerfile;

/// <summary>Reads <c>HEALTHCHECK</c>.</summary>
internal static class HealthReader
{
    private const long Millisecond = 1_000_000;

    internal static HealthInstruction Read(Parts part)
    {
        if (part.Rest.Length == 0)
        {
            throw new SyntaxFault($"{part.Upper} requires at least one argument", FaultNumber.Arguments, part.Name);
        }

        var (word, rest) = ArgumentSplitter.First(part.Rest);
        var kind = word.ToUpperInvariant();
        return new()
        {
            Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check,
            Test = kind == "NONE" ? None(rest) : Test(part, kind, rest ?? ""),
        };
    }

    private static HealthTest None(string? rest) =>
        string.IsNullOrWhiteSpace(rest)
            ? new HealthTest { Test = ["NONE"] }
            : throw new SyntaxFault("HEALTHCHECK NONE takes no arguments", FaultNumber.Arguments, rest);

    private static HealthTest Test(Parts part, string kind, string rest)
    {
        var flags = new FlagSet(part.Flags, "interval", "timeout", "start-period", "start-interval", "retries");
        if (kind != "CMD")
        {
            throw new SyntaxFault(
                $"Unknown type {GoText.Quote(kind)} in HEALTHCHECK (try CMD)", FaultNumber.Arguments, kind, Nearest.Find(kind, ["CMD", "NONE"]));
        }

        var json = ArgumentSplitter.Json(rest);
        if (json is { Count: 0 } || (json is null && rest.Length == 0))
        {
            throw new SyntaxFault("Missing command after HEALTHCHECK CMD", FaultNumber.Arguments, kind);
        }

        return new()
        {
            Test = json is null ? ["CMD-SHELL", rest] : ["CMD", .. json],
            Interval = Duration(flags, "interval"), Timeout = Duration(flags, "timeout"), StartPeriod = Duration(flags, "start-period"),
            StartInterval = Duration(flags, "start-interval"), Retries = Retries(flags["retries"]),
        };
    }

    private static long Duration(FlagSet flags, string name)
    {
        if (flags[name] is not { Length: > 0 } text)
        {
            return 0;
        }

        var value = GoText.ParseDuration(text)
            ?? throw new SyntaxFault($"time: invalid duration {GoText.Quote(text)}", FaultNumber.Flags, text);
        return value is 0 or >= Millisecond
            ? value
            : throw new SyntaxFault($"Interval {GoText.Quote(name)} cannot be less than 1ms", FaultNumber.Flags, text);
    }

    private static int Retries(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return 0;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            throw new SyntaxFault($"strconv.ParseInt: parsing {GoText.Quote(text)}: invalid syntax", FaultNumber.Flags, text);
        }

        return value >= 0 ? value : throw new SyntaxFault($"--retries cannot be negative ({value})", FaultNumber.Flags, text);
    }
}
