using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.DockerApi;

namespace Slipway.Engine.Logs;

/// <summary>
/// A container's log options, read and checked. <c>json-file</c> and <c>local</c> mean the same here: files in conmon's format, rotated by
/// the daemon; <c>none</c> keeps no log.
/// </summary>
/// <param name="Driver"><c>json-file</c>, <c>local</c> or <c>none</c>.</param>
/// <param name="MaxSize">Bytes after which a new file is begun; -1 for never.</param>
/// <param name="MaxFiles">How many files are kept, the current one included.</param>
/// <param name="Compress">Whether rotated files are compressed.</param>
/// <param name="Options">The options as given, for <see cref="Attributes"/>.</param>
public sealed record LogSettings(string Driver, long MaxSize, int MaxFiles, bool Compress, IReadOnlyDictionary<string, string> Options)
{
    private const long DefaultSize = 10_000_000;
    private const int DefaultFiles = 3;
    private static readonly TimeSpan MatchTime = TimeSpan.FromSeconds(1);
    private static readonly string[] CommonOptions = ["max-size", "max-file", "compress", "mode", "max-buffer-size"];
    private static readonly string[] AttributeOptions = ["labels", "labels-regex", "env", "env-regex", "tag"];

    /// <summary>Whether there is a log.</summary>
    public bool KeepsLog => Driver != "none";

    /// <summary>Reads a container's log configuration.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for an unknown driver or option, or a bad value.</exception>
    public static LogSettings Parse(LogConfig config)
    {
        var options = config.Config ?? new Dictionary<string, string>();
        if (config.Type == "none")
        {
            return new LogSettings("none", -1, 1, false, options);
        }

        if (config.Type is not ("" or "json-file" or "local"))
        {
            throw EngineException.Invalid($"logger: no log driver named '{config.Type}' is registered");
        }

        var driver = config.Type.Length == 0 ? "json-file" : config.Type;
        foreach (var option in options.Keys)
        {
            if (!CommonOptions.Contains(option) && !(driver == "json-file" && AttributeOptions.Contains(option)))
            {
                throw EngineException.Invalid($"unknown log opt '{option}' for {driver} log driver");
            }
        }

        return Checked(new LogSettings(driver, Size(options), Files(options), Flag(options), options));
    }

    /// <summary>What <c>logs --details</c> shows: the labels and variables that the options choose, and the tag.</summary>
    public IReadOnlyDictionary<string, string> Attributes(ContainerConfig config)
    {
        Dictionary<string, string> chosen = [];
        var labels = config.Labels ?? new Dictionary<string, string>();
        var variables = (config.Env ?? []).Select(e => e.Split('=', 2)).Where(e => e.Length == 2).Select(e => KeyValuePair.Create(e[0], e[1]));
        Choose(chosen, labels, "labels");
        Choose(chosen, variables, "env");
        if (Options.GetValueOrDefault("tag") is { Length: > 0 } tag)
        {
            chosen["tag"] = tag;
        }

        return chosen;
    }

    private static LogSettings Checked(LogSettings settings) =>
        settings.Compress && settings.Driver == "json-file" && (settings.MaxFiles == 1 || settings.MaxSize < 0)
            ? throw EngineException.Invalid("compress cannot be true when max-file is less than 2 or max-size is not set")
            : settings;

    private void Choose(Dictionary<string, string> chosen, IEnumerable<KeyValuePair<string, string>> from, string option)
    {
        var names = Options.GetValueOrDefault(option)?.Split(',') ?? [];
        var pattern = Pattern(option + "-regex");
        foreach (var (name, value) in from)
        {
            if (names.Contains(name) || pattern?.IsMatch(name) == true)
            {
                chosen[name] = value;
            }
        }
    }

    private Regex? Pattern(string option)
    {
        try
        {
            return Options.GetValueOrDefault(option) is { Length: > 0 } text
                ? new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTime)
                : null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static int Files(IReadOnlyDictionary<string, string> options)
    {
        if (options.GetValueOrDefault("max-file") is not { } text)
        {
            return DefaultFiles;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var files))
        {
            throw EngineException.Invalid($"strconv.Atoi: parsing \"{text}\": invalid syntax");
        }

        return files >= 1 ? files : throw EngineException.Invalid("max-file cannot be less than 1");
    }

    private static bool Flag(IReadOnlyDictionary<string, string> options) => options.GetValueOrDefault("compress") switch
    {
        null or "0" or "f" or "F" or "false" or "False" or "FALSE" => false,
        "1" or "t" or "T" or "true" or "True" or "TRUE" => true,
        var text => throw EngineException.Invalid($"strconv.ParseBool: parsing \"{text}\": invalid syntax"),
    };

    // A number with a decimal unit: 10m is ten million bytes, as Docker's json-file has it.
    private static long Size(IReadOnlyDictionary<string, string> options)
    {
        if (options.GetValueOrDefault("max-size") is not { } text)
        {
            return DefaultSize;
        }

        if (text == "-1")
        {
            return -1;
        }

        var number = text.TrimEnd().ToLowerInvariant();
        number = number.EndsWith('b') ? number[..^1] : number;
        var power = number.Length > 0 ? "kmgtp".IndexOf(number[^1], StringComparison.Ordinal) + 1 : 0;
        number = power > 0 ? number[..^1] : number;
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || value > 1_000_000_000)
        {
            throw EngineException.Invalid($"invalid size: '{text}'");
        }

        var bytes = value * (decimal)Math.Pow(1000, power);
        return bytes is >= 1 and < long.MaxValue ? (long)bytes : throw EngineException.Invalid("max-size must be a positive number");
    }
}
