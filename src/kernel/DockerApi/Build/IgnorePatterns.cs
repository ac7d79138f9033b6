namespace Slipway.DockerApi;

/// <summary>
/// Patterns of what is left out of a context or a copy, as <c>.dockerignore</c> has them: relative to the root, <c>**</c> for any number of directories,
/// <c>!</c> for exceptions, the last match decides, and what lies below a match is matched too.
/// </summary>
public sealed class IgnorePatterns(IReadOnlyList<string> patterns)
{
    private readonly List<(bool Exception, string[] Parts)> _patterns = [.. patterns
        .Select(pattern => pattern.Trim())
        .Where(pattern => pattern.Length > 0)
        .Select(pattern => (pattern[0] == '!', Clean(pattern.TrimStart('!')).Split('/', StringSplitOptions.RemoveEmptyEntries)))];

    /// <summary>The patterns of a file: one per line, lines that begin with # are comments.</summary>
    public static IgnorePatterns Parse(string text) =>
        new([.. text.TrimStart('\uFEFF').Split('\n').Where(line => !line.StartsWith('#')).Select(line => line.Trim())]);

    /// <summary>Whether there are exceptions, so that a directory that is left out may still hold something that is not.</summary>
    public bool HasExceptions => _patterns.Any(pattern => pattern.Exception);

    /// <summary>Whether a path is left out.</summary>
    public bool Excludes(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var excluded = false;
        foreach (var (exception, pattern) in _patterns.Where(pattern => pattern.Exception == excluded))
        {
            excluded = Matches(pattern, parts) ? !exception : excluded;
        }

        return excluded;
    }

    // A pattern matches a path or one of the directories above it.
    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path)
    {
        if (pattern.IsEmpty)
        {
            return true;
        }

        if (pattern[0] == "**")
        {
            for (var i = 0; i <= path.Length; i++)
            {
                if ((pattern.Length > 1 || i < path.Length) && Matches(pattern[1..], path[i..]))
                {
                    return true;
                }
            }

            return false;
        }

        return !path.IsEmpty && new GlobPattern(pattern[0]).Matches(path[0]) && Matches(pattern[1..], path[1..]);
    }

    private static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }
}
