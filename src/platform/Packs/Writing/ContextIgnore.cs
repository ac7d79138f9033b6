namespace Slipway.Packs.Writing;

/// <summary>The ignore file of a context: the source's own, and what never belongs into an image.</summary>
internal static class ContextIgnore
{
    /// <summary>The source's rules come last, so that it can take back ours.</summary>
    internal static string Text(string own, IEnumerable<string> more)
    {
        var rules = string.Join('\n', new[] { ".git" }.Concat(more).Distinct());
        return own.Trim().Length > 0 ? $"{rules}\n{own.TrimEnd()}\n" : rules + "\n";
    }
}
