using Slipway.DockerApi;

namespace Slipway.BuildClient.Files;

/// <summary>One object of a directory that is sent.</summary>
/// <param name="Path">Relative to the root, with slashes.</param>
/// <param name="Info">What it is.</param>
internal sealed record WalkedEntry(string Path, FileSystemInfo Info)
{
    internal bool IsLink => (Info.Attributes & FileAttributes.ReparsePoint) != 0;

    internal bool IsDirectory => !IsLink && (Info.Attributes & FileAttributes.Directory) != 0;
}

/// <summary>Walks a directory in fsutil's order: what is in a directory follows it, names in the order of their bytes. Links are not followed.</summary>
/// <param name="root">The directory.</param>
/// <param name="ignored">What is left out.</param>
/// <param name="wanted">The only paths that go, with what is below them; null for all.</param>
internal sealed class DirectoryWalk(string root, IgnorePatterns ignored, IReadOnlySet<string>? wanted)
{
    private readonly HashSet<string> _above = wanted is null ? [] : [.. wanted.SelectMany(Parents)];

    /// <summary>Every object.</summary>
    internal IEnumerable<WalkedEntry> Entries() => Below(new DirectoryInfo(root), "", within: wanted is null || wanted.Contains(""));

    private IEnumerable<WalkedEntry> Below(DirectoryInfo directory, string path, bool within)
    {
        var options = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false };
        var children = directory.EnumerateFileSystemInfos("*", options).ToArray();
        Array.Sort(children, (one, other) => string.CompareOrdinal(one.Name, other.Name));
        foreach (var child in children)
        {
            var name = path.Length == 0 ? child.Name : $"{path}/{child.Name}";
            var chosen = within || wanted!.Contains(name);
            if (!chosen && !_above.Contains(name))
            {
                continue;
            }

            var entry = new WalkedEntry(name, child);
            var skipped = ignored.Excludes(name);
            if (!entry.IsDirectory)
            {
                if (!skipped && chosen)
                {
                    yield return entry;
                }

                continue;
            }

            if (skipped && !ignored.MayContainIncluded(name))
            {
                continue;
            }

            // A directory that is left out goes along when something in it does.
            var told = !skipped;
            if (told)
            {
                yield return entry;
            }

            foreach (var below in Below((DirectoryInfo)child, name, chosen))
            {
                if (!told)
                {
                    told = true;
                    yield return entry;
                }

                yield return below;
            }
        }
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            yield return path[..slash];
        }
    }
}
