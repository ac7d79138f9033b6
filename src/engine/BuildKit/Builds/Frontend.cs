using System.Text;
using Google.Protobuf;
using Slipway.Build;
using Slipway.Build.Context;
using Slipway.Build.Dockerfile;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages.Gateway;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKit.Sync;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.BuildKit.Builds;

/// <summary>The Dockerfile frontend: loads the definition, reads it and plans the build.</summary>
internal sealed class Frontend(Builder builder, SessionTable sessions, SessionRegistry registry, UploadTable uploads)
{
    private const int MostDockerfile = 64 << 20;

    /// <summary>How many bytes a list of what is left out may have.</summary>
    internal const int MostIgnored = 4 << 20;

    /// <summary>Where that list is.</summary>
    internal const string IgnoreFile = ".dockerignore";

    /// <summary>Plans a build for each of its platforms.</summary>
    /// <param name="build">For whom.</param>
    /// <param name="options">What the client wants.</param>
    /// <exception cref="Slipway.BuildKitApi.Grpc.GrpcException">It cannot be built.</exception>
    internal async Task<IReadOnlyList<FrontendResult>> PlanAsync(ClientBuild build, FrontendOptions options)
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

    /// <summary>Only says what is wrong with the Dockerfile (<c>--check</c>).</summary>
    internal async Task<Result> LintAsync(ClientBuild build, FrontendOptions options)
    {
        var (name, text, warnings, error) = (options.FileName, Array.Empty<byte>(), (IReadOnlyList<Diagnostic>)[], (Diagnostic?)null);
        try
        {
            foreach (var result in await PlanAsync(build, options).ConfigureAwait(false))
            {
                await using (result.ConfigureAwait(false))
                {
                    (text, warnings) = (result.Dockerfile, result.Plan.Graph.Warnings);
                }
            }
        }
        catch (GrpcException e) when (e.InnerException is DockerfileException fault)
        {
            (text, error) = (e.Data["dockerfile"] as byte[] ?? [], fault.Diagnostic);
        }

        var report = new Result();
        report.Metadata["result.txt"] = ByteString.CopyFromUtf8(CheckReport.Format(text, name, warnings, error));
        report.Metadata["result.json"] = ByteString.CopyFrom(LintJson.Write(name, text, warnings, error));
        report.Metadata["result.statuscode"] = ByteString.CopyFromUtf8(error is null && warnings.Count == 0 ? "0" : "1");
        report.Metadata["version"] = ByteString.CopyFromUtf8("1.0.0");
        return report;
    }

    /// <summary>The definition alone.</summary>
    internal async Task<byte[]> DefinitionAsync(ClientBuild build, FrontendOptions options)
    {
        var directories = new ClientDirectories(builder, sessions, build, options);
        await using (directories.ConfigureAwait(false))
        {
            var remote = options.ContextAddress.Length > 0 ? await FetchAsync(build, options, directories).ConfigureAwait(false) : null;
            var definition = build.Progress.Step($"[internal] load build definition from {options.FileName}");
            return (await definition.RunAsync(() => LoadDefinitionAsync(options, remote, directories, definition, build.Canceled)).ConfigureAwait(false)).Text;
        }
    }

    private async Task<IReadOnlyList<FrontendResult>> PlanAsync(ClientBuild build, FrontendOptions options, ClientDirectories directories)
    {
        var remote = options.ContextAddress.Length > 0 ? await FetchAsync(build, options, directories).ConfigureAwait(false) : null;
        var definition = build.Progress.Step($"[internal] load build definition from {options.FileName}");
        var (text, own) = await definition.RunAsync(() => LoadDefinitionAsync(options, remote, directories, definition, build.Canceled)).ConfigureAwait(false);
        var list = own ?? remote?.Files.ReadFile(IgnoreFile, MostIgnored) ?? await LoadIgnoredAsync(build, options, remote, directories).ConfigureAwait(false);
        var ignored = Ignored(list);
        var results = new List<FrontendResult>();
        var contexts = new SharedContexts(options, remote, ignored, directories);
        try
        {
            foreach (var request in options.Requests())
            {
                results.Add(await PlanOneAsync(build, options, request with { Ignore = ignored, AllowHostNetwork = build.Request.Entitlements.Contains("network.host") }, text, contexts).ConfigureAwait(false));
            }

            results[0].Warn(definition);
            return results;
        }
        catch (Exception e)
        {
            foreach (var result in results)
            {
                await result.DisposeAsync().ConfigureAwait(false);
            }

            throw e is OperationCanceledException ? e : Failures.Of(e, options.FileName, text, null);
        }
    }

    private async Task<FrontendResult> PlanOneAsync(ClientBuild build, FrontendOptions options, BuildRequest request, byte[] text, SharedContexts contexts)
    {
        FrontendResult? result = null;
        request = request with { Secrets = new SessionSecrets(build.Session).GetAsync, Agents = SessionAgents.Of(build.Session), Pull = registry.PullFor(build.Session) };
        var lookups = new ImageLookups(build.Progress);
        var plan = await new PlanBuild(builder).RunAsync(request, text, (source, cancel) => contexts.OpenAsync(source, result!.Step(source), cancel), lookups.Report, build.Canceled).ConfigureAwait(false);
        return result = new FrontendResult(build, plan, options, text, contexts);
    }

    private async Task<RemoteContext> FetchAsync(ClientBuild build, FrontendOptions options, ClientDirectories directories)
    {
        var step = build.Progress.Step("[internal] load remote build context");
        return directories.Own(await step.RunAsync(() => RemoteDirectory.OpenAsync(builder, uploads, build, Address(options))).ConfigureAwait(false));
    }

    // A directory inside of a repository is part of its address.
    private static string Address(FrontendOptions options) =>
        options.ContextSubdirectory.Length == 0 ? options.ContextAddress
        : !options.ContextAddress.Contains('#', StringComparison.Ordinal) ? $"{options.ContextAddress}#:{options.ContextSubdirectory}"
        : options.ContextAddress.LastIndexOf(':') > options.ContextAddress.IndexOf('#', StringComparison.Ordinal) ? $"{options.ContextAddress}/{options.ContextSubdirectory}"
        : $"{options.ContextAddress}:{options.ContextSubdirectory}";

    private static async Task<(byte[] Text, byte[]? Ignored)> LoadDefinitionAsync(FrontendOptions options, RemoteContext? remote, ClientDirectories directories, ProgressStep step, CancellationToken cancel)
    {
        var name = options.FileName;
        if (remote is not null && !options.HasDockerfileDirectory)
        {
            return (remote.Dockerfile ?? remote.Files.ReadFile(name, MostDockerfile) ?? throw NoDockerfile(name), null);
        }

        var request = new DirectoryRequest(options.DockerfileDirectory) { FollowPaths = [name, name + IgnoreFile] };
        var files = await directories.GetAsync(request, keep: false, step, cancel).ConfigureAwait(false);
        var text = files.ReadFile(name, MostDockerfile) ?? throw NoDockerfile(name);
        return (text, files.ReadFile(name + IgnoreFile, MostIgnored));
    }

    private static EngineException NoDockerfile(string name) => EngineException.NotFound($"failed to read dockerfile: open {name}: no such file or directory");

    private static Task<byte[]?> LoadIgnoredAsync(ClientBuild build, FrontendOptions options, RemoteContext? remote, ClientDirectories directories)
    {
        if (remote is not null)
        {
            return Task.FromResult<byte[]?>(null);
        }

        var step = build.Progress.Step("[internal] load .dockerignore");
        return step.RunAsync(async () =>
        {
            var request = new DirectoryRequest(options.ContextDirectory) { FollowPaths = [IgnoreFile] };
            var files = await directories.GetAsync(request, keep: false, step, build.Canceled).ConfigureAwait(false);
            return files.ReadFile(IgnoreFile, MostIgnored);
        });
    }

    /// <exception cref="EngineException">InvalidArgument: a line of it is no pattern.</exception>
    internal static IgnorePatterns? Ignored(byte[]? list)
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
