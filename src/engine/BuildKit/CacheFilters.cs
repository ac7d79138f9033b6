using Slipway.DockerApi;

namespace Slipway.BuildKit;

/// <summary>Filters of BuildKit's clients: <c>type=regular</c>, <c>type==regular</c>, several in one text joined by commas.</summary>
internal static class CacheFilters
{
    internal static Filters Read(IEnumerable<string> texts)
    {
        var filters = Filters.None;
        foreach (var field in texts.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            var parts = field.Split('=', 2);
            filters = filters.With(parts[0].TrimEnd('~'), parts.Length > 1 ? parts[1].TrimStart('=').Trim('"') : "true");
        }

        return filters;
    }

    internal static bool Match(BuildCacheRecord record, Filters filters) =>
        Any(filters["id"], id => record.ID.StartsWith(id, StringComparison.Ordinal) || id.StartsWith(record.ID, StringComparison.Ordinal))
        && Any(filters["type"], type => record.Type == type)
        && Any(filters["description"], text => record.Description.Contains(text, StringComparison.Ordinal))
        && Any(filters["inuse"], _ => record.InUse)
        && Any(filters["shared"], _ => record.Shared)
        && Any(filters["private"], _ => !record.Shared)
        && Any(filters["parent"], parent => record.Parents?.Any(id => id.StartsWith(parent, StringComparison.Ordinal)) == true);

    private static bool Any(IReadOnlyCollection<string> wanted, Func<string, bool> matches) => wanted.Count == 0 || wanted.Any(matches);
}
