namespace Slipway.Build.Dockerfile;

/// <summary>Finds what was probably meant.</summary>
internal static class Nearest
{
    // BuildKit suggests words that are fewer than three edits away.
    private const int Limit = 3;
    private const int MaxCandidates = 2000;
    private const int MaxLength = 200;

    /// <summary>The candidate with the smallest edit distance below three; null when none is near or one is equal.</summary>
    internal static string? Find(string word, IEnumerable<string> candidates, bool ignoreCase = false)
    {
        var sought = ignoreCase ? word.ToUpperInvariant() : word;
        string? best = null;
        var distance = Limit;
        foreach (var candidate in candidates.Take(MaxCandidates))
        {
            var other = ignoreCase ? candidate.ToUpperInvariant() : candidate;
            if (other == sought)
            {
                return null;
            }

            var edits = Distance(sought, other);
            if (edits < distance)
            {
                (best, distance) = (candidate, edits);
            }
        }

        return best is null || !ignoreCase ? best : MatchCase(best, word);
    }

    private static string MatchCase(string text, string like) =>
        !like.Any(char.IsUpper) ? text.ToLowerInvariant() : !like.Any(char.IsLower) ? text.ToUpperInvariant() : text;

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) >= Limit || a.Length > MaxLength)
        {
            return Limit;
        }

        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], cost);
            }
        }

        return row[b.Length];
    }
}
