using System.Text;

namespace Slipway.Engine.Images;

/// <summary>Words of an instruction: quotes, backslashes and variables as in a Dockerfile.</summary>
internal static class InstructionWords
{
    /// <summary>Splits at white space outside quotes and takes quotes and backslashes away.</summary>
    /// <exception cref="EngineException">InvalidArgument: a quote is not closed.</exception>
    internal static List<string> Split(string text)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (word is not null)
                {
                    words.Add(word.ToString());
                }

                word = null;
                continue;
            }

            word ??= new StringBuilder();
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
            }
            else if (c == quote || (quote == '\0' && c is '"' or '\''))
            {
                quote = quote == '\0' ? c : '\0';
            }
            else
            {
                word.Append(c);
            }
        }

        if (quote != '\0')
        {
            throw EngineException.Invalid($"dockerfile parse error: unexpected end of statement while looking for matching {(quote == '"' ? "double" : "single")}-quote");
        }

        return word is null ? words : [.. words, word.ToString()];
    }

    /// <summary>Replaces <c>$NAME</c> and <c>${NAME}</c> outside single quotes; <c>\$</c> stays a dollar sign.</summary>
    internal static string Expand(string text, IReadOnlyList<string> environment)
    {
        var result = new StringBuilder();
        var literal = false;
        for (var i = 0; i < text.Length; i++)
        {
            literal ^= text[i] == '\'';
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                result.Append(text[i + 1] == '$' ? "" : "\\").Append(text[++i]);
            }
            else if (text[i] == '$' && !literal && Name(text, i + 1) is { Length: > 0 } name)
            {
                result.Append(Value(name, environment));
                i += name.Length + (text[i + 1] == '{' ? 2 : 0);
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static string Name(string text, int start)
    {
        var braces = start < text.Length && text[start] == '{';
        var end = braces ? start + 1 : start;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
        {
            end++;
        }

        return braces ? (end < text.Length && text[end] == '}' ? text[(start + 1)..end] : "") : text[start..end];
    }

    private static string Value(string name, IReadOnlyList<string> environment) =>
        environment.LastOrDefault(line => line.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? "";
}
