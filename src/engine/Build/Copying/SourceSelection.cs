using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Build.Context;
using Slipway.Linux;

namespace Slipway.Build.Copying;

/// <summary>Finds what the sources of a COPY name: paths and patterns, resolved inside the source tree whatever they say.</summary>
internal static class SourceSelection
{
    private const int MostMatches = 1_000_000;

    /// <summary>Everything to copy, in the order of the sources and of names within a pattern.</summary>
    /// <exception cref="EngineException">InvalidArgument when a source names nothing.</exception>
    internal static IReadOnlyList<FoundSource> Find(SourceTree tree, CopyOrder order)
    {
        var found = new List<FoundSource>();
        var any = false;
        foreach (var source in order.Sources)
        {
            var (pivot, path) = Split(source, order.Parents);
            var wild = order.Wildcards && GlobPattern.HasWildcards(path);
            var matches = wild ? Expand(tree.Root, path) : [path];
            var some = false;
            foreach (var match in matches)
            {
                if (Resolve(tree.Root, match, pivot, order) is not { } one)
                {
                    continue;
                }

                some = true;
                // A file that is named as such is wanted; of those that a pattern finds others may not be.
                if (!(wild || order.Parents) || one.Stat.IsDirectory || !order.LeavesOut(one.Path, one.Origin))
                {
                    found.Add(one);
                }
            }

            any |= some;
            if (!some && !wild)
            {
                throw EngineException.Invalid($"{order.Verb} failed: file not found in build context or excluded by .dockerignore: stat {Shown(path)}: file does not exist");
            }
        }

        return any ? found : throw EngineException.Invalid($"{order.Verb} failed: no source files were specified");
    }

    // Leading slashes and ".." mean the root of the tree. With --parents a "/./" says where the kept part begins.
    private static (int Pivot, string Path) Split(string source, bool parents)
    {
        var at = parents ? source.IndexOf("/./", StringComparison.Ordinal) : -1;
        var before = at < 0 ? 0 : ContextPath.Clean(source[..at]).Length;
        return (before, ContextPath.Clean(source));
    }

    private static string Shown(string path) => path.Length == 0 ? "." : path;

    // The last component is followed, as BuildKit does: what is copied is what it leads to, under the name that was asked for.
    private static FoundSource? Resolve(SafePath root, string path, int pivot, CopyOrder order)
    {
        try
        {
            if (root.Stat(path, followLast: true) is not { } stat)
            {
                return null;
            }

            var resolved = root.Resolve(path).TrimStart('/');
            var kept = path[Math.Min(pivot, path.Length)..].TrimStart('/');
            var below = order.Parents && kept.Contains('/', StringComparison.Ordinal) ? kept[..kept.LastIndexOf('/')] : "";
            var parent = resolved.Contains('/', StringComparison.Ordinal) ? resolved[..resolved.LastIndexOf('/')] : "";
            return new FoundSource(resolved, path[(path.LastIndexOf('/') + 1)..], below, stat, order.Parents ? path[..Math.Min(pivot, path.Length)] : stat.IsDirectory ? resolved : parent);
        }
        catch (LinuxException e) when (e.IsLoop)
        {
            throw EngineException.Invalid($"{order.Verb} failed: {Shown(path)}: too many links", e);
        }
    }

    private static IEnumerable<string> Expand(SafePath root, string pattern)
    {
        try
        {
            IEnumerable<string> paths = [""];
            foreach (var part in pattern.Split('/'))
            {
                paths = Step(root, paths, part).Take(MostMatches).ToList();
            }

            return paths;
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid(e.Message, e);
        }
    }

    private static IEnumerable<string> Step(SafePath root, IEnumerable<string> directories, string part)
    {
        foreach (var directory in directories)
        {
            var prefix = directory.Length == 0 ? "" : directory + "/";
            if (!GlobPattern.HasWildcards(part))
            {
                yield return prefix + GlobPattern.Unescape(part);
                continue;
            }

            if (root.Stat(directory, followLast: true) is not { IsDirectory: true })
            {
                continue;
            }

            var pattern = new GlobPattern(part);
            foreach (var match in root.ReadDirectory(directory.Length == 0 ? "." : directory).Select(entry => entry.Name).Where(name => pattern.Matches(name)).Order(StringComparer.Ordinal))
            {
                yield return prefix + match;
            }
        }
    }
}
