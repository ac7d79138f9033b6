namespace Slipway.Engine.Layers;

/// <summary>Paths of archive entries, made relative to the root and freed of "." and "..".</summary>
internal static class LayerPath
{
    /// <summary>The path without leading slashes, "." and ".."; the root is the empty string.</summary>
    /// <exception cref="TarException">It contains NUL or leads out of the root.</exception>
    internal static string Clean(string name)
    {
        var path = name.AsSpan();
        if (path.StartsWith("./"))
        {
            path = path[2..];
        }

        path = path.Trim('/');
        return IsPlain(path) ? (path.Length == name.Length ? name : path.ToString()) : Resolve(name);
    }

    /// <summary>The directory part of a clean path; the root is the empty string.</summary>
    internal static string Parent(string path) => path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "";

    /// <summary>The last part of a clean path.</summary>
    internal static string Base(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static bool IsPlain(ReadOnlySpan<char> path) =>
        !path.Contains('\0') && !path.Contains("//", StringComparison.Ordinal) && !path.Contains("/.", StringComparison.Ordinal)
        && path is not ['.', ..] && path.Length > 0;

    private static string Resolve(string name)
    {
        var parts = new List<string>();
        foreach (var part in name.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part)
            {
                case ".":
                    break;
                case ".." when parts.Count == 0:
                    throw new TarException($"\"{Shown(name)}\" leads out of the archive's root");
                case "..":
                    parts.RemoveAt(parts.Count - 1);
                    break;
                default:
                    parts.Add(part.Contains('\0', StringComparison.Ordinal) ? throw new TarException("a name contains NUL") : part);
                    break;
            }
        }

        return string.Join('/', parts);
    }

    internal static string Shown(string name) => name.Length > 200 ? name[..200] + "…" : name;
}
