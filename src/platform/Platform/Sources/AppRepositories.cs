using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Sources;

/// <summary>A commit that can be built.</summary>
/// <param name="Commit">Its id.</param>
/// <param name="Tree">Id of the tree that is built.</param>
/// <param name="Message">First line of its message.</param>
public sealed record SourceCommit(string Commit, string Tree, string Message);

/// <summary>
/// One bare repository per application holds its source, wherever it came from: fetched, pushed, or sent as a directory. Nothing of it is
/// ever checked out beside the pack's reading: builds get their context from <c>git archive</c>.
/// </summary>
public sealed class AppRepositories(ServerOptions options, SecretBox secrets)
{
    private readonly string _root = PrivateFile.Directory(Path.Combine(options.DataRoot, "repositories"));

    /// <summary>Directory of an application's repository; made when it is missing.</summary>
    internal async Task<string> PathOfAsync(App app, CancellationToken cancellation)
    {
        var path = Path.Combine(_root, app.Id + ".git");
        if (!File.Exists(Path.Combine(path, "HEAD")))
        {
            await Git().RunAsync(cancellation, "init", "--quiet", "--bare", "--template=", path).ConfigureAwait(false);
        }

        return path;
    }

    /// <summary>git with the usual settings.</summary>
    internal Git Git() => new(_root);

    /// <summary>Fetches the branch, or the commit, that an application is deployed from.</summary>
    /// <exception cref="PlatformException">The repository cannot be reached, or may not be.</exception>
    internal async Task<string> FetchAsync(App app, string? commit, CancellationToken cancellation)
    {
        var url = GitUrl.Parse(app.Source.Repository ?? "");
        var path = await PathOfAsync(app, cancellation).ConfigureAwait(false);
        using var key = DeployKeyFile.Write(_root, app.Source.SealedKey is { } sealedKey ? secrets.Reveal(sealedKey) : null);
        var repository = new GitRepository(path, _root, key, options);
        await repository.FetchAsync(url, commit ?? $"refs/heads/{app.Source.Branch}", $"refs/heads/{app.Source.Branch}", cancellation).ConfigureAwait(false);
        var fetched = (await Git().RunAsync(cancellation, "-C", path, "rev-parse", $"refs/heads/{app.Source.Branch}^{{commit}}").ConfigureAwait(false)).Trim();
        var whole = await new Submodules(repository).WholeTreeAsync(url, fetched, cancellation).ConfigureAwait(false);
        whole = await new LargeFiles(repository).WithContentAsync(url, whole, cancellation).ConfigureAwait(false);
        await Git().RunAsync(cancellation, "-C", path, "update-ref", WholeOf(fetched), whole).ConfigureAwait(false);
        return $"refs/heads/{app.Source.Branch}";
    }

    /// <summary>What a name of a commit means.</summary>
    /// <param name="app">The application.</param>
    /// <param name="name">A ref or a commit id, checked before.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="PlatformException">There is no such commit, or the base directory is not in it.</exception>
    internal async Task<SourceCommit> ResolveAsync(App app, string name, CancellationToken cancellation)
    {
        var path = await PathOfAsync(app, cancellation).ConfigureAwait(false);
        var git = Git();
        string commit;
        try
        {
            commit = (await git.RunAsync(cancellation, "-C", path, "rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}").ConfigureAwait(false)).Trim();
        }
        catch (PlatformException e)
        {
            throw new PlatformException(Refusal.NotFound, app.Source.Kind == SourceKind.Push ? $"nothing was pushed to the branch {app.Source.Branch} yet" : "there is no such commit", e);
        }

        var whole = app.Source.Kind == SourceKind.Git ? WholeOf(commit) : commit;
        var below = app.Source.BaseDirectory.Trim('/');
        string tree;
        try
        {
            tree = (await git.RunAsync(cancellation, "-C", path, "rev-parse", "--verify", "--quiet", "--end-of-options", below.Length == 0 ? whole + "^{tree}" : $"{whole}:{below}").ConfigureAwait(false)).Trim();
        }
        catch (PlatformException e)
        {
            throw new PlatformException(Refusal.NotFound, $"the repository has no directory {app.Source.BaseDirectory}", e);
        }

        var message = await git.RunAsync(cancellation, "-C", path, "log", "-1", "--format=%s", "--end-of-options", commit).ConfigureAwait(false);
        return new SourceCommit(commit, tree, message.Trim());
    }

    /// <summary>Id of what a tree has at a path: a tree or a blob.</summary>
    /// <param name="app">The application.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="path">The path; empty for the tree itself.</param>
    /// <param name="cancellation">Ends the work.</param>
    internal async Task<string> PartAsync(App app, string tree, string path, CancellationToken cancellation)
    {
        if (path.Length == 0)
        {
            return tree;
        }

        var repository = await PathOfAsync(app, cancellation).ConfigureAwait(false);
        return (await Git().RunAsync(cancellation, "-C", repository, "rev-parse", "--verify", "--quiet", "--end-of-options", $"{tree}:{path}").ConfigureAwait(false)).Trim();
    }

    /// <summary>Writes a tree as a tar archive.</summary>
    /// <param name="app">The application.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="added">Files that go along at its top, under their own names.</param>
    /// <param name="read">Gets the archive as it comes.</param>
    /// <param name="cancellation">Ends the work.</param>
    internal async Task ArchiveAsync(App app, string tree, IReadOnlyList<string> added, Func<Stream, Task> read, CancellationToken cancellation)
    {
        var path = await PathOfAsync(app, cancellation).ConfigureAwait(false);
        await Git().ReadAsync(read, cancellation, ["-C", path, "archive", "--format=tar", .. added.Select(file => "--add-file=" + file), tree]).ConfigureAwait(false);
    }

    /// <summary>Puts a tree's files into an empty directory; git itself refuses names and links that lead out of it.</summary>
    internal async Task CheckOutAsync(App app, string tree, string directory, CancellationToken cancellation)
    {
        var path = await PathOfAsync(app, cancellation).ConfigureAwait(false);
        var git = new Git(_root) { Environment = new Dictionary<string, string> { ["GIT_INDEX_FILE"] = Path.Combine(directory, "..", "index-" + Identity.New()) } };
        var index = git.Environment["GIT_INDEX_FILE"];
        try
        {
            await git.RunAsync(cancellation, "-C", path, "read-tree", tree).ConfigureAwait(false);
            await git.RunAsync(cancellation, "-C", directory, "--git-dir=" + path, "--work-tree=" + directory, "checkout-index", "--all", "--force").ConfigureAwait(false);
        }
        finally
        {
            File.Delete(index);
        }
    }

    /// <summary>Paths that differ between two commits; null when that cannot be told.</summary>
    internal async Task<IReadOnlyList<string>?> ChangesAsync(App app, string from, string to, CancellationToken cancellation)
    {
        var path = await PathOfAsync(app, cancellation).ConfigureAwait(false);
        try
        {
            var list = await Git().RunAsync(cancellation, "-C", path, "diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to).ConfigureAwait(false);
            return list.Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (PlatformException)
        {
            return null;
        }
    }

    /// <summary>Removes an application's repository.</summary>
    internal void Remove(App app)
    {
        var path = Path.Combine(_root, app.Id + ".git");
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>The ref of a fetched commit's tree with submodules and large files in it.</summary>
    private static string WholeOf(string commit) => "refs/slipway/whole/" + commit;
}
