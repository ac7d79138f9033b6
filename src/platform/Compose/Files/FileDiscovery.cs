namespace Slipway.Compose.Files;

/// <summary>Finds an application's files as Docker Compose does: in the working directory or above it, with their override beside.</summary>
internal static class FileDiscovery
{
    private static readonly string[] s_names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    private static readonly string[] s_overrides = ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

    /// <summary>Absolute paths of the files.</summary>
    /// <exception cref="ComposeException">There is none.</exception>
    public static IReadOnlyList<string> Find(LoadOptions options, Func<string, string?> variable)
    {
        if (options.Files.Count > 0)
        {
            return [.. options.Files.Select(f => f == "-" ? f : Path.GetFullPath(f, options.WorkingDirectory))];
        }

        if (variable("COMPOSE_FILE") is { Length: > 0 } named)
        {
            string separator = variable("COMPOSE_PATH_SEPARATOR") is { Length: > 0 } own ? own : ":";
            return [.. named.Split(separator, StringSplitOptions.RemoveEmptyEntries).Select(f => Path.GetFullPath(f, options.WorkingDirectory))];
        }

        for (string? directory = options.ProjectDirectory is { } given ? Path.GetFullPath(given, options.WorkingDirectory) : options.WorkingDirectory;
            directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (First(directory, s_names) is { } file)
            {
                return First(directory, s_overrides) is { } over ? [file, over] : [file];
            }
        }

        throw new ComposeException("no configuration file provided: not found") { Cause = FailureCause.File };
    }

    private static string? First(string directory, string[] names) => names.Select(n => Path.Combine(directory, n)).FirstOrDefault(File.Exists);
}
