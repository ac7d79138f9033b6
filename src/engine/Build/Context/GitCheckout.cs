using System.Text;
using Slipway.Build.Graph;
using Slipway.Engine;
using Slipway.Linux;

namespace Slipway.Build.Context;

/// <summary>
/// Checkouts of git repositories as contexts, made by the git program. Only network protocols are allowed, no hook and no user's
/// configuration counts, and credentials are given in the environment, so that no list of processes shows them.
/// </summary>
internal sealed class GitCheckout(Builder builder)
{
    private const int MostOutput = 64 << 10;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    /// <summary>Fetches a repository of a build.</summary>
    /// <exception cref="EngineException">InvalidArgument when git cannot fetch it; NotFound when there is no git.</exception>
    internal async Task<BuildContext> FetchAsync(GitSource source, CancellationToken cancel)
    {
        var files = BuildContext.CreateEmpty(builder.Engine);
        try
        {
            var git = Git(files.Directory, source.Remote, out var remote);
            await git(["init", "-q"], cancel).ConfigureAwait(false);
            await FetchRefAsync(git, remote, source, cancel).ConfigureAwait(false);
            await git(["-c", "advice.detachedHead=false", "checkout", "-q", "FETCH_HEAD"], cancel).ConfigureAwait(false);
            await git(["submodule", "update", "-q", "--init", "--recursive", "--depth=1"], cancel).ConfigureAwait(false);
            await CheckAsync(git, source, cancel).ConfigureAwait(false);
            if (!source.KeepGitDirectory)
            {
                files.Root.RemoveTree(".git");
            }

            return source.Subdirectory.Trim('/').Length == 0 ? files : Descend(files, source.Subdirectory);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private static async Task FetchRefAsync(Func<IReadOnlyList<string>, CancellationToken, Task<string>> git, string remote, GitSource source, CancellationToken cancel)
    {
        var wanted = source.Ref.Length == 0 ? "HEAD" : source.Ref;
        if (wanted.StartsWith('-') || remote.StartsWith('-'))
        {
            throw EngineException.Invalid($"invalid git reference {wanted}");
        }

        try
        {
            await git(["fetch", "-q", "--depth=1", "--no-tags", "--", remote, wanted], cancel).ConfigureAwait(false);
        }
        catch (EngineException) when (wanted.Length >= 7 && wanted.All(char.IsAsciiHexDigit))
        {
            // A server that hands out no single commits: everything, then the commit.
            await git(["fetch", "-q", "--", remote, "+refs/heads/*:refs/remotes/origin/*"], cancel).ConfigureAwait(false);
            await git(["update-ref", "FETCH_HEAD", wanted], cancel).ConfigureAwait(false);
        }
    }

    private static async Task CheckAsync(Func<IReadOnlyList<string>, CancellationToken, Task<string>> git, GitSource source, CancellationToken cancel)
    {
        if (source.Checksum is not { Length: > 0 } wanted)
        {
            return;
        }

        var commit = (await git(["rev-parse", "HEAD"], cancel).ConfigureAwait(false)).Trim();
        if (!commit.StartsWith(wanted, StringComparison.Ordinal))
        {
            throw EngineException.Invalid($"expected checksum to match {wanted}, got {commit}");
        }
    }

    private BuildContext Descend(BuildContext files, string subdirectory)
    {
        using (files)
        {
            var path = files.Root.Resolve(subdirectory);
            if (files.Root.Stat(path) is not { IsDirectory: true })
            {
                throw EngineException.Invalid($"{subdirectory} is no directory of the repository");
            }

            // Resolved inside the checkout, so that it is a path without links.
            return BuildContext.Move(builder.Engine, Path.Combine(files.Directory, path.TrimStart('/')));
        }
    }

    private Func<IReadOnlyList<string>, CancellationToken, Task<string>> Git(string directory, string remote, out string shown)
    {
        var program = Spawn.FindExecutable("git") ?? throw EngineException.NotFound("git is needed for a git context and is not installed");
        List<string> environment =
        [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/nonexistent", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
            "GIT_CONFIG_NOSYSTEM=1", "GIT_ALLOW_PROTOCOL=http:https:git:ssh", "GIT_SSH_COMMAND=ssh -oBatchMode=yes",
            .. Credentials(remote, out var plain),
        ];
        shown = plain;
        return async (arguments, cancel) =>
        {
            var result = await Spawn.RunAsync(program, ["git", "-c", "core.hooksPath=/dev/null", .. arguments], environment, builder.Watch, null, MostOutput, Longest, directory, cancel).ConfigureAwait(false);
            return result.ExitCode == 0
                ? Encoding.UTF8.GetString(result.Output)
                : throw EngineException.Invalid($"failed to fetch remote {plain}: {Encoding.UTF8.GetString(result.Error).Trim()}");
        };
    }

    // git hands an address on to its helper as an argument; a header from the environment stays unseen.
    private static IEnumerable<string> Credentials(string remote, out string plain)
    {
        plain = remote;
        if (!Uri.TryCreate(remote, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length == 0)
        {
            return [];
        }

        plain = new UriBuilder(address) { UserName = "", Password = "" }.Uri.ToString();
        var value = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo)));
        return ["GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", $"GIT_CONFIG_VALUE_0=Authorization: Basic {value}"];
    }
}
