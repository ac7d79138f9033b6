using System.Globalization;
using System.Text;

namespace Slipway.Toml;

/// <summary>Reads TOML 1.0 (toml.io/en/v1.0.0) as configuration files use it. Dates and times stay text.</summary>
public sealed class TomlReader
{
    private const int Deepest = 16;

    private readonly string _text;
    private int _at;

    private TomlReader(string text) => _text = text;

    /// <summary>Reads a document.</summary>
    /// <exception cref="FormatException">With the line number.</exception>
    public static TomlTable Parse(string text) => new TomlReader(text).Document();

    private char Next => _at < _text.Length ? _text[_at] : '\0';

    private TomlTable Document()
    {
        var root = new TomlTable();
        var table = root;
        for (Blank(lines: true); _at < _text.Length; Blank(lines: true))
        {
            if (Next == '[')
            {
                table = Header(root);
            }
            else
            {
                Assign(table);
            }

            Blank(lines: false);
            if (_at < _text.Length && Next != '\n')
            {
                throw Wrong("the end of the line was expected");
            }
        }

        return root;
    }

    private TomlTable Header(TomlTable root)
    {
        _at++;
        if (Next != '[')
        {
            var table = Descend(root, Keys());
            Expect(']');
            return table;
        }

        _at++;
        var keys = Keys();
        Expect(']');
        Expect(']');
        var parent = Descend(root, keys[..^1]);
        parent.TryAdd(keys[^1], new List<object>());
        var tables = parent[keys[^1]] as List<object> ?? throw Wrong($"\"{keys[^1]}\" is no list of tables");
        tables.Add(new TomlTable());
        return (TomlTable)tables[^1];
    }

    private void Assign(TomlTable table, int depth = 0)
    {
        var keys = Keys();
        Expect('=');
        Blank(lines: false);
        var target = Descend(table, keys[..^1]);
        if (!target.TryAdd(keys[^1], Value(depth)))
        {
            throw Wrong($"\"{keys[^1]}\" is given twice");
        }
    }

    private TomlTable Descend(TomlTable table, List<string> keys)
    {
        foreach (var key in keys)
        {
            if (!table.TryGetValue(key, out var inner))
            {
                table[key] = inner = new TomlTable();
            }

            table = inner as TomlTable ?? (inner as List<object>)?.LastOrDefault() as TomlTable ?? throw Wrong($"\"{key}\" is no table");
        }

        return table;
    }

    private List<string> Keys()
    {
        var keys = new List<string>();
        while (true)
        {
            Blank(lines: false);
            keys.Add(Next is '"' or '\'' ? Text() : Bare());
            Blank(lines: false);
            if (Next != '.' || keys.Count > Deepest)
            {
                return keys;
            }

            _at++;
        }
    }

    private string Bare()
    {
        var start = _at;
        while (char.IsAsciiLetterOrDigit(Next) || Next is '-' or '_')
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw Wrong("a key was expected");
    }

    private object Value(int depth)
    {
        if (depth > Deepest)
        {
            throw Wrong("nested too deep");
        }

        switch (Next)
        {
            case '"' or '\'':
                return _text.AsSpan(_at).StartsWith(Next == '"' ? "\"\"\"" : "'''") ? LongText() : Text();
            case '[':
                return List(depth);
            case '{':
                return Inline(depth);
        }

        var start = _at;
        while (char.IsAsciiLetterOrDigit(Next) || Next is '-' or '+' or '_' or '.' or ':')
        {
            _at++;
        }

        var word = _text[start.._at];
        return word switch
        {
            "true" => true,
            "false" => false,
            _ when long.TryParse(word.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            _ when double.TryParse(word.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            [>= '0' and <= '9', ..] when word.AsSpan().ContainsAny('-', ':') => word,
            _ => throw Wrong($"\"{word}\" is no value"),
        };
    }

    private List<object> List(int depth)
    {
        var items = new List<object>();
        for (_at++; ; Comma(']', lines: true))
        {
            Blank(lines: true);
            if (Next == ']')
            {
                _at++;
                return items;
            }

            items.Add(Value(depth + 1));
        }
    }

    private TomlTable Inline(int depth)
    {
        var table = new TomlTable();
        for (_at++; ; Comma('}', lines: false))
        {
            Blank(lines: false);
            if (Next == '}')
            {
                _at++;
                return table;
            }

            Assign(table, depth + 1);
        }
    }

    private void Comma(char end, bool lines)
    {
        Blank(lines);
        if (Next != end)
        {
            Expect(',');
        }
    }

    private string Text()
    {
        var quote = _text[_at++];
        var text = new StringBuilder();
        while (Next != quote)
        {
            if (Next is '\0' or '\n')
            {
                throw Wrong("a text does not end");
            }

            Take(text, quote);
        }

        _at++;
        return text.ToString();
    }

    private string LongText()
    {
        var quote = Next;
        var end = new string(quote, 3);
        _at += _text.AsSpan(_at + 3).StartsWith("\r\n") ? 5 : _text.AsSpan(_at + 3).StartsWith("\n") ? 4 : 3;
        var text = new StringBuilder();
        while (!_text.AsSpan(_at).StartsWith(end) || _text.AsSpan(_at + 3).StartsWith(end.AsSpan(0, 1)))
        {
            if (_at >= _text.Length)
            {
                throw Wrong("a text does not end");
            }

            if (quote == '"' && Next == '\\' && _text.AsSpan(_at + 1).TrimStart(" \t\r") is ['\n', ..])
            {
                for (_at++; char.IsWhiteSpace(Next); _at++)
                {
                }

                continue;
            }

            Take(text, quote);
        }

        _at += 3;
        return text.ToString();
    }

    private void Take(StringBuilder text, char quote)
    {
        if (Next != '\\' || quote != '"')
        {
            text.Append(_text[_at++]);
        }
        else if (_text.AsSpan(_at + 1) is ['u' or 'U', ..])
        {
            var digits = _text[_at + 1] == 'u' ? 4 : 8;
            if (_at + 2 + digits > _text.Length
                || !uint.TryParse(_text.AsSpan(_at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point) || !Rune.IsValid(point))
            {
                throw Wrong("unknown escape in a text");
            }

            text.Append(new Rune(point).ToString());
            _at += 2 + digits;
        }
        else
        {
            text.Append(Escape());
        }
    }

    private char Escape()
    {
        _at += 2;
        return (_at <= _text.Length ? _text[_at - 1] : '\0') switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\b',
            'f' => '\f',
            '"' => '"',
            '\\' => '\\',
            _ => throw Wrong("unknown escape in a text"),
        };
    }

    private void Expect(char wanted)
    {
        Blank(lines: false);
        if (Next != wanted)
        {
            throw Wrong($"'{wanted}' was expected");
        }

        _at++;
    }

    private void Blank(bool lines)
    {
        while (_at < _text.Length)
        {
            if (Next == '#')
            {
                var end = _text.IndexOf('\n', _at);
                _at = end < 0 ? _text.Length : end;
            }
            else if (Next is ' ' or '\t' or '\r' || (lines && Next == '\n'))
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private FormatException Wrong(string what) => new($"line {_text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n') + 1}: {what}");
}
