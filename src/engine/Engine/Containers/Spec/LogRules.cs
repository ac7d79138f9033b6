using System.Globalization;
using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Which log drivers and options there are.</summary>
public static class LogRules
{
    private static readonly string[] Common = ["mode", "max-buffer-size"];
    private static readonly string[] JsonFile = ["max-file", "max-size", "compress", "labels", "labels-regex", "env", "env-regex", "tag"];
    private static readonly string[] Local = ["max-file", "max-size", "compress"];

    /// <summary>Refuses a driver or option that does not exist, and values without a meaning.</summary>
    public static void Validate(LogConfig log)
    {
        var allowed = log.Type switch
        {
            "json-file" => JsonFile,
            "local" => Local,
            "none" => null,
            _ => throw EngineException.Invalid($"logger: no log driver named '{log.Type}' is registered"),
        };
        if (allowed is null || log.Config is null)
        {
            return;
        }

        foreach (var (key, value) in log.Config)
        {
            if (!Common.Contains(key) && !allowed.Contains(key))
            {
                throw EngineException.Invalid($"unknown log opt '{key}' for {log.Type} log driver");
            }

            ValidateValue(key, value);
        }

        ValidateCombination(log.Config);
    }

    /// <summary>Bytes of <c>10m</c>, <c>512k</c>, <c>1g</c> or a plain number; null when it is none of them.</summary>
    public static long? ParseSize(string text)
    {
        var digits = text.AsSpan().TrimEnd("bBiI");
        var factor = digits.IsEmpty ? 1L : char.ToLowerInvariant(digits[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, 't' => 1L << 40, 'p' => 1L << 50, _ => 1L };
        digits = factor == 1 ? digits : digits[..^1];
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * factor < long.MaxValue
            ? (long)(number * factor) : null;
    }

    private static void ValidateValue(string key, string value)
    {
        switch (key)
        {
            case "mode" when value is not ("blocking" or "non-blocking" or ""):
                throw EngineException.Invalid($"logger: logging mode not supported: {value}");
            case "max-size" or "max-buffer-size" when value != "-1" && ParseSize(value) is not > 0:
                throw EngineException.Invalid($"invalid value for {key}: invalid size: '{value}'");
            case "max-file" when !int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var files) || files < 1:
                throw EngineException.Invalid(int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                    ? "max-file cannot be less than 1" : $"invalid value for max-file: \"{value}\" is not a number");
            case "compress" when value.ToLowerInvariant() is not ("true" or "false" or "1" or "0" or "t" or "f"):
                throw EngineException.Invalid($"invalid value for compress: \"{value}\" is not a boolean");
        }
    }

    private static void ValidateCombination(IReadOnlyDictionary<string, string> config)
    {
        if (config.ContainsKey("max-buffer-size") && config.GetValueOrDefault("mode") != "non-blocking")
        {
            throw EngineException.Invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
        }
    }
}
