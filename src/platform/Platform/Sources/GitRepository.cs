using Slipway.Platform.Settings;

namespace Slipway.Platform.Sources;

/// <summary>What fetching from one place needs: a repository to fetch into, the deploy key, and what may be called.</summary>
/// <param name="Path">The bare repository here.</param>
/// <param name="Home">A directory that is git's home.</param>
/// <param name="Key">The deploy key.</param>
/// <param name="Options">Whether local places are allowed.</param>
internal sealed record GitRepository(string Path, string Home, DeployKeyFile Key, ServerOptions Options)
{
    /// <summary>git without a network.</summary>
    internal Git Git(IReadOnlyDictionary<string, string>? environment = null) => new(Home) { Environment = environment ?? new Dictionary<string, string>() };

    /// <summary>Fetches one commit or branch, without its history.</summary>
    /// <exception cref="PlatformException">It cannot be reached, or may not be.</exception>
    internal async Task FetchAsync(GitUrl url, string wanted, string target, CancellationToken cancellation)
    {
        var addresses = await UrlGuard.AdmitAsync(url, Options, cancellation).ConfigureAwait(false);
        var git = new Git(Home)
        {
            Settings = Options.AllowLocalSources ? ["protocol.file.allow=always", "protocol.http.allow=always"]
                : url.Scheme == "https" ? [$"http.curloptResolve={url.Host}:{url.Port}:{string.Join(',', addresses.Select(address => address.ToString()))}"] : [],
            Environment = Key.Environment(url, addresses),
        };
        await git.RunAsync(cancellation, "-C", Path, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--depth=1", "--force", "--", url.Text, $"{wanted}:{target}").ConfigureAwait(false);
    }

    /// <summary>Makes a tree of another one with some entries changed.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="entries">Entries as <c>git update-index --index-info</c> reads them.</param>
    /// <param name="prefixed">Trees to put in at paths that the entries made free.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The new tree.</returns>
    internal async Task<string> WithAsync(string tree, IReadOnlyList<string> entries, IReadOnlyList<(string Path, string Tree)> prefixed, CancellationToken cancellation)
    {
        var index = System.IO.Path.Combine(Home, "index-" + Model.Identity.New());
        try
        {
            var git = Git(new Dictionary<string, string> { ["GIT_INDEX_FILE"] = index });
            await git.RunAsync(cancellation, "-C", Path, "read-tree", tree).ConfigureAwait(false);
            var lines = System.Text.Encoding.UTF8.GetBytes(string.Concat(entries.Select(entry => entry + "\0")));
            await git.FeedAsync(stream => stream.WriteAsync(lines, cancellation).AsTask(), cancellation, "-C", Path, "update-index", "-z", "--index-info").ConfigureAwait(false);
            foreach (var (path, part) in prefixed)
            {
                // It wants a working tree although it does not touch it.
                await git.RunAsync(cancellation, "--git-dir=" + Path, "--work-tree=" + Home, "read-tree", "--prefix=" + path + "/", part).ConfigureAwait(false);
            }

            return (await git.RunAsync(cancellation, "-C", Path, "write-tree").ConfigureAwait(false)).Trim();
        }
        finally
        {
            File.Delete(index);
        }
    }
}
