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

        var request = new DirectoryRequest(main ? options.ContextDirectory : options.DirectoryOf(source.ContextName) ?? source.ContextName)
        {
            FollowPaths = source.FollowPaths,
            Excludes = main && ignored is not null ? [.. ignored.Patterns] : [],
        };
        var key = string.Join('\0', [request.Name, .. request.FollowPaths]);
        return _opened.GetOrAdd(key, _ => new Lazy<Task<BuildContext>>(() => directories.GetAsync(request, keep: true, step, cancel))).Value;
    }

    // Disposed once for each platform; the directories bear that.
    public ValueTask DisposeAsync() => directories.DisposeAsync();
}
