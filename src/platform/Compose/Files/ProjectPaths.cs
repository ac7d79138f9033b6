namespace Slipway.Compose.Files;

/// <summary>Resolves the relative paths of a file, and decides which files may be read.</summary>
/// <param name="directory">Absolute path of the directory that relative paths begin in.</param>
/// <param name="home">Directory for <c>~</c>.</param>
public sealed class ProjectPaths(string directory, string home)
{
    /// <summary>Absolute path of the directory that relative paths begin in.</summary>
    public string Directory => directory;

    /// <summary>Directory for <c>~</c>.</summary>
    public string Home => home;

    /// <summary>Whether paths that are only handed on stay as they are written.</summary>
    public bool AsWritten { get; init; }

    /// <summary>The absolute path of something that is handed on and not read here.</summary>
    public string Shown(string path) => AsWritten ? path : Resolve(path);

    /// <summary>The absolute path; nothing is looked up.</summary>
    public string Resolve(string path) =>
        path == "~" ? home : path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(home, path[2..])
        : Path.GetFullPath(path, directory) is var full && full.Length > 1 ? full.TrimEnd('/') : "/";

    /// <summary>A build context: an address, or a path to resolve.</summary>
    public string Context(string context) => IsRemote(context) ? context : Shown(context);

    /// <summary>Whether it is an address that the engine fetches itself.</summary>
    public static bool IsRemote(string context) =>
        context.Contains("://", StringComparison.Ordinal) || context.StartsWith("git@", StringComparison.Ordinal) || context.StartsWith("github.com/", StringComparison.Ordinal)
        || context.StartsWith("service:", StringComparison.Ordinal);
}
