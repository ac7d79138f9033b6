namespace Slipway.Compose.Files;

/// <summary>Which services take part.</summary>
internal static class Profiles
{
    /// <summary>Services without profiles, and those with an active one.</summary>
    public static HashSet<string> Enabled(Mapping document, IReadOnlyList<string> active) =>
        [.. document.Map("services")?.Entries.Where(e => e.Value is Mapping map && (map.Items("profiles").Count == 0 || active.Contains("*") || map.Texts("profiles").Any(active.Contains))).Select(e => e.Key) ?? []];
}
