namespace Slipway.Build.Dockerfile;

/// <summary>Flags of one instruction, checked against the ones that it knows.</summary>
internal sealed class FlagSet
{
    private readonly Dictionary<string, List<string>> values = new(StringComparer.Ordinal);

    /// <summary>Reads flags. A name that ends in <c>!</c> is a switch, one that ends in <c>*</c> may be repeated.</summary>
    /// <exception cref="SyntaxFault">A flag is unknown, repeated or lacks its value.</exception>
    internal FlagSet(List<string> flags, params ReadOnlySpan<string> known)
    {
        foreach (var flag in flags)
        {
            var equals = flag.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? flag[2..] : flag[2..equals];
            var kind = Kind(name, known);
            if (values.ContainsKey(name) && kind != '*')
            {
                throw new SyntaxFault($"duplicate flag specified: {name}", FaultNumber.Flags, flag);
            }

            if (!values.TryGetValue(name, out var list))
            {
                values[name] = list = [];
            }

            list.Add(Value(flag, name, equals, kind));
        }
    }

    /// <summary>The value, or null when the flag was not given.</summary>
    internal string? this[string name] => values.TryGetValue(name, out var list) ? list[^1] : null;

    /// <summary>All values of a repeated flag.</summary>
    internal IReadOnlyList<string> All(string name) => values.TryGetValue(name, out var list) ? list : [];

    /// <summary>A switch; null when it was not given.</summary>
    internal bool? Switch(string name) => this[name] is { } value ? value == "true" : null;

    private static char Kind(string name, ReadOnlySpan<string> known)
    {
        foreach (var candidate in known)
        {
            if (candidate.AsSpan().TrimEnd("!*").SequenceEqual(name))
            {
                return candidate[^1];
            }
        }

        var names = known.ToArray().Select(candidate => candidate.TrimEnd('!', '*'));
        throw new SyntaxFault($"unknown flag: {name}", FaultNumber.Flags, "--" + name, Nearest.Find(name, names));
    }

    private static string Value(string flag, string name, int equals, char kind)
    {
        if (kind != '!')
        {
            return equals < 0 ? throw new SyntaxFault($"missing a value on flag: {name}", FaultNumber.Flags, flag) : flag[(equals + 1)..];
        }

        var value = equals < 0 ? "true" : flag[(equals + 1)..].ToLowerInvariant();
        return value switch
        {
            "true" or "false" => value,
            "" => throw new SyntaxFault($"missing a value on flag: {name}", FaultNumber.Flags, flag),
            _ => throw new SyntaxFault($"expecting boolean value for flag {name}, not: {flag[(equals + 1)..]}", FaultNumber.Flags, flag),
        };
    }
}
