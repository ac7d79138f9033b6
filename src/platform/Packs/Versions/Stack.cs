namespace Slipway.Packs.Versions;

/// <summary>A release of the distribution that base images are made of, and the versions of what it has.</summary>
/// <param name="Suite">Such as <c>bookworm</c>.</param>
/// <param name="Tag">The tag of its base images.</param>
/// <param name="Versions">Versions by tool, as in Debian's main component.</param>
internal sealed record Stack(string Suite, string Tag, IReadOnlyDictionary<string, string> Versions)
{
    internal static readonly Stack Usual = new("bookworm", "latest", new Dictionary<string, string>
    {
        ["node"] = "18.20.4", ["npm"] = "9.2.0", ["yarn"] = "1.22.19", ["python"] = "3.11.2", ["go"] = "1.19.8", ["java"] = "17.0", ["maven"] = "3.8.7",
        ["php"] = "8.2", ["composer"] = "2.5.5", ["ruby"] = "3.1.2", ["poetry"] = "1.3.2", ["pipenv"] = "2022.12.19",
    });

    internal static readonly Stack Newer = new("trixie", "trixie", new Dictionary<string, string>
    {
        ["node"] = "20.19.2", ["npm"] = "9.2.0", ["yarn"] = "4.1.0", ["python"] = "3.13.5", ["go"] = "1.24.4", ["java"] = "21.0", ["maven"] = "3.9.9",
        ["php"] = "8.4", ["composer"] = "2.8.8", ["ruby"] = "3.3.8", ["poetry"] = "2.1.2", ["pipenv"] = "2024.4.1",
    });

    internal static readonly Stack[] All = [Usual, Newer];

    /// <summary>The first stack whose version of a tool is accepted, the usual one first; null when none is.</summary>
    internal static Stack? With(string tool, Func<SemanticVersion, bool> accepted) => Array.Find(All, s => accepted(SemanticVersion.Parse(s.Versions[tool])!.Value));

    /// <summary>A base image of ours.</summary>
    internal string Image(string name) => $"slipway/{name}:{Tag}";

    internal string Version(string tool) => Versions[tool];

    /// <summary>The sentence for a version that no stack has.</summary>
    internal static PackException Missing(string tool, string requested, string reason) =>
        new($"{tool} {requested} is not available. Available: {string.Join(", ", All.Select(s => $"{s.Version(tool)} ({s.Suite})"))}. Came from: {reason}");
}
