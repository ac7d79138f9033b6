using Slipway.DockerApi;

namespace Slipway.Build.Graph;

/// <summary>Paths inside an image, as text.</summary>
internal static class UnixPath
{
    /// <summary>Absolute and without <c>.</c>, <c>..</c> and double slashes; relative paths begin at <paramref name="directory"/>.</summary>
    internal static string Join(string directory, string path) => "/" + ContextPath.Clean(path.StartsWith('/') ? path : directory + "/" + path);

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
