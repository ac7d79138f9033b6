namespace Slipway.DockerApi;

/// <summary>Paths of files in a build context or an image, as text.</summary>
public static class ContextPath
{
    /// <summary>Relative to the root, without <c>.</c>, <c>..</c> and double slashes; what would lead above the root stays there.</summary>
    public static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
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

        return string.Join('/', parts);
    }
}
