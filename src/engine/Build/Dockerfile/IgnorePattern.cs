namespace Slipway.Build.Dockerfile;

/// <summary>One line of a <c>.dockerignore</c>: <c>*</c> <c>?</c> <c>[…]</c> within a name, <c>**</c> across directories, <c>\</c> escapes.</summary>
internal sealed class IgnorePattern
{
    private readonly string[] parts;
    private readonly bool literal;
    private readonly string text;

    internal IgnorePattern(string text, bool negated)
    {
        (this.text, Negated) = (text, negated);
        parts = text.Split('/');
        literal = !text.AsSpan().ContainsAny("*?[\\");
        var wild = Array.FindIndex(parts, part => part.AsSpan().ContainsAny("*?[\\"));
        LiteralPrefix = wild < 0 ? text : string.Join('/', parts[..wild]);
    }

    /// <summary>Whether it takes files back in (<c>!</c>).</summary>
    internal bool Negated { get; }

    /// <summary>The leading directories without wildcards.</summary>
    internal string LiteralPrefix { get; }

    /// <summary>Whether the path, or a directory that it lies in, matches.</summary>
    internal bool Matches(ReadOnlySpan<char> path)
    {
        if (literal)
        {
            return path.StartsWith(text, StringComparison.Ordinal) && (path.Length == text.Length || path[text.Length] == '/');
        }

        return MatchesBelow(path, 0);
    }

    // Whether the parts from a place on match the path or a directory above it.
    private bool MatchesBelow(ReadOnlySpan<char> path, int part)
    {
        while (part < parts.Length)
        {
            if (parts[part] == "**")
            {
                return DoubleStar(path, part);
            }

            if (path.IsEmpty)
            {
                return false;
            }

            var slash = path.IndexOf('/');
            var name = slash < 0 ? path : path[..slash];
            if (!MatchesName(name, parts[part]))
            {
                return false;
            }

            path = slash < 0 ? [] : path[(slash + 1)..];
            part++;
        }

        return true;
    }

    private bool DoubleStar(ReadOnlySpan<char> path, int part)
    {
        while (part + 1 < parts.Length && parts[part + 1] == "**")
        {
            part++;
        }

        if (part == parts.Length - 1)
        {
            return !path.IsEmpty;
        }

        while (!path.IsEmpty)
        {
            if (MatchesBelow(path, part + 1))
            {
                return true;
            }

            var slash = path.IndexOf('/');
            path = slash < 0 ? [] : path[(slash + 1)..];
        }

        return false;
    }

    // Wildcards within one name; on a mismatch the last star takes one character more.
    private static bool MatchesName(ReadOnlySpan<char> name, ReadOnlySpan<char> pattern)
    {
        var (n, p, starName, starPattern) = (0, 0, -1, -1);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (starPattern, starName) = (p++, n);
                continue;
            }

            var next = p < pattern.Length ? One(name[n], pattern, p) : -1;
            if (next >= 0)
            {
                (n, p) = (n + 1, next);
            }
            else if (starPattern >= 0)
            {
                (p, n) = (starPattern + 1, ++starName);
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart('*').IsEmpty;
    }

    // Matches one character; where the pattern goes on, or -1.
    private static int One(char c, ReadOnlySpan<char> pattern, int p)
    {
        switch (pattern[p])
        {
            case '?':
                return p + 1;
            case '\\' when p + 1 < pattern.Length:
                return pattern[p + 1] == c ? p + 2 : -1;
            case '[':
                var close = p + 2 < pattern.Length ? pattern[(p + 2)..].IndexOf(']') : -1;
                return close < 0 ? -1 : InClass(c, pattern.Slice(p + 1, close + 1)) ? p + close + 3 : -1;
            default:
                return pattern[p] == c ? p + 1 : -1;
        }
    }

    private static bool InClass(char c, ReadOnlySpan<char> set)
    {
        var negated = set.Length > 1 && set[0] is '^' or '!';
        var found = false;
        for (var i = negated ? 1 : 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= c >= set[i] && c <= set[i + 2];
                i += 2;
            }
            else
            {
                found |= set[i] == c;
            }
        }

        return found != negated;
    }
}
