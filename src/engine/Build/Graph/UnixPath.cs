namespace Slipway.Build.Graph;

/// <summary>Paths inside an image, as text.</summary>
internal static class UnixPath
{
    /// <summary>Absolute and without <c>.</c>, <c>..</c> and double slashes; relative paths begin at <paramref name="directory"/>.</summary>
    internal static string Join(string directory, string path)
    {
        var parts = new List<string>();
        var whole = path.StartsWith('/') ? path : directory + "/" + path;
        foreach (var part in whole.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }

    /// <summary>Like <see cref="Join"/>, where a slash at the end, and what means the directory itself, stays a slash at the end.</summary>
    internal static string JoinDestination(string directory, string path)
    {
        var joined = Join(directory, path);
        var isDirectory = path is "" or "." || path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal);
        return isDirectory && joined != "/" ? joined + "/" : joined;
    }

    /// <summary>The last part.</summary>
    internal static string Base(string path) => path.TrimEnd('/') is var trimmed && trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
}
