namespace Slipway.Build.Dockerfile;

/// <summary>A heredoc: text in lines below an instruction (Dockerfile reference, "Here-Documents").</summary>
/// <param name="Name">Word that ends it; also its file name in COPY and ADD.</param>
/// <param name="Content">The lines, with their line ends.</param>
/// <param name="Expand">Whether variables are expanded: no part of the word is quoted.</param>
/// <param name="Chomp">Whether leading tabs are removed (<c>&lt;&lt;-</c>).</param>
internal sealed record Heredoc(string Name, string Content, bool Expand, bool Chomp)
{
    /// <summary>The content as a file has it.</summary>
    internal string FileContent => Chomp ? WithoutTabs(Content) : Content;

    /// <summary>The heredocs that a line announces, still without content.</summary>
    internal static List<Heredoc> InLine(string line)
    {
        var found = new List<Heredoc>();
        if (!line.Contains("<<", StringComparison.Ordinal))
        {
            return found;
        }

        List<string> words;
        try
        {
            words = new WordExpander { KeepQuotes = true, KeepEscapes = true, KeepUnset = true }.Split(line, static _ => null).Words;
        }
        catch (SyntaxFault)
        {
            return found;
        }

        foreach (var word in words)
        {
            if (Parse(word) is { } heredoc)
            {
                found.Add(heredoc);
            }
        }

        return found;
    }

    /// <summary>Reads <c>[fd]&lt;&lt;[-]WORD</c>; null when the word is none.</summary>
    internal static Heredoc? Parse(string word)
    {
        var digits = word.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits < 0 || !word.AsSpan(digits).StartsWith("<<"))
        {
            return null;
        }

        var rest = word[(digits + 2)..];
        var chomp = rest.StartsWith('-');
        rest = chomp ? rest[1..] : rest;
        if (rest.Length == 0 || rest.Contains('<', StringComparison.Ordinal))
        {
            return null;
        }

        var expander = new WordExpander { KeepUnset = true };
        var plain = expander.Split(rest, static _ => null).Words;
        if (plain.Count != 1)
        {
            return null;
        }

        var raw = (expander with { KeepQuotes = true }).Split(rest, static _ => null).Words;
        return new(plain[0], "", raw.Count == 1 && Quotes(raw[0]) == Quotes(plain[0]), chomp);
    }

    private static int Quotes(string text) => text.Count(c => c is '\'' or '"');

    private static string WithoutTabs(string content)
    {
        var output = new System.Text.StringBuilder(content.Length);
        for (var rest = content.AsSpan(); !rest.IsEmpty;)
        {
            var end = rest.IndexOf('\n') + 1;
            var line = end == 0 ? rest : rest[..end];
            output.Append(line.TrimStart('\t'));
            rest = rest[line.Length..];
        }

        return output.ToString();
    }
}
