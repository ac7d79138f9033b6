namespace Slipway.DockerApi;

/// <summary>
/// A <c>.dockerignore</c>: which files of a context are left out. The last pattern that matches a path, or a directory it lies in, decides.
/// </summary>
public sealed class IgnorePatterns
{
    private const int MaxPatterns = 100_000;

    private readonly IgnorePattern[] _patterns;

    private IgnorePatterns(IgnorePattern[] patterns)
    {
        _patterns = patterns;
        HasExceptions = Array.Exists(patterns, pattern => pattern.Negated);
    }

    /// <summary>Leaves out nothing.</summary>
    public static IgnorePatterns None { get; } = new([]);

    /// <summary>Whether no pattern is there.</summary>
    public bool IsEmpty => _patterns.Length == 0;

    /// <summary>Whether patterns with <c>!</c> are there.</summary>
    public bool HasExceptions { get; }

    /// <summary>The patterns, cleaned, as a client understands them.</summary>
    public IEnumerable<string> Patterns => _patterns.Select(pattern => (pattern.Negated ? "!" : "") + pattern.Text);

    /// <summary>Reads the file: one pattern a line, <c>#</c> comments, <c>!</c> exceptions.</summary>
    /// <exception cref="FormatException">A <c>!</c> stands alone, or there are too many patterns.</exception>
    public static IgnorePatterns Parse(string text)
    {
        var lines = text.TrimStart('\uFEFF').Split('\n').Where(line => !line.StartsWith('#')).Select(line => line.Trim());
        return From(lines);
    }

    /// <summary>Takes patterns one by one, as clients send them.</summary>
    /// <exception cref="FormatException">A <c>!</c> stands alone, or there are too many patterns.</exception>
    public static IgnorePatterns From(IEnumerable<string> patterns)
    {
        var list = new List<IgnorePattern>();
        foreach (var line in patterns)
        {
            var negated = line.StartsWith('!');
            var pattern = (negated ? line[1..] : line).Trim();
            if (negated && pattern.Length == 0)
            {
                throw new FormatException("illegal exclusion pattern: \"!\"");
            }

            var clean = ContextPath.Clean(pattern);
            if (clean.Length > 0)
            {
                list.Add(new IgnorePattern(clean, negated));
            }
        }

        return list.Count <= MaxPatterns ? new([.. list]) : throw new FormatException($"more than {MaxPatterns} patterns in .dockerignore");
    }

    /// <summary>Whether a path is left out.</summary>
    /// <param name="path">Relative to the context, clean, with <c>/</c>.</param>
    public bool Excludes(ReadOnlySpan<char> path)
    {
        for (var i = _patterns.Length - 1; i >= 0; i--)
        {
            if (_patterns[i].Matches(path))
            {
                return !_patterns[i].Negated;
            }
        }

        return false;
    }

    /// <summary>Whether something below a directory may be kept; false means that it need not be looked into.</summary>
    /// <param name="directory">Relative to the context, clean, with <c>/</c>.</param>
    public bool MayContainIncluded(ReadOnlySpan<char> directory)
    {
        if (!Excludes(directory))
        {
            return true;
        }

        foreach (var pattern in _patterns)
        {
            if (pattern.Negated && (IsBelow(pattern.LiteralPrefix, directory) || IsBelow(directory, pattern.LiteralPrefix)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsBelow(ReadOnlySpan<char> path, ReadOnlySpan<char> directory) =>
        directory.IsEmpty || (path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/'));
}
