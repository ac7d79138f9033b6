using System.Globalization;
using Slipway.DockerApi;

namespace Slipway.Engine.Images;

/// <summary>The HEALTHCHECK instruction.</summary>
internal static class HealthInstruction
{
    internal static HealthConfig Parse(string rest)
    {
        var health = new HealthConfig();
        while (rest.StartsWith("--", StringComparison.Ordinal))
        {
            var end = rest.IndexOfAny([' ', '\t']);
            var (key, value) = Flag(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? "" : rest[end..].Trim();
            health = key switch
            {
                "interval" => health with { Interval = GoDuration.Parse(value) },
                "timeout" => health with { Timeout = GoDuration.Parse(value) },
                "start-period" => health with { StartPeriod = GoDuration.Parse(value) },
                "start-interval" => health with { StartInterval = GoDuration.Parse(value) },
                "retries" => health with { Retries = Retries(value) },
                _ => throw EngineException.Invalid($"dockerfile parse error: unknown flag: {key}"),
            };
        }

        var space = rest.IndexOfAny([' ', '\t']);
        var kind = (space < 0 ? rest : rest[..space]).ToUpperInvariant();
        var command = space < 0 ? "" : rest[space..].Trim();
        return (kind, command) switch
        {
            ("NONE", "") => new HealthConfig { Test = ["NONE"] },
            ("CMD", { Length: > 0 }) => health with { Test = ConfigChanges.Json(command) is { } words ? ["CMD", .. words] : ["CMD-SHELL", command] },
            _ => throw EngineException.Invalid($"dockerfile parse error: Unknown type \"{kind}\" in HEALTHCHECK (try CMD)"),
        };
    }

    private static (string Key, string Value) Flag(string flag) => flag.IndexOf('=', StringComparison.Ordinal) is var at and > 2
        ? (flag[2..at], flag[(at + 1)..])
        : throw EngineException.Invalid($"dockerfile parse error: missing a value on flag: {flag}");

    private static int Retries(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var retries)
            ? retries
            : throw EngineException.Invalid($"dockerfile parse error: --retries must be a number, got \"{text}\"");
}
