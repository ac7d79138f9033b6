using System.Text;
using Slipway.Build;
using Slipway.Build.Context;
using Slipway.Build.Graph;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKit.Sync;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.BuildKit.Builds;

/// <summary>The Dockerfile frontend: loads the definition, reads it and plans the build.</summary>
internal sealed class Frontend(Builder builder, SessionTable sessions, SessionRegistry registry)
{
    private const int MostDockerfile = 64 << 20;
    private const int MostIgnored = 4 << 20;
    private const string IgnoreFile = ".dockerignore";

    /// <summary>Plans a build.</summary>
    /// <param name="build">For whom.</param>
    /// <param name="options">What the client wants.</param>
    /// <exception cref="Grpc.GrpcException">It cannot be built.</exception>
    internal async Task<FrontendResult> PlanAsync(ClientBuild build, FrontendOptions options)
    {
        var directories = new ClientDirectories(builder, sessions, build, options);
        try
        {
            return await PlanAsync(build, options, directories).ConfigureAwait(false);
        }
        catch
        {
            await directories.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<FrontendResult> PlanAsync(ClientBuild build, FrontendOptions options, ClientDirectories directories)
    {
        var definition = build.Progress.Step($"[internal] load build definition from {options.FileName}");
        var (text, own) = await definition.RunAsync(() => LoadDefinitionAsync(options, directories, definition, build.Canceled)).ConfigureAwait(false);
        var list = own ?? await LoadIgnoredAsync(build, options, directories).ConfigureAwait(false);
        var ignored = Ignored(list);
        FrontendResult? result = null;
        try
        {
            var request = options.Request() with { Ignore = ignored, Secrets = new SessionSecrets(build.Session).GetAsync, Pull = registry.PullFor(build.Session) };
            var lookups = new ImageLookups(build.Progress);
            var plan = await new PlanBuild(builder).RunAsync(request, text, OpenAsync, lookups.Report, build.Canceled).ConfigureAwait(false);
            result = new FrontendResult(build, plan, options.FileName, text, directories);
            result.Warn(definition);
            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Failures.Of(e, options.FileName, text, null);
        }

        Task<BuildContext> OpenAsync(LocalSource source, CancellationToken cancel)
        {
            var main = source.ContextName == "context";
            var request = new DirectoryRequest(main ? options.ContextDirectory : options.DirectoryOf(source.ContextName) ?? source.ContextName)
            {
                FollowPaths = source.FollowPaths,
                Excludes = main && ignored is not null ? [.. ignored.Patterns] : [],
            };
            return directories.GetAsync(request, keep: true, result!.Step(source), cancel);
        }
    }

    private static async Task<(byte[] Text, byte[]? Ignored)> LoadDefinitionAsync(FrontendOptions options, ClientDirectories directories, ProgressStep step, CancellationToken cancel)
    {
        var name = options.FileName;
        var request = new DirectoryRequest(options.DockerfileDirectory) { FollowPaths = [name, name + IgnoreFile] };
        var files = await directories.GetAsync(request, keep: false, step, cancel).ConfigureAwait(false);
        var text = files.ReadFile(name, MostDockerfile) ?? throw EngineException.NotFound($"failed to read dockerfile: open {name}: no such file or directory");
        return (text, files.ReadFile(name + IgnoreFile, MostIgnored));
    }

    private static Task<byte[]?> LoadIgnoredAsync(ClientBuild build, FrontendOptions options, ClientDirectories directories)
    {
        var step = build.Progress.Step("[internal] load .dockerignore");
        return step.RunAsync(async () =>
        {
            var request = new DirectoryRequest(options.ContextDirectory) { FollowPaths = [IgnoreFile] };
            var files = await directories.GetAsync(request, keep: false, step, build.Canceled).ConfigureAwait(false);
            return files.ReadFile(IgnoreFile, MostIgnored);
        });
    }

    private static IgnorePatterns? Ignored(byte[]? list)
    {
        try
        {
            return list is null ? null : IgnorePatterns.Parse(Encoding.UTF8.GetString(list));
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid($"failed to parse dockerignore: {e.Message}", e);
        }
    }
}
