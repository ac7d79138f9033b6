using Slipway.Packs.Versions;

namespace Slipway.Packs.Providers.Node;

/// <summary>Which Node an application gets: the distribution's where it fits, else the official binary from npm's registry.</summary>
/// <param name="Choice">What was decided and why.</param>
/// <param name="Download">The version to fetch, as npm understands it; null for the distribution's.</param>
internal sealed record NodeRuntime(ToolChoice Choice, string? Download)
{
    /// <summary>Where a fetched Node lies in the build.</summary>
    internal const string Fetched = "/opt/node/bin/node";

    private static readonly Dictionary<string, int> s_releases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["argon"] = 4, ["boron"] = 6, ["carbon"] = 8, ["dubnium"] = 10, ["erbium"] = 12, ["fermium"] = 14, ["gallium"] = 16, ["hydrogen"] = 18, ["iron"] = 20, ["jod"] = 22, ["krypton"] = 24,
    };

    private const int NewestLongTerm = 24;

    /// <summary>The major version.</summary>
    internal int Major => SemanticVersion.Parse(Choice.Version)?.Major ?? 0;

    internal static NodeRuntime Decide(NodePackage package)
    {
        var context = package.Context;
        if (Request(package) is not var (requested, reason) || requested.Length == 0)
        {
            return Distribution("", "nothing asks for a version");
        }

        var range = Alias(requested) is { } major ? SemanticRange.Parse(major) : SemanticRange.Parse(requested);
        var debian = SemanticVersion.Parse(Stack.Usual.Version("node"))!.Value;
        if (range is null)
        {
            context.Warn($"\"{requested}\" in {reason} is no version of Node; the usual one is used");
            return Distribution(requested, reason);
        }

        if (range.Accepts(debian))
        {
            return Distribution(requested, reason);
        }

        var exact = SemanticVersion.Parse(requested) is { } version && requested.Count(c => c == '.') == 2 && char.IsAsciiDigit(requested.TrimStart('v')[0]) ? version.ToString() : null;
        var best = exact ?? Majors().Where(range.AcceptsMajor).Select(m => $"{m}").FirstOrDefault()
            ?? throw Stack.Missing("node", requested, reason);
        if (int.TryParse(best.Split('.')[0], out var number) && number < debian.Major)
        {
            context.Warn($"Node {number} gets no security updates any more; {reason} asks for it");
        }

        return new NodeRuntime(new ToolChoice("node", requested, best, $"{reason}; from npm's registry, since Debian has {debian.Major}"), best);
    }

    /// <summary>Even ones first, since those are supported for long; the newest first.</summary>
    private static IEnumerable<int> Majors() => [.. Enumerable.Range(0, 6).Select(i => NewestLongTerm - (i * 2)), .. Enumerable.Range(0, 5).Select(i => NewestLongTerm + 1 - (i * 2))];

    private static NodeRuntime Distribution(string requested, string reason) => new(new ToolChoice("node", requested, Stack.Usual.Version("node"), reason), null);

    private static (string Version, string Reason)? Request(NodePackage package)
    {
        var context = package.Context;
        if (context.Setting("NODE_VERSION") is { } setting)
        {
            return (setting, context.SettingName("NODE_VERSION"));
        }

        if (package.Document.Text("engines", "node") is { } engines)
        {
            return (engines, "package.json engines.node");
        }

        foreach (var file in (string[])[".nvmrc", ".node-version"])
        {
            if (context.FirstLine(file) is { } line)
            {
                return (line, file);
            }
        }

        return context.PinnedTool("nodejs", "node") is var (version, pinned) ? (version, pinned)
            : package.Document.Text("volta", "node") is { } volta ? (volta, "package.json volta.node") : null;
    }

    /// <summary>The major version that a name of <c>nvm</c> stands for.</summary>
    private static string? Alias(string requested)
    {
        var name = requested.StartsWith("lts/", StringComparison.Ordinal) ? requested[4..] : requested;
        return name is "*" && name != requested || name is "node" or "stable" or "latest" or "lts" ? $"{NewestLongTerm}"
            : s_releases.TryGetValue(name, out var major) ? $"{major}" : null;
    }
}
