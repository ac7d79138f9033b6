using Slipway.Packs.Configuration;
using Slipway.Packs.Sources;
using Slipway.Packs.Versions;
using Slipway.Toml;

namespace Slipway.Packs.Providers;

/// <summary>What providers look at: the source, the variables of the build, and where they leave warnings.</summary>
internal sealed class PackContext(SourceTree source, IReadOnlyDictionary<string, string> variables)
{
    private readonly Dictionary<string, TomlTable?> _documents = [];

    internal SourceTree Source { get; } = source;

    internal List<string> Warnings { get; } = [];

    /// <summary>The release of the distribution whose images are used; providers that need a newer one change it.</summary>
    internal Stack Stack { get; set; } = Stack.Usual;

    /// <summary><c>NIXPACKS_NAME</c>, else <c>PACK_NAME</c>, without line ends; null when unset or empty.</summary>
    internal string? Setting(string name) => (Plain("NIXPACKS_" + name) ?? Plain("PACK_" + name))?.ReplaceLineEndings("");

    /// <summary>How a setting is called where it was set, for reasons.</summary>
    internal string SettingName(string name) => Plain("NIXPACKS_" + name) is null ? "PACK_" + name : "NIXPACKS_" + name;

    internal bool Switch(string name) => IsTrue(Setting(name));

    /// <summary>A variable of the build; null when unset or empty.</summary>
    internal string? Plain(string name) => variables.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    internal static bool IsTrue(string? value) => value is not null && (value == "1" || value.Equals("true", StringComparison.OrdinalIgnoreCase));

    internal static bool IsFalse(string? value) => value is not null && (value == "0" || value.Equals("false", StringComparison.OrdinalIgnoreCase));

    /// <summary>Warns once.</summary>
    internal void Warn(string warning)
    {
        if (!Warnings.Contains(warning))
        {
            Warnings.Add(warning);
        }
    }

    /// <summary>A JSON or TOML file as a tree; null when it is missing or (with a warning) unreadable.</summary>
    internal TomlTable? Document(string path)
    {
        if (_documents.TryGetValue(path, out var known))
        {
            return known;
        }

        TomlTable? document = null;
        try
        {
            document = Source.Text(path) is { } text ? path.EndsWith(".toml", StringComparison.Ordinal) || path == "Pipfile" ? TomlReader.Parse(text) : JsonTree.Parse(text) : null;
        }
        catch (FormatException e)
        {
            Warn($"{path} cannot be read: {e.Message}");
        }

        return _documents[path] = document;
    }

    /// <summary>The first word of the first line of a file that is no comment; null when there is none.</summary>
    internal string? FirstLine(string path) =>
        Source.Text(path)?.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0 && l[0] != '#');

    /// <summary>A tool's version in <c>.tool-versions</c> or <c>mise.toml</c>, with the file's name.</summary>
    internal (string Version, string File)? PinnedTool(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            foreach (var line in (Source.Text(".tool-versions") ?? "").Split('\n'))
            {
                var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                if (words.Length > 1 && words[0] == name)
                {
                    return (words[1], ".tool-versions");
                }
            }

            if (Document("mise.toml")?.Text("tools", name) is { } version)
            {
                return (version, "mise.toml");
            }
        }

        return null;
    }
}
