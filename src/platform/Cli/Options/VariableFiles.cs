namespace Slipway.Cli.Options;

/// <summary>Environment variables and labels, from flags and from files.</summary>
internal static class VariableFiles
{
    /// <summary>Files first, then flags, so that flags win; a bare name takes the client's own value when it has one.</summary>
    /// <exception cref="FormatException">A line is no variable.</exception>
    public static List<string> Environment(IEnumerable<string> files, IEnumerable<string> flags) =>
        [.. files.SelectMany(f => Lines(f, fromClient: true)), .. flags.Select(FromClient)];

    /// <summary>Labels as a map, flags over files.</summary>
    public static Dictionary<string, string> Labels(IEnumerable<string> files, IEnumerable<string> flags)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach (string label in files.SelectMany(f => Lines(f, fromClient: false)).Concat(flags))
        {
            (string key, string value) = Pairs.Split(label);
            labels[key] = key.Length > 0 ? value : throw new FormatException($"invalid label '{label}': empty name");
        }

        return labels;
    }

    private static string FromClient(string variable)
    {
        (string name, _) = Pairs.Split(variable);
        if (name.Length == 0)
        {
            throw new FormatException($"invalid environment variable: {variable}");
        }

        return variable.Contains('=', StringComparison.Ordinal) || System.Environment.GetEnvironmentVariable(variable) is not { } value
            ? variable : variable + "=" + value;
    }

    private static IEnumerable<string> Lines(string file, bool fromClient)
    {
        foreach (string raw in File.ReadLines(file))
        {
            string line = raw.TrimStart('\uFEFF').TrimStart();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            (string name, _) = Pairs.Split(line);
            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
            {
                throw new FormatException(name.Length == 0 ? $"no variable name on line '{line}'" : $"variable '{name}' contains whitespaces");
            }

            if (line.Contains('=', StringComparison.Ordinal) || !fromClient)
            {
                yield return line;
            }
            else if (System.Environment.GetEnvironmentVariable(name) is { } value)
            {
                yield return name + "=" + value;
            }
        }
    }
}
