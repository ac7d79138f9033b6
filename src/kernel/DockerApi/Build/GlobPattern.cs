namespace Slipway.DockerApi;

/// <summary>One component of a path pattern: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[^a]</c> and <c>\</c> as Go's filepath.Match reads them.</summary>
public sealed class GlobPattern(string pattern)
{
    /// <summary>Whether the text has anything to expand.</summary>
    public static bool HasWildcards(string text) => text.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>The text without the backslashes that protect its characters.</summary>
    public static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new System.Text.StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            plain.Append(text[i] == '\\' && i + 1 < text.Length ? text[++i] : text[i]);
        }

        return plain.ToString();
    }

    /// <summary>Whether a name matches. Takes time in the product of both lengths at most.</summary>
    /// <exception cref="FormatException">The pattern is malformed.</exception>
    public bool Matches(ReadOnlySpan<char> name)
    {
        var (p, n) = (0, 0);
        var (star, mark) = (-1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, n);
            }
            else if (p < pattern.Length && MatchOne(p, name[n]) is var next and >= 0)
            {
                (p, n) = (next, n + 1);
            }
            else if (star >= 0)
            {
                (p, n) = (star + 1, ++mark);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    // The position after the element at p when it matches, else -1.
    private int MatchOne(int p, char c) => pattern[p] switch
    {
        '?' => p + 1,
        '[' => MatchClass(p + 1, c),
        '\\' when p + 1 < pattern.Length => pattern[p + 1] == c ? p + 2 : -1,
        var literal => literal == c ? p + 1 : -1,
    };

    private int MatchClass(int p, char c)
    {
        var negated = p < pattern.Length && pattern[p] is '^' or '!';
        p += negated ? 1 : 0;
        var matched = false;
        for (var first = true; ; first = false)
        {
            if (p >= pattern.Length)
            {
                throw new FormatException($"syntax error in pattern: {pattern}");
            }

            if (pattern[p] == ']' && !first)
            {
                return matched != negated ? p + 1 : -1;
            }

            var low = Character(ref p);
            var high = low;
            if (p + 1 < pattern.Length && pattern[p] == '-' && pattern[p + 1] != ']')
            {
                p++;
                high = Character(ref p);
            }

            matched |= low <= c && c <= high;
        }
    }

    private char Character(ref int p)
    {
        p += pattern[p] == '\\' && p + 1 < pattern.Length ? 1 : 0;
        return pattern[p++];
    }
}
