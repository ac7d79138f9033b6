namespace Slipway.Platform.Sources;

/// <summary>Decides by the changed files whether a push deploys: patterns relative to the repository, <c>*</c> within a name, <c>**</c> across, <c>!</c> excludes, later lines win.</summary>
internal static class WatchPaths
{
    /// <summary>Whether any file counts; without patterns every one does.</summary>
    internal static bool Match(IReadOnlyList<string> patterns, IReadOnlyList<string> files) => patterns.Count == 0 || files.Any(file => Counts(patterns, file));

    private static bool Counts(IReadOnlyList<string> patterns, string file)
    {
        var counts = patterns.All(pattern => pattern.StartsWith('!'));
        foreach (var pattern in patterns)
        {
            var exclude = pattern.StartsWith('!');
            if (Fits(pattern.TrimStart('!').Trim().Trim('/').Split('/'), file.Trim('/').Split('/')))
            {
                counts = !exclude;
            }
        }

        return counts;
    }

    // A pattern that names a directory takes everything below it.
    private static bool Fits(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path)
    {
        if (pattern.IsEmpty)
        {
            return true;
        }

        if (pattern[0] == "**")
        {
            for (var skipped = 0; skipped <= path.Length; skipped++)
            {
                if (Fits(pattern[1..], path[skipped..]))
                {
                    return true;
                }
            }

            return false;
        }

        return !path.IsEmpty && FitsName(pattern[0], path[0]) && Fits(pattern[1..], path[1..]);
    }

    // Greedy with one place to come back to: linear in both lengths but for the last star.
    private static bool FitsName(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var (p, n, star, mark) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, n);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == name[n]))
            {
                p++;
                n++;
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

        return pattern[p..].Trim('*').IsEmpty;
    }
}
