using System.Collections.Concurrent;
using Slipway.Build.Context;
using Slipway.Build.Graph;
using Slipway.BuildKit.Sync;
using Slipway.DockerApi;

namespace Slipway.BuildKit.Builds;

/// <summary>The contexts of a build, each had once for all its platforms. They end with the last of these.</summary>
internal sealed class SharedContexts(FrontendOptions options, RemoteContext? remote, IgnorePatterns? ignored, ClientDirectories directories) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<BuildContext>>> _opened = new(StringComparer.Ordinal);

    /// <summary>The files of a context.</summary>
    internal Task<BuildContext> OpenAsync(LocalSource source, ProgressStep step, CancellationToken cancel)
    {
        var main = source.ContextName == "context";
        if (main && remote is not null)
        {
            return Task.FromResult(remote.Files);
        }

        var request = new DirectoryRequest(main ? options.ContextDirectory : options.DirectoryOf(source.ContextName) ?? source.ContextName) { FollowPaths = source.FollowPaths };
        var key = string.Join('\0', [request.Name, .. request.FollowPaths]);
        return _opened.GetOrAdd(key, _ => new Lazy<Task<BuildContext>>(() => GetAsync(request, main, step, cancel))).Value;
    }

    // A further context has its own list of what is left out.
    private async Task<BuildContext> GetAsync(DirectoryRequest request, bool main, ProgressStep step, CancellationToken cancel)
    {
        var excluded = ignored;
        if (!main)
        {
            var files = await directories.GetAsync(new DirectoryRequest(request.Name) { FollowPaths = [Frontend.IgnoreFile] }, keep: false, step, cancel).ConfigureAwait(false);
            excluded = Frontend.Ignored(files.ReadFile(Frontend.IgnoreFile, Frontend.MostIgnored));
        }

        return await directories.GetAsync(request with { Excludes = excluded is null ? [] : [.. excluded.Patterns] }, keep: true, step, cancel).ConfigureAwait(false);
    }

    // Disposed once for each platform; the directories bear that.
    public ValueTask DisposeAsync() => directories.DisposeAsync();
}
