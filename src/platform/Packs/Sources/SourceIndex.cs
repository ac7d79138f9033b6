namespace Slipway.Packs.Sources;

/// <summary>Lists the files that searches see.</summary>
internal sealed class SourceIndex(SourceTree tree, SourceLimits limits)
{
    private static readonly string[] s_never = [".git", ".hg", ".svn", "node_modules", ".venv", "dist-newstyle"];

    private readonly List<string> _files = [];
    private readonly IgnoreRules _ignored = new();

    internal List<string> Files()
    {
        if (tree.Text(".dockerignore") is { } rules)
        {
            _ignored.Add("", rules, anchored: true);
        }

        Walk("", tree.Place, 0);
        return _files;
    }

    private void Walk(string prefix, string place, int depth)
    {
        if (depth > limits.Depth || _files.Count >= limits.Files)
        {
            return;
        }

        if (tree.Text(prefix + ".gitignore") is { } rules)
        {
            _ignored.Add(prefix, rules, anchored: false);
        }

        foreach (var entry in Sorted(place))
        {
            var path = prefix + entry.Name;
            var directory = entry is DirectoryInfo;
            if (entry.LinkTarget is not null || (directory && Skips(entry.Name, path)) || _ignored.Ignores(path, directory))
            {
                continue;
            }

            if (directory)
            {
                Walk(path + "/", entry.FullName, depth + 1);
            }
            else if (_files.Count < limits.Files)
            {
                _files.Add(path);
            }
        }
    }

    private static bool Skips(string name, string path) =>
        s_never.Contains(name) || (name == "target" && path.Contains('/', StringComparison.Ordinal)) || path.EndsWith("vendor/bundle", StringComparison.Ordinal);

    private IEnumerable<FileSystemInfo> Sorted(string place)
    {
        try
        {
            return new DirectoryInfo(place).EnumerateFileSystemInfos().Take(limits.Files).OrderBy(e => e.Name, StringComparer.Ordinal).ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
