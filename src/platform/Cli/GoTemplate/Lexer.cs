using System.Text;

namespace Slipway.Cli.GoTemplate;

/// <summary>Cuts a template into tokens: text outside <c>{{ }}</c>, and the words inside, with <c>{{-</c> and <c>-}}</c> trimming.</summary>
internal sealed class Lexer(string source)
{
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;

    public static List<Token> Scan(string source) => new Lexer(source).Scan();

    private List<Token> Scan()
    {
        bool trimNext = false;
        while (_position < source.Length)
        {
            int open = source.IndexOf("{{", _position, StringComparison.Ordinal);
            string text = open < 0 ? source[_position..] : source[_position..open];
            if (trimNext)
            {
                text = text.TrimStart();
            }

            bool trimBefore = open >= 0 && IsTrimMarker(open + 2);
            Emit(TokenKind.Text, trimBefore ? text.TrimEnd() : text);
            _line += text.Count(c => c == '\n');
            if (open < 0)
            {
                break;
            }

            _position = open + 2 + (trimBefore ? 2 : 0);
            trimNext = Action();
        }

        Emit(TokenKind.End, "");
        return _tokens;
    }

    private bool IsTrimMarker(int at) => at + 1 < source.Length && source[at] == '-' && char.IsWhiteSpace(source[at + 1]);

    /// <summary>Reads one action up to its closing delimiter; answers whether that one trims the text after it.</summary>
    private bool Action()
    {
        if (source.AsSpan(_position).TrimStart().StartsWith("/*"))
        {
            return Comment();
        }

        Emit(TokenKind.LeftDelimiter, "{{");
        while (_position < source.Length)
        {
            bool trim = char.IsWhiteSpace(source[_position]) && string.CompareOrdinal(source, _position + 1, "-}}", 0, 3) == 0;
            if (trim || string.CompareOrdinal(source, _position, "}}", 0, 2) == 0)
            {
                _position += trim ? 4 : 2;
                Emit(TokenKind.RightDelimiter, "}}");
                return trim;
            }

            Word(source[_position]);
        }

        throw Error("unclosed action");
    }

    private bool Comment()
    {
        int end = source.IndexOf("*/", _position, StringComparison.Ordinal);
        int close = end < 0 ? -1 : source.IndexOf("}}", end, StringComparison.Ordinal);
        if (close < 0)
        {
            throw Error("unclosed comment");
        }

        _position = close + 2;
        return source[close - 1] == '-';
    }

    private void Word(char c)
    {
        switch (c)
        {
            case ' ' or '\t' or '\r' or '\n':
                if (c == '\n')
                {
                    _line++;
                }

                Emit(TokenKind.Space, " ", 1);
                break;
            case '"': Quoted(); break;
            case '`': Raw(); break;
            case '\'': Character(); break;
            case '|': Emit(TokenKind.Pipe, "|", 1); break;
            case '(': Emit(TokenKind.LeftParenthesis, "(", 1); break;
            case ')': Emit(TokenKind.RightParenthesis, ")", 1); break;
            case ',': Emit(TokenKind.Comma, ",", 1); break;
            case '=': Emit(TokenKind.Assign, "=", 1); break;
            case ':' when Next() == '=': Emit(TokenKind.Declare, ":=", 2); break;
            case '.' when !char.IsAsciiDigit(Next()): Field(); break;
            case '$': Emit(TokenKind.Variable, "$" + Name(_position + 1)); _position += _tokens[^1].Text.Length; break;
            default: IdentifierOrNumber(c); break;
        }
    }

    private char Next() => _position + 1 < source.Length ? source[_position + 1] : '\0';

    private void Field()
    {
        string name = Name(_position + 1);
        Emit(name.Length == 0 ? TokenKind.Dot : TokenKind.Field, name, name.Length + 1);
    }

    private void IdentifierOrNumber(char c)
    {
        if (char.IsAsciiDigit(c) || ((c is '-' or '+' or '.') && (char.IsAsciiDigit(Next()) || Next() == '.')))
        {
            int end = _position + 1;
            while (end < source.Length && (char.IsAsciiLetterOrDigit(source[end]) || source[end] is '.' or '_'))
            {
                end++;
            }

            Emit(TokenKind.Number, source[_position..end], end - _position);
            return;
        }

        string name = Name(_position);
        if (name.Length == 0)
        {
            throw Error($"unexpected {Escape(c)} in command");
        }

        Emit(TokenKind.Identifier, name, name.Length);
    }

    private string Name(int start)
    {
        int end = start;
        while (end < source.Length && (char.IsLetterOrDigit(source[end]) || source[end] == '_'))
        {
            end++;
        }

        return source[start..end];
    }

    private void Quoted()
    {
        int end = _position + 1;
        while (end < source.Length && source[end] != '"')
        {
            end += source[end] == '\\' ? 2 : 1;
        }

        if (end >= source.Length)
        {
            throw Error("unterminated quoted string");
        }

        Emit(TokenKind.String, Unescape(source[(_position + 1)..end]), end + 1 - _position);
    }

    private void Raw()
    {
        int end = source.IndexOf('`', _position + 1);
        if (end < 0)
        {
            throw Error("unterminated raw quoted string");
        }

        Emit(TokenKind.String, source[(_position + 1)..end], end + 1 - _position);
    }

    private void Character()
    {
        int end = _position + 1;
        while (end < source.Length && source[end] != '\'')
        {
            end += source[end] == '\\' ? 2 : 1;
        }

        if (end >= source.Length)
        {
            throw Error("unterminated character constant");
        }

        Emit(TokenKind.Character, Unescape(source[(_position + 1)..end]), end + 1 - _position);
    }

    private string Unescape(string text)
    {
        if (!text.Contains('\\'))
        {
            return text;
        }

        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            char escape = text[++i];
            int hex = escape switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (hex > 0)
            {
                int code = HexCode(text, i + 1, hex);
                result.Append(char.ConvertFromUtf32(code));
                i += hex;
                continue;
            }

            result.Append(escape switch
            {
                'n' => '\n', 't' => '\t', 'r' => '\r', 'a' => '\a', 'b' => '\b', 'f' => '\f', 'v' => '\v',
                '\\' or '"' or '\'' => escape,
                _ => throw Error("invalid syntax in quoted string"),
            });
        }

        return result.ToString();
    }

    private int HexCode(string text, int start, int length)
    {
        if (start + length > text.Length
            || !int.TryParse(text.AsSpan(start, length), System.Globalization.NumberStyles.HexNumber, null, out int code)
            || code is < 0 or > 0x10FFFF or (>= 0xD800 and <= 0xDFFF))
        {
            throw Error("invalid syntax in quoted string");
        }

        return code;
    }

    private void Emit(TokenKind kind, string text, int advance = 0)
    {
        if (kind != TokenKind.Text || text.Length > 0)
        {
            _tokens.Add(new Token(kind, text, _line));
        }

        _position += advance;
    }

    private static string Escape(char c) => $"U+{(int)c:X4} '{c}'";

    private TemplateException Error(string message) => new($"template: :{_line}: {message}");
}
