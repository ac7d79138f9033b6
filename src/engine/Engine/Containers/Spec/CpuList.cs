using System.Globalization;

namespace Slipway.Engine.Containers.Spec;

/// <summary>The list format of cpuset(7): <c>0-3,5</c>.</summary>
public static class CpuList
{
    private const int Most = 8192;

    /// <summary>The numbers of a list; empty for an empty text, null when it is no list or names more than a kernel could have.</summary>
    public static IReadOnlySet<int>? Parse(string text)
    {
        var numbers = new HashSet<int>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (!int.TryParse(dash < 0 ? part : part.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(dash < 0 ? part : part.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                || last < first || last >= Most)
            {
                return null;
            }

            numbers.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return numbers;
    }
}
