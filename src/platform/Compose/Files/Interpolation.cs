using System.Text;

namespace Slipway.Compose.Files;

/// <summary>
/// Puts variables into text: <c>$A</c>, <c>${A}</c>, <c>${A:-default}</c>, <c>${A-default}</c>, <c>${A:?message}</c>, <c>${A?message}</c>,
/// <c>${A:+other}</c>, <c>${A+other}</c>, nested in one another, and <c>$$</c> for a dollar sign.
/// </summary>
/// <param name="lookup">Value of a variable, or null.</param>
/// <param name="missing">Told about variables that are not set.</param>
public sealed class Interpolation(Func<string, string?> lookup, Action<string>? missing = null)
{
    private const int MaxLength = 1024 * 1024;
    private const int MaxDepth = 32;
    private long _total;

    /// <summary>A tree with all its texts interpolated; keys stay as they are.</summary>
    /// <exception cref="ComposeException">A form that is none, or a variable that must be set.</exception>
    public Node Apply(Node node, string path = "") => node switch
    {
        Mapping map => Apply(map, path),
        Sequence list => new Sequence(list.At, [.. list.Items.Select((item, i) => Apply(item, $"{path}[{i}]"))]) { Tag = list.Tag },
        Scalar { Kind: ScalarKind.Text } scalar when scalar.Text.Contains('$', StringComparison.Ordinal) => Apply(scalar, path),
        _ => node,
    };

    /// <summary>Text with its variables put in.</summary>
    /// <exception cref="FormatException">A form that is none, a variable that must be set, or a result too long.</exception>
    public string Apply(string text)
    {
        int at = 0;
        return Read(text, ref at, nested: false, wanted: true, 0);
    }

    private Mapping Apply(Mapping map, string path)
    {
        Mapping copy = new(map.At) { Tag = map.Tag };
        foreach (Mapping.Entry entry in map.Entries)
        {
            copy.Set(entry.Key, Apply(entry.Value, path.Length == 0 ? entry.Key : $"{path}.{entry.Key}"), entry.At);
        }

        return copy;
    }

    private Scalar Apply(Scalar scalar, string path)
    {
        try
        {
            return new Scalar(scalar.At, Apply(scalar.Text)) { Tag = scalar.Tag, Interpolated = true };
        }
        catch (FormatException e)
        {
            throw new ComposeException(scalar.At, path, e.Message);
        }
    }

    private string Read(string text, ref int at, bool nested, bool wanted, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new FormatException($"variables are nested deeper than {MaxDepth}");
        }

        StringBuilder result = new();
        while (at < text.Length && !(nested && text[at] == '}'))
        {
            if (text[at] != '$')
            {
                result.Append(text[at++]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '$')
            {
                result.Append('$');
                at += 2;
            }
            else
            {
                result.Append(Variable(text, ref at, wanted, depth));
            }

            _total = result.Length > MaxLength || _total > 16 * MaxLength
                ? throw new FormatException("the text becomes too long when its variables are put in") : _total + 1;
        }

        return result.ToString();
    }

    private string Variable(string text, ref int at, bool wanted, int depth)
    {
        int start = at++;
        bool braced = at < text.Length && text[at] == '{';
        at += braced ? 1 : 0;
        string name = Name(text, ref at);
        if (name.Length == 0)
        {
            throw Invalid(text, start);
        }

        if (!braced)
        {
            return wanted ? Value(name) : "";
        }

        string value = Braced(text, ref at, start, name, wanted, depth);
        if (at >= text.Length || text[at] != '}')
        {
            throw Invalid(text, start);
        }

        at++;
        return value;
    }

    private string Braced(string text, ref int at, int start, string name, bool wanted, int depth)
    {
        if (at < text.Length && text[at] == '}')
        {
            return wanted ? Value(name) : "";
        }

        bool colon = at < text.Length && text[at] == ':';
        at += colon ? 1 : 0;
        char form = at < text.Length ? text[at++] : '\0';
        string? value = lookup(name);
        bool set = colon ? !string.IsNullOrEmpty(value) : value is not null;
        bool other = wanted && form switch
        {
            '-' or '?' => !set,
            '+' => set,
            _ => throw Invalid(text, start),
        };
        string word = Read(text, ref at, nested: true, other, depth + 1);
        return form switch
        {
            '?' when other => throw new FormatException($"required variable {name} is missing a value{(word.Length > 0 ? ": " + word : "")}"),
            '+' => other ? word : "",
            _ => other ? word : wanted ? value ?? "" : "",
        };
    }

    private string Value(string name)
    {
        string? value = lookup(name);
        if (value is null)
        {
            missing?.Invoke(name);
        }

        _total += value?.Length ?? 0;
        return value ?? "";
    }

    private static string Name(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] == '_' || (at > start && char.IsAsciiDigit(text[at]))))
        {
            at++;
        }

        return text[start..at];
    }

    private static FormatException Invalid(string text, int start) =>
        new($"invalid interpolation at \"{text[start..Math.Min(text.Length, start + 40)]}\" (write $$ for a dollar sign)");
}
