namespace Slipway.Compose.Files;

/// <summary>Finds what somebody may have meant.</summary>
internal static class NearestKey
{
    /// <summary>The candidate with the fewest changed letters; null when none is near.</summary>
    public static string? Of(string typed, IEnumerable<string> candidates)
    {
        string? best = null;
        int limit = Math.Max(1, Math.Min(typed.Length, 64) / 3) + 1;
        foreach (string candidate in candidates)
        {
            int distance = Distance(typed.Length > 64 ? typed[..64] : typed, candidate);
            if (distance < limit)
            {
                (best, limit) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>Letters to insert, delete or change, and neighbours to swap.</summary>
    private static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                cost[i, j] = i == 0 ? j : j == 0 ? i : Math.Min(
                    Math.Min(cost[i - 1, j] + 1, cost[i, j - 1] + 1),
                    cost[i - 1, j - 1] + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) || (a[i - 1] is '-' or '_' && b[j - 1] is '-' or '_') ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[a.Length, b.Length];
    }
}
