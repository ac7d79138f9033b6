using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;

namespace Slipway.Engine.Logs;

/// <summary>
/// A container's log options. <c>json-file</c> and <c>local</c> mean the same here: files in conmon's format, rotated by the daemon;
/// <c>none</c> keeps no log.
/// </summary>
/// <param name="Driver"><c>json-file</c>, <c>local</c> or <c>none</c>.</param>
/// <param name="MaxSize">Bytes after which a new file is begun; -1 for never.</param>
/// <param name="MaxFiles">How many files are kept, the current one included.</param>
/// <param name="Compress">Whether rotated files are compressed.</param>
/// <param name="Options">The options as given, for <see cref="Attributes"/>.</param>
public sealed record LogSettings(string Driver, long MaxSize, int MaxFiles, bool Compress, IReadOnlyDictionary<string, string> Options)
{
    private const long DefaultSize = 10 << 20;
    private const int DefaultFiles = 3;
    private static readonly TimeSpan MatchTime = TimeSpan.FromSeconds(1);

    /// <summary>Whether there is a log.</summary>
    public bool KeepsLog => Driver != "none";

    /// <summary>Reads a log configuration that <see cref="LogRules"/> has let pass; what cannot be read takes its default.</summary>
    public static LogSettings Parse(LogConfig config)
    {
        var options = config.Config ?? new Dictionary<string, string>();
        var size = options.GetValueOrDefault("max-size") switch
        {
            null => DefaultSize,
            "-1" => -1,
            var text => LogRules.ParseSize(text) ?? DefaultSize,
        };
        var files = int.TryParse(options.GetValueOrDefault("max-file"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : DefaultFiles;
        var compress = options.GetValueOrDefault("compress")?.ToLowerInvariant() is "true" or "1" or "t";
        return new LogSettings(config.Type.Length == 0 ? "json-file" : config.Type, size, Math.Max(files, 1), compress && files > 1, options);
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

    // Without backtracking: the pattern is the user's.
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
}
