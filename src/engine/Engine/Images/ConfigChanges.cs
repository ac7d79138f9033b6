using System.Globalization;
using System.Text.Json;
using Slipway.DockerApi;

namespace Slipway.Engine.Images;

/// <summary>The Dockerfile instructions that <c>--change</c> of import and commit takes, applied to a config.</summary>
public static class ConfigChanges
{
    private static readonly string[] DefaultShell = ["/bin/sh", "-c"];

    /// <summary>Applies instructions in order.</summary>
    /// <exception cref="EngineException">InvalidArgument, with Docker's text where it has one.</exception>
    public static ContainerConfig Apply(ContainerConfig config, IReadOnlyList<string> changes)
    {
        var setsCommand = false;
        foreach (var line in changes.SelectMany(change => change.Split('\n')).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var end = line.IndexOfAny([' ', '\t']);
            var name = (end < 0 ? line : line[..end]).ToUpperInvariant();
            var rest = end < 0 ? "" : line[end..].Trim();
            if (rest.Length == 0)
            {
                throw EngineException.Invalid($"dockerfile parse error: {name} requires at least one argument");
            }

            // An entry point makes the command of the image it replaces meaningless.
            setsCommand |= name == "CMD";
            config = name == "ENTRYPOINT" && !setsCommand ? One(config with { Cmd = null }, name, rest) : One(config, name, rest);
        }

        return config;
    }

    private static ContainerConfig One(ContainerConfig config, string name, string rest) => name switch
    {
        "CMD" => config with { Cmd = Command(config, rest) },
        "ENTRYPOINT" => config with { Entrypoint = Command(config, rest) },
        "ENV" => config with { Env = SetEnvironment(config.Env ?? [], Pairs(Expand(config, rest), name)) },
        "LABEL" => config with { Labels = Set(config.Labels, Pairs(Expand(config, rest), name)) },
        "EXPOSE" => config with { ExposedPorts = Add(config.ExposedPorts, InstructionWords.Split(Expand(config, rest)).SelectMany(Ports)) },
        "USER" => config with { User = Expand(config, rest) },
        "VOLUME" => config with { Volumes = Add(config.Volumes, Json(rest) ?? InstructionWords.Split(Expand(config, rest))) },
        "WORKDIR" => config with { WorkingDir = Join(config.WorkingDir, Expand(config, rest)) },
        "STOPSIGNAL" => config with { StopSignal = Expand(config, rest) },
        "HEALTHCHECK" => config with { Healthcheck = HealthInstruction.Parse(rest) },
        "ONBUILD" => config with { OnBuild = [.. config.OnBuild ?? [], rest] },
        _ => throw EngineException.Invalid($"{name.ToLowerInvariant()} is not a valid change command"),
    };

    internal static IReadOnlyList<string> Command(ContainerConfig config, string rest) =>
        Json(rest) ?? [.. config.Shell is { Count: > 0 } shell ? shell : DefaultShell, rest];

    /// <summary>The JSON form of an instruction; null when it is not that form.</summary>
    internal static IReadOnlyList<string>? Json(string rest)
    {
        if (!rest.StartsWith('['))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(rest, new JsonDocumentOptions { MaxDepth = 4 });
            var words = document.RootElement.EnumerateArray().ToList();
            return words.All(word => word.ValueKind == JsonValueKind.String) ? [.. words.Select(word => word.GetString()!)] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Expand(ContainerConfig config, string text) => InstructionWords.Expand(text, config.Env ?? []);

    // NAME=value NAME2="other value", or the old form NAME value.
    private static List<KeyValuePair<string, string>> Pairs(string rest, string name)
    {
        var words = InstructionWords.Split(rest);
        if (words.Count > 0 && !words[0].Contains('=', StringComparison.Ordinal))
        {
            var space = rest.IndexOfAny([' ', '\t']);
            return space < 0
                ? throw EngineException.Invalid($"dockerfile parse error: {name} must have two arguments")
                : [new(rest[..space], rest[space..].Trim())];
        }

        return [.. words.Select(word => word.IndexOf('=', StringComparison.Ordinal) is var at and > 0
            ? KeyValuePair.Create(word[..at], word[(at + 1)..])
            : throw EngineException.Invalid($"dockerfile parse error: Syntax error - can't find = in \"{word}\". Must be of the form: name=value"))];
    }

    private static List<string> SetEnvironment(IReadOnlyList<string> env, List<KeyValuePair<string, string>> pairs)
    {
        var lines = env.ToList();
        foreach (var (key, value) in pairs)
        {
            var at = lines.FindIndex(line => line.StartsWith(key + "=", StringComparison.Ordinal));
            if (at >= 0)
            {
                lines[at] = $"{key}={value}";
            }
            else
            {
                lines.Add($"{key}={value}");
            }
        }

        return lines;
    }

    private static Dictionary<string, string> Set(IReadOnlyDictionary<string, string>? labels, List<KeyValuePair<string, string>> pairs)
    {
        var all = labels?.ToDictionary() ?? [];
        pairs.ForEach(pair => all[pair.Key] = pair.Value);
        return all;
    }

    private static Dictionary<string, EmptyObject> Add(IReadOnlyDictionary<string, EmptyObject>? present, IEnumerable<string> names)
    {
        var all = present?.ToDictionary() ?? [];
        foreach (var name in names)
        {
            all[name] = new EmptyObject();
        }

        return all;
    }

    private static IEnumerable<string> Ports(string word)
    {
        var parts = word.Split('/');
        var range = parts[0].Split('-');
        var protocol = parts.Length == 1 ? "tcp" : parts[1].ToLowerInvariant();
        if (parts.Length > 2 || range.Length > 2 || protocol is not ("tcp" or "udp" or "sctp")
            || !ushort.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !ushort.TryParse(range[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) || last < first)
        {
            throw EngineException.Invalid($"invalid containerPort: {word}");
        }

        return Enumerable.Range(first, last - first + 1).Select(port => $"{port.ToString(CultureInfo.InvariantCulture)}/{protocol}");
    }

    private static string Join(string current, string path)
    {
        var parts = new List<string>();
        foreach (var part in (path.StartsWith('/') ? path : $"{current}/{path}").Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }
}
