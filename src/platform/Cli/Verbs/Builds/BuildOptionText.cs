using Slipway.BuildClient;
using Slipway.Cli.Options;

namespace Slipway.Cli.Verbs.Builds;

/// <summary>Reads values like <c>type=local,dest=out</c>, and their short forms.</summary>
internal static class BuildOptionText
{
    /// <summary>An output: a directory, <c>-</c> for a tar on standard output, or fields.</summary>
    public static BuildOption Output(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            return text == "-" ? Make("tar", ("dest", "-")) : Make("local", ("dest", text));
        }

        BuildOption option = Read(text, "");
        return option.Type.Length == 0 ? throw new CommandException($"type is required for output: {text}")
            : option.Type == "local" && !option.Options.ContainsKey("dest") ? throw new CommandException("dest is required for local output")
            : option;
    }

    /// <summary>A cache: a name of an image, or fields.</summary>
    public static BuildOption Cache(string text) => text.Contains('=', StringComparison.Ordinal)
        ? Read(text, "") is { Type.Length: > 0 } option ? option : throw new CommandException($"type required form> \"{text}\"")
        : Make("registry", ("ref", text));

    /// <summary>Caches whose fields were taken apart at their commas already: what has no equals sign, or is a type, begins one.</summary>
    public static IReadOnlyList<BuildOption> Caches(IReadOnlyList<string> fields)
    {
        List<string> texts = [];
        foreach (string field in fields)
        {
            if (texts.Count == 0 || field.StartsWith("type=", StringComparison.Ordinal) || !field.Contains('=', StringComparison.Ordinal))
            {
                texts.Add(field);
            }
            else
            {
                texts[^1] += "," + field;
            }
        }

        return [.. texts.Select(Cache)];
    }

    /// <summary>A secret; with nothing but an id it is the variable of that name, else the file.</summary>
    /// <exception cref="CommandException">It has no id, or no file.</exception>
    public static BuildSecret Secret(string text)
    {
        BuildOption option = Read(text, "");
        string id = option.Options.GetValueOrDefault("id") ?? throw new CommandException("id is required for secret: " + text);
        string? file = option.Options.GetValueOrDefault("src") ?? option.Options.GetValueOrDefault("source");
        string? variable = option.Options.GetValueOrDefault("env") ?? (option.Type == "env" ? file ?? id : null);
        if (variable is null && file is null && option.Type != "file" && Environment.GetEnvironmentVariable(id) is not null)
        {
            variable = id;
        }

        if (variable is not null)
        {
            return new BuildSecret(id, null, Environment.GetEnvironmentVariable(variable) ?? "");
        }

        string path = Path.GetFullPath(file ?? id);
        return File.Exists(path) ? new BuildSecret(id, path, null) : throw new CommandException($"failed to stat {path}: no such file or directory");
    }

    /// <summary>An agent: <c>default</c>, <c>id=socket</c> or <c>id=key,key</c>.</summary>
    public static BuildAgent Agent(string text)
    {
        (string id, string paths) = Pairs.Split(text);
        return new BuildAgent(id, paths.Length == 0 ? [] : paths.Split(','));
    }

    /// <summary><c>name:address</c> as BuildKit has it.</summary>
    public static string Host(string text)
    {
        int at = text.IndexOfAny(['=', ':']);
        string address = at > 0 ? text[(at + 1)..].Trim('[', ']') : throw new CommandException($"bad format for add-host: \"{text}\"");
        return $"{text[..at]}={address}";
    }

    /// <summary>Fields; the one named type is apart.</summary>
    public static BuildOption Read(string text, string usual)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        string type = usual;
        foreach (string field in CommaFields.Read(text))
        {
            (string name, string value) = Pairs.Split(field);
            if (name == "type")
            {
                type = value;
            }
            else
            {
                options[name] = field.Contains('=', StringComparison.Ordinal) ? value : "true";
            }
        }

        return new BuildOption(type, options);
    }

    private static BuildOption Make(string type, params (string Name, string Value)[] options) => new(type, options.ToDictionary(option => option.Name, option => option.Value));
}
