using System.Text;

namespace Slipway.Compose.Files;

/// <summary>
/// Reads files of variables (<c>.env</c>, <c>env_file</c>): <c>NAME=value</c>, <c>export NAME=value</c>, <c>NAME</c> for the client's own value, comments,
/// single quotes without and double quotes with escapes and variables, over several lines.
/// </summary>
public sealed class EnvFile
{
    private readonly string _file;
    private readonly string _text;
    private readonly OrderedDictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Interpolation _interpolation;
    private int _at;
    private int _line = 1;

    private EnvFile(string file, string text, Func<string, string?> lookup)
    {
        (_file, _text) = (file, text.Replace("\r\n", "\n", StringComparison.Ordinal).TrimStart('\uFEFF'));
        _interpolation = new Interpolation(name => lookup(name) ?? _values.GetValueOrDefault(name));
    }

    /// <summary>The variables of a text, in its order; a later one of a name wins.</summary>
    /// <param name="file">Path for messages.</param>
    /// <param name="text">Content of the file.</param>
    /// <param name="lookup">Variables that exist outside of the file, which win in <c>${…}</c>.</param>
    /// <exception cref="ComposeException">A line that is no variable.</exception>
    public static IReadOnlyDictionary<string, string> Read(string file, string text, Func<string, string?> lookup)
    {
        EnvFile reader = new(file, text, lookup);
        while (reader.SkipToName())
        {
            reader.ReadOne(lookup);
        }

        return reader._values;
    }

    /// <summary>The <c>raw</c> format: every line as it is, nothing quoted and nothing put in.</summary>
    public static IReadOnlyDictionary<string, string> ReadRaw(string file, string text, Func<string, string?> lookup)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in text.TrimStart('\uFEFF').Split('\n').Select(l => l.TrimEnd('\r')))
        {
            number++;
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? line.Trim() : line[..equals].TrimStart();
            if (name.Length == 0 && equals < 0 || name.StartsWith('#'))
            {
                continue;
            }

            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
            {
                throw new ComposeException(new Position(file, number, 1), "", $"\"{name}\" is no name of a variable");
            }

            if ((equals < 0 ? lookup(name) : line[(equals + 1)..]) is { } value)
            {
                values[name] = value;
            }
        }

        return values;
    }

    private bool SkipToName()
    {
        while (_at < _text.Length && (char.IsWhiteSpace(_text[_at]) || _text[_at] == '#'))
        {
            if (_text[_at] == '#')
            {
                _at = EndOfLine();
            }
            else
            {
                Next();
            }
        }

        return _at < _text.Length;
    }

    private void ReadOne(Func<string, string?> lookup)
    {
        int end = EndOfLine();
        string line = _text[_at..end];
        if (line.StartsWith("export ", StringComparison.Ordinal))
        {
            _at += "export ".Length;
            line = _text[_at..end];
        }

        int sign = line.AsSpan().IndexOfAny('=', ':');
        string name = (sign < 0 ? line.Split('#')[0] : line[..sign]).Trim();
        if (name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || c is '"' or '\'' or '$'))
        {
            throw Fault($"\"{name}\" is no name of a variable");
        }

        if (sign < 0)
        {
            _at = end;
            if (lookup(name) is { } inherited)
            {
                _values[name] = inherited;
            }

            return;
        }

        _at += sign + 1;
        while (_at < end && _text[_at] is ' ' or '\t')
        {
            _at++;
        }

        _values[name] = Value(end);
    }

    private string Value(int end)
    {
        if (_at < end && _text[_at] is '"' or '\'')
        {
            return Quoted(_text[_at]);
        }

        string value = _text[_at..end];
        int comment = value.StartsWith('#') ? 0 : value.IndexOf(" #", StringComparison.Ordinal);
        value = (comment < 0 ? value : value[..comment]).Trim();
        _at = end;
        return Apply(value);
    }

    private string Quoted(char quote)
    {
        StringBuilder value = new();
        int opened = _line;
        _at++;
        while (_at < _text.Length && _text[_at] != quote)
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length && (quote == '"' || _text[_at + 1] == '\''))
            {
                _at++;
                value.Append(_text[_at] switch { 'n' when quote == '"' => "\n", 'r' when quote == '"' => "\r", 't' when quote == '"' => "\t", '$' => "$$", var c => c.ToString() });
                Next();
                continue;
            }

            value.Append(_text[_at]);
            Next();
        }

        if (_at >= _text.Length)
        {
            throw new ComposeException(new Position(_file, opened, 1), "", "the quotes are not closed");
        }

        _at = EndOfLine();
        return quote == '"' ? Apply(value.ToString()) : value.ToString();
    }

    private string Apply(string value)
    {
        try
        {
            return _interpolation.Apply(value);
        }
        catch (FormatException e)
        {
            throw Fault(e.Message);
        }
    }

    private int EndOfLine() => _text.IndexOf('\n', _at) is >= 0 and var end ? end : _text.Length;

    private void Next()
    {
        _line += _text[_at] == '\n' ? 1 : 0;
        _at++;
    }

    private ComposeException Fault(string reason) => new(new Position(_file, _line, 1), "", reason);
}
