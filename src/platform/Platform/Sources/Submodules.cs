namespace Slipway.Platform.Sources;

/// <summary>
/// Puts submodules where a repository refers to them. They are fetched into the application's own repository and become part of the tree
/// that is built: nothing of them is configured, run or checked out, and their addresses are judged like the repository's own.
/// </summary>
internal sealed class Submodules(GitRepository repository)
{
    private const int MaxDepth = 5;
    private const int MaxModules = 100;
    private int _fetched;

    /// <summary>The tree of a commit with everything that its submodules have.</summary>
    /// <param name="url">Where the commit comes from; relative addresses begin there.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="PlatformException">A submodule cannot be fetched, or may not be.</exception>
    internal Task<string> WholeTreeAsync(GitUrl url, string commit, CancellationToken cancellation) => WholeTreeAsync(url, commit, 0, cancellation);

    private async Task<string> WholeTreeAsync(GitUrl url, string commit, int depth, CancellationToken cancellation)
    {
        List<(string Path, string Tree)> parts = [];
        foreach (var (path, address) in await DeclaredAsync(commit, cancellation).ConfigureAwait(false))
        {
            if (await LinkAsync(commit, path, cancellation).ConfigureAwait(false) is not { } link)
            {
                continue;
            }

            if (depth == MaxDepth || ++_fetched > MaxModules)
            {
                throw new PlatformException(Refusal.Invalid, "the repository's submodules are nested too deeply, or too many");
            }

            var place = Resolve(url, address);
            try
            {
                await repository.FetchAsync(place, link, "refs/slipway/modules/" + link, cancellation).ConfigureAwait(false);
            }
            catch (PlatformException e)
            {
                throw new PlatformException(e.Refusal, $"the submodule {path} ({address}) cannot be fetched: {e.Message}", e);
            }

            parts.Add((path, await WholeTreeAsync(place, link, depth + 1, cancellation).ConfigureAwait(false)));
        }

        return parts.Count == 0 ? commit + "^{tree}" : await repository.WithAsync(commit, [.. parts.Select(part => $"0 {new string('0', 40)}\t{part.Path}")], parts, cancellation).ConfigureAwait(false);
    }

    /// <summary>Paths and addresses in <c>.gitmodules</c>.</summary>
    private async Task<IReadOnlyList<(string Path, string Address)>> DeclaredAsync(string commit, CancellationToken cancellation)
    {
        string text;
        try
        {
            text = await repository.Git().RunAsync(cancellation, "-C", repository.Path, "config", "-z", "--blob", commit + ":.gitmodules", "--get-regexp", @"^submodule\..*\.(path|url)$").ConfigureAwait(false);
        }
        catch (PlatformException)
        {
            return [];
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in text.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = entry.IndexOf('\n', StringComparison.Ordinal);
            values[end < 0 ? entry : entry[..end]] = end < 0 ? "" : entry[(end + 1)..];
        }

        return [.. values.Keys.Where(key => key.EndsWith(".path", StringComparison.Ordinal)).Select(key => (values[key], values.GetValueOrDefault(key[..^5] + ".url") ?? ""))];
    }

    /// <summary>The commit that a path refers to; null when it is none of a submodule.</summary>
    private async Task<string?> LinkAsync(string commit, string path, CancellationToken cancellation)
    {
        var entry = path.Split('/').Any(part => part is "" or "." or "..") ? ""
            : await repository.Git().RunAsync(cancellation, "--literal-pathspecs", "-C", repository.Path, "ls-tree", "-z", commit, "--", path).ConfigureAwait(false);
        return entry.StartsWith("160000 commit ", StringComparison.Ordinal) && entry.TrimEnd('\0').EndsWith("\t" + path, StringComparison.Ordinal) ? entry[14..entry.IndexOf('\t', StringComparison.Ordinal)] : null;
    }

    /// <summary>An address as it is, or relative to the repository that names it.</summary>
    internal static GitUrl Resolve(GitUrl from, string address)
    {
        if (!address.StartsWith("./", StringComparison.Ordinal) && !address.StartsWith("../", StringComparison.Ordinal))
        {
            return GitUrl.Parse(address);
        }

        var parts = from.Text.TrimEnd('/').Split('/').ToList();
        foreach (var part in address.Split('/'))
        {
            if (part == "..")
            {
                // Scheme, nothing and host stay.
                parts.RemoveAt(parts.Count > 3 ? parts.Count - 1 : throw Apps.Rules.Invalid("a submodule's address leads out of its host"));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return GitUrl.Parse(string.Join('/', parts));
    }
}
