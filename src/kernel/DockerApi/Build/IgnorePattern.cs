namespace Slipway.DockerApi;

/// <summary>One line of a <c>.dockerignore</c>: <c>*</c> <c>?</c> <c>[…]</c> within a name, <c>**</c> across directories, <c>\</c> escapes.</summary>
internal sealed class IgnorePattern
{
    private readonly string[] _parts;
    private readonly GlobPattern[] _names;
    private readonly bool _literal;
    private readonly string _text;

    internal IgnorePattern(string text, bool negated)
    {
        (_text, Negated) = (text, negated);
        _parts = text.Split('/');
        _names = [.. _parts.Select(part => new GlobPattern(part))];
        _literal = !text.AsSpan().ContainsAny("*?[\\");
        var wild = Array.FindIndex(_parts, part => part.AsSpan().ContainsAny("*?[\\"));
        LiteralPrefix = wild < 0 ? text : string.Join('/', _parts[..wild]);
    }

    /// <summary>The pattern without its <c>!</c>.</summary>
    internal string Text => _text;

    /// <summary>Whether it takes files back in (<c>!</c>).</summary>
    internal bool Negated { get; }

    /// <summary>The leading directories without wildcards.</summary>
    internal string LiteralPrefix { get; }

    /// <summary>Whether the path, or a directory that it lies in, matches.</summary>
    internal bool Matches(ReadOnlySpan<char> path)
    {
        if (_literal)
        {
            return path.StartsWith(_text, StringComparison.Ordinal) && (path.Length == _text.Length || path[_text.Length] == '/');
        }

        return MatchesBelow(path, 0);
    }

    // Whether the parts from a place on match the path or a directory above it.
    private bool MatchesBelow(ReadOnlySpan<char> path, int part)
    {
        while (part < _parts.Length)
        {
            if (_parts[part] == "**")
            {
                return DoubleStar(path, part);
            }

            if (path.IsEmpty)
            {
                return false;
            }

            var slash = path.IndexOf('/');
            var name = slash < 0 ? path : path[..slash];
            if (!_names[part].Matches(name))
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
        while (part + 1 < _parts.Length && _parts[part + 1] == "**")
        {
            part++;
        }

        if (part == _parts.Length - 1)
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
}
