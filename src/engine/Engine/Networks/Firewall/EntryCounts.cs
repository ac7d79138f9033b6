namespace Slipway.Engine.Networks.Firewall;

/// <summary>The entries that should be there. Several rules may need one entry; it is there as long as one of them is.</summary>
internal sealed class EntryCounts
{
    private readonly Dictionary<FirewallEntry, int> _counts = [];

    /// <summary>All entries.</summary>
    internal IReadOnlyCollection<FirewallEntry> Present => _counts.Keys;

    /// <summary>Counts entries and returns those that were not there.</summary>
    internal IReadOnlyList<FirewallEntry> Add(IEnumerable<FirewallEntry> entries)
    {
        var fresh = new List<FirewallEntry>();
        foreach (var entry in entries)
        {
            var count = _counts.GetValueOrDefault(entry);
            _counts[entry] = count + 1;
            if (count == 0)
            {
                fresh.Add(entry);
            }
        }

        return fresh;
    }

    /// <summary>Takes counts back and returns the entries that nobody needs any more.</summary>
    internal IReadOnlyList<FirewallEntry> Remove(IEnumerable<FirewallEntry> entries)
    {
        var gone = new List<FirewallEntry>();
        foreach (var entry in entries)
        {
            if (!_counts.TryGetValue(entry, out var count))
            {
                continue;
            }

            if (count > 1)
            {
                _counts[entry] = count - 1;
            }
            else
            {
                _counts.Remove(entry);
                gone.Add(entry);
            }
        }

        return gone;
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear() => _counts.Clear();
}
