using System.Text;

namespace Slipway.Build.Dockerfile;

/// <summary>One run of a <see cref="WordExpander"/> over a text.</summary>
internal sealed class WordScanner(WordExpander options, string text, Func<string, string?> variables, bool split)
{
    private const int MaxDepth = 100;

    private readonly Expansion result = new();
    private int position;
    private int depth;
    private long produced;

    private char Peek => position < text.Length ? text[position] : '\0';

    private bool AtEnd => position >= text.Length;

    internal Expansion Run()
    {
        result.Text = Until('\0', keepEscapes: false, split ? new WordCollector(result.Words) : null);
        return result;
    }

    // Up to the stop character, which is taken; 0 is the end of the text.
    private string Until(char stop, bool keepEscapes, WordCollector? words)
    {
        var output = new StringBuilder();
        while (!AtEnd)
        {
            var c = text[position];
            if (stop != '\0' && c == stop)
            {
                position++;
                return output.ToString();
            }

            if (c == '$')
            {
                var value = Append(output, Dollar());
                words?.AddSplit(value);
            }
            else if (c is '\'' or '"' && !options.IgnoreQuotes)
            {
                var value = Append(output, c == '"' ? DoubleQuoted() : SingleQuoted());
                words?.AddWhole(value);
            }
            else if (!Plain(output, keepEscapes, words))
            {
                break;
            }
        }

        if (stop != '\0')
        {
            throw Fault($"unexpected end of statement while looking for matching {stop}");
        }

        words?.End();
        return output.ToString();
    }

    private bool Plain(StringBuilder output, bool keepEscapes, WordCollector? words)
    {
        var c = text[position++];
        if (c != options.Escape)
        {
            output.Append(c);
            words?.Add(c);
            return true;
        }

        if (keepEscapes || options.KeepEscapes)
        {
            output.Append(c);
            words?.AddWhole([c]);
        }

        if (AtEnd)
        {
            return false;
        }

        var next = text[position++];
        output.Append(next);
        words?.AddWhole([next]);
        return true;
    }

    private string SingleQuoted()
    {
        var end = text.IndexOf('\'', position + 1);
        if (end < 0)
        {
            throw Fault("unexpected end of statement while looking for matching single-quote");
        }

        var inner = options.KeepQuotes ? text[position..(end + 1)] : text[(position + 1)..end];
        position = end + 1;
        return inner;
    }

    private string DoubleQuoted()
    {
        var output = new StringBuilder();
        Quote(output);
        while (true)
        {
            if (AtEnd)
            {
                throw Fault("unexpected end of statement while looking for matching double-quote");
            }

            var c = text[position];
            if (c == '"')
            {
                Quote(output);
                return output.ToString();
            }

            if (c == '$')
            {
                Append(output, Dollar());
                continue;
            }

            position++;
            if (c == options.Escape)
            {
                if (options.KeepEscapes && !AtEnd)
                {
                    output.Append(c);
                }

                // Only these can be escaped; before any other character the escape stays.
                c = !AtEnd && (Peek is '"' or '$' || Peek == options.Escape) ? text[position++]
                    : options.KeepEscapes && !AtEnd ? text[position++]
                    : c;
            }

            output.Append(c);
        }
    }

    private void Quote(StringBuilder output)
    {
        position++;
        if (options.KeepQuotes)
        {
            output.Append('"');
        }
    }

    private string Dollar()
    {
        position++;
        if (Peek != '{')
        {
            var name = Name();
            return name.Length == 0 ? "$" : Get(name) ?? (options.KeepUnset ? "$" + name : "");
        }

        position++;
        if (AtEnd)
        {
            throw Fault("syntax error: missing '}'");
        }

        if (Peek is '{' or '}' or ':')
        {
            throw Fault("syntax error: bad substitution");
        }

        if (++depth > MaxDepth)
        {
            throw new SyntaxFault("substitutions are nested too deeply", FaultNumber.Limit);
        }

        var value = Braces(Name());
        depth--;
        return value;
    }

    private string Braces(string name)
    {
        var c = AtEnd ? '\0' : text[position++];
        var colon = c == ':';
        if (colon)
        {
            c = AtEnd ? '\0' : text[position++];
        }

        switch (c)
        {
            case '}' when !colon:
                return Get(name) ?? (options.KeepUnset ? $"${{{name}}}" : "");
            case '-' or '+' or '?':
                return Default(name, c, colon);
            case '#' or '%' when !colon:
                return Trim(name, c);
            case '/' when !colon:
                return Replace(name);
            case '\0':
                throw Fault("syntax error: missing '}'");
            default:
                throw Fault($"unsupported modifier ({(colon ? ":" : "")}{c}) in substitution");
        }
    }

    private string Default(string name, char form, bool colon)
    {
        var word = Word('}', keepEscapes: false);
        var value = variables(name);
        var set = value is not null;
        if (options.KeepUnset && !set)
        {
            return $"${{{name}{(colon ? ":" : "")}{form}{word}}}";
        }

        if (set)
        {
            result.Used.Add(name);
        }

        var usable = set && !(colon && value!.Length == 0);
        return form switch
        {
            '-' => usable ? value! : word,
            '+' => usable ? word : "",
            _ when usable => value!,
            _ => throw Fault($"{name}: {(word.Length > 0 ? word : set ? "is not allowed to be empty" : "is not allowed to be unset")}"),
        };
    }

    private string Trim(string name, char form)
    {
        var longest = Peek == form;
        position += longest ? 1 : 0;
        var pattern = Word('}', keepEscapes: true);
        if (Get(name) is not { } value)
        {
            return options.KeepUnset ? $"${{{name}{form}{(longest ? form : "")}{pattern}}}" : "";
        }

        return form == '#' ? new ShellPattern(pattern).TrimStart(value, longest) : new ShellPattern(pattern).TrimEnd(value, longest);
    }

    private string Replace(string name)
    {
        var all = Peek == '/';
        position += all ? 1 : 0;
        var pattern = Word('/', keepEscapes: true);
        var replacement = Word('}', keepEscapes: false);
        return Get(name) is { } value ? new ShellPattern(pattern).Replace(value, replacement, all)
            : options.KeepUnset ? $"${{{name}/{(all ? "/" : "")}{pattern}/{replacement}}}"
            : "";
    }

    private string Word(char stop, bool keepEscapes)
    {
        try
        {
            return Until(stop, keepEscapes, words: null);
        }
        catch (SyntaxFault fault) when (fault.Number == FaultNumber.Expansion && AtEnd)
        {
            throw Fault(stop == '}' ? "syntax error: missing '}'" : "syntax error: missing '/' in ${");
        }
    }

    private string Name()
    {
        var start = position;
        if (char.IsAsciiDigit(Peek))
        {
            while (char.IsAsciiDigit(Peek))
            {
                position++;
            }
        }
        else if (Peek is '@' or '*' or '#' or '?' or '-' or '$' or '!')
        {
            position++;
        }
        else
        {
            while (!AtEnd && (char.IsLetterOrDigit(Peek) || Peek == '_'))
            {
                position++;
            }
        }

        return text[start..position];
    }

    private string? Get(string name)
    {
        var value = variables(name);
        (value is null ? result.Missing : result.Used).Add(name);
        return value;
    }

    private string Append(StringBuilder output, string value)
    {
        produced += value.Length;
        if (produced > WordExpander.MaxLength)
        {
            throw new SyntaxFault($"expanded text is longer than {WordExpander.MaxLength} characters", FaultNumber.Limit);
        }

        output.Append(value);
        return value;
    }

    private static SyntaxFault Fault(string message) => new(message, FaultNumber.Expansion);
}

/// <summary>Collects words that spaces part.</summary>
internal sealed class WordCollector(List<string> words)
{
    private readonly StringBuilder word = new();
    private bool open;

    internal void Add(char c)
    {
        if (!char.IsWhiteSpace(c))
        {
            word.Append(c);
            open = true;
        }
        else if (open && word.Length > 0)
        {
            End();
        }
    }

    internal void AddWhole(ReadOnlySpan<char> value)
    {
        word.Append(value);
        open = true;
    }

    internal void AddSplit(string value)
    {
        foreach (var c in value)
        {
            Add(c);
        }
    }

    internal void End()
    {
        if (word.Length > 0)
        {
            words.Add(word.ToString());
            word.Clear();
        }

        open = false;
    }
}
