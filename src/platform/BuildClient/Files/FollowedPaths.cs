using System.IO.Enumeration;

namespace Slipway.BuildClient.Files;

/// <summary>Finds what paths lead to, with the links on the way: each link and each target is sent. Nothing outside of the root is looked at.</summary>
internal sealed class FollowedPaths(string root)
{
    private const int MostLinks = 255;

    private readonly HashSet<string> _found = new(StringComparer.Ordinal);

    /// <summary>What has to go for these paths, whose parts may be patterns.</summary>
    internal static IReadOnlySet<string> Of(string root, IEnumerable<string> paths)
    {
        var followed = new FollowedPaths(root);
        foreach (var path in paths)
        {
            followed.Follow("", new Queue<string>(Parts(path)), 0);
        }

        return followed._found;
    }

    private static IEnumerable<string> Parts(string path) => path.Split('/').Where(part => part is not ("" or "."));

    private void Follow(string at, Queue<string> rest, int links)
    {
        if (rest.Count == 0)
        {
            _found.Add(at);
            return;
        }

        var part = rest.Dequeue();
        if (part == "..")
        {
            Follow(at.LastIndexOf('/') is > 0 and var slash ? at[..slash] : "", rest, links);
        }
        else if (part == "**")
        {
            // Whatever is below may match.
            _found.Add(at);
        }
        else if (part.AsSpan().ContainsAny('*', '?', '['))
        {
            foreach (var name in Names(at, part))
            {
                Step(Join(at, name), new Queue<string>(rest), links);
            }
        }
        else
        {
            Step(Join(at, part), rest, links);
        }
    }

    private void Step(string path, Queue<string> rest, int links)
    {
        if (new FileInfo(Path.Combine(root, path)).LinkTarget is not { } target)
        {
            Follow(path, rest, links);
            return;
        }

        _found.Add(path);
        if (links < MostLinks)
        {
            // An absolute target begins at the root.
            var directory = target.StartsWith('/') ? "" : path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "";
            Follow(directory, new Queue<string>(Parts(target).Concat(rest)), links + 1);
        }
    }

    // Patterns with classes are rare: all names go then.
    private IEnumerable<string> Names(string at, string pattern)
    {
        var directory = Path.Combine(root, at);
        var any = pattern.Contains('[', StringComparison.Ordinal);
        return !Directory.Exists(directory) ? []
            : new DirectoryInfo(directory).EnumerateFileSystemInfos().Select(entry => entry.Name).Where(name => any || FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
    }

    private static string Join(string directory, string name) => directory.Length == 0 ? name : $"{directory}/{name}";
}
