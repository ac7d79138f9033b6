using System.Text;
using System.Text.Json;

namespace Slipway.Build.Dockerfile;

/// <summary>How instructions cut their arguments into words.</summary>
internal static class ArgumentSplitter
{
    private static ReadOnlySpan<char> Spaces => "\t\v\f\r ";

    /// <summary>Name, flags and the rest of an instruction.</summary>
    internal static (string Name, List<string> Flags, string Arguments) Command(string text)
    {
        var line = text.AsSpan().Trim();
        var end = line.IndexOfAny(Spaces);
        if (end < 0)
        {
            return (line.ToString(), [], "");
        }

        var (flags, rest) = Flags(line[end..].TrimStart(Spaces).ToString());
        return (line[..end].ToString(), flags, rest.Trim());
    }

    /// <summary>Whether heredocs below the instruction belong to it: RUN, COPY and ADD, also behind ONBUILD, not in JSON form.</summary>
    internal static bool TakesHeredocs(string text)
    {
        var (name, _, rest) = Command(text);
        var keyword = Keywords.Find(name);
        if (keyword == Keyword.Onbuild)
        {
            (name, _, rest) = Command(rest);
            keyword = Keywords.Find(name);
        }

        return keyword is Keyword.Run or Keyword.Copy or Keyword.Add && Json(rest) is null;
    }

    /// <summary>Words parted by spaces.</summary>
    internal static List<string> Blanks(string rest)
    {
        var words = new List<string>();
        foreach (var range in rest.AsSpan().SplitAny(Spaces))
        {
            if (range.Start.Value < range.End.Value)
            {
                words.Add(rest[range]);
            }
        }

        return words;
    }

    /// <summary>Splits at the first run of spaces.</summary>
    internal static (string First, string? Tail) First(string rest)
    {
        var end = rest.AsSpan().IndexOfAny(Spaces);
        return end < 0 ? (rest, null) : (rest[..end], rest.AsSpan(end).TrimStart(Spaces).ToString());
    }

    /// <summary>Words parted by spaces outside of quotes; quotes and escapes stay.</summary>
    internal static List<string> Quoted(string rest, char escape)
    {
        var words = new List<string>();
        for (var i = 0; i < rest.Length;)
        {
            if (char.IsWhiteSpace(rest[i]))
            {
                i++;
                continue;
            }

            var end = WordEnd(rest, i, escape);
            var word = rest[i..end];
            if (word.Length > 0 && word != escape.ToString())
            {
                words.Add(word[^1] == escape && end == rest.Length && !Escaped(word, escape) ? word[..^1] : word);
            }

            i = end;
        }

        return words;
    }

    /// <summary>A JSON array of strings; null when the text is no JSON array.</summary>
    /// <exception cref="SyntaxFault">It is an array of something else.</exception>
    internal static List<string>? Json(string rest)
    {
        var text = rest.AsSpan().TrimStart();
        if (text.IsEmpty || text[0] != '[')
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text.ToString(), new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String)
                ? throw new SyntaxFault(
                    "when using JSON array syntax, arrays must be comprised of strings only", FaultNumber.Arguments, "[")
                : [.. document.RootElement.EnumerateArray().Select(item => item.GetString()!)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool Escaped(string word, char escape) => word.Length > 1 && word[^2] == escape;

    private static int WordEnd(string rest, int i, char escape)
    {
        var quote = '\0';
        for (; i < rest.Length; i++)
        {
            var c = rest[i];
            if (c == escape && quote != '\'')
            {
                i++;
            }
            else if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '\'' or '"')
            {
                quote = c;
            }
            else if (char.IsWhiteSpace(c))
            {
                return i;
            }
        }

        return rest.Length;
    }

    // Flags lose their quotes and backslashes; "--" ends them.
    private static (List<string> Flags, string Tail) Flags(string rest)
    {
        var flags = new List<string>();
        var i = 0;
        while (true)
        {
            while (i < rest.Length && char.IsWhiteSpace(rest[i]))
            {
                i++;
            }

            if (string.CompareOrdinal(rest, i, "--", 0, 2) != 0)
            {
                return (flags, rest[i..]);
            }

            var flag = Flag(rest, ref i);
            if (flag == "--")
            {
                return (flags, rest[i..]);
            }

            flags.Add(flag);
        }
    }

    private static string Flag(string rest, ref int i)
    {
        var word = new StringBuilder();
        var quote = '\0';
        for (; i < rest.Length; i++)
        {
            var c = rest[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                break;
            }

            if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                quote = c;
            }
            else if (c == '\\' && i + 1 < rest.Length)
            {
                word.Append(rest[++i]);
            }
            else if (c != '\\')
            {
                word.Append(c);
            }
        }

        return word.ToString();
    }
}
