using Google.Protobuf;
using Slipway.BuildKit.Builds;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.BuildKitApi.Messages.Gateway;

namespace Slipway.BuildKit;

/// <summary><c>moby.buildkit.v1.frontend.LLBBridge</c>: what a client's part of a build asks for. The build is named by metadata.</summary>
internal sealed class GatewayMethods(Rendezvous<ClientBuild> builds, Frontend frontend, SharedResults shared, LocalImages local, CacheSources cache, ImageConfigs images)
{
    private const string Service = "/moby.buildkit.v1.frontend.LLBBridge/";

    private static readonly string[] FrontendCaps =
    [
        "solve.base", "solve.inlinereturn", "resolveimage", "resolveimage.resolvemode", "readfile", "return", "returnmap", "readdir", "statfile",
        "importcaches", "proto.refarray", "reference.output", "frontend.inputs", "gateway.solve.metadata", "gateway.evaluate.solve", "moby.buildkit.frontend.subrequests",
    ];

    private static readonly string[] GraphCaps =
    [
        "source.image", "source.image.resolvemode", "source.local", "source.local.unique", "source.local.sessionid", "source.local.includepatterns",
        "source.local.followpaths", "source.local.excludepatterns", "source.local.sharedkeyhint", "source.local.differ", "source.git", "source.git.keepgitdir",
        "source.git.fullurl", "source.git.subdir", "source.http", "source.http.checksum", "exec.meta.base", "exec.meta.network", "exec.meta.proxyenv",
        "exec.mount.bind", "exec.mount.cache", "exec.mount.secret", "exec.mount.ssh", "exec.secretenv", "file.base", "platform", "meta.ignorecache",
        "meta.description", "exporter.sourcedateepoch", "exporter.image.attestations", "exporter.image.annotations",
    ];

    internal void Map(Dictionary<string, Func<GrpcCall, Task>> methods)
    {
        methods[Service + "Ping"] = PingAsync;
        methods[Service + "Solve"] = SolveAsync;
        methods[Service + "Return"] = ReturnAsync;
        methods[Service + "Evaluate"] = EvaluateAsync;
        methods[Service + "ReadFile"] = ReadFileAsync;
        methods[Service + "ReadDir"] = ReadDirAsync;
        methods[Service + "StatFile"] = StatFileAsync;
        methods[Service + "Inputs"] = InputsAsync;
        methods[Service + "ResolveImageConfig"] = ResolveAsync;
        methods[Service + "Warn"] = WarnAsync;
    }

    /// <summary>Runs the Dockerfile frontend for a build.</summary>
    /// <param name="build">The build.</param>
    /// <param name="values">Options of the frontend.</param>
    /// <param name="inputs">Graphs that are named contexts.</param>
    /// <param name="imports">Caches that results are taken from.</param>
    internal async Task<Result> SolveAsync(ClientBuild build, IReadOnlyDictionary<string, string> values, IEnumerable<KeyValuePair<string, Definition>> inputs, IEnumerable<CacheOptionsEntry> imports)
    {
        var images = await shared.OpenAsync(inputs, build.Canceled).ConfigureAwait(false);
        build.AtEnd(() => Task.WhenAll(images.Values.Select(local.RemoveAsync)));
        var options = new FrontendOptions(values, images);
        if (options.Subrequest.Length > 0)
        {
            return options.Subrequest == "frontend.lint"
                ? await frontend.LintAsync(build, options).ConfigureAwait(false)
                : Subrequests.Answer(options, options.Subrequest == Subrequests.Describe ? [] : await frontend.DefinitionAsync(build, options).ConfigureAwait(false));
        }

        await cache.ImportAsync(build, CacheSources.Of(build, options, imports), options.Requests()[0].Platform).ConfigureAwait(false);
        options = new FrontendOptions(values, images) { Opened = await local.OpenLayoutsAsync(build, options).ConfigureAwait(false) };
        var results = await frontend.PlanAsync(build, options).ConfigureAwait(false);
        if (results is [var only])
        {
            return new Result { Ref = Keep(build, only) };
        }

        var several = new Result { Refs = new RefMap() };
        foreach (var result in results)
        {
            several.Refs.Refs[result.Platform.ToString()] = Keep(build, result);
        }

        several.Metadata["refs.platforms"] = ByteString.CopyFromUtf8(Platforms.ToJson(results.Select(result => result.Platform)));
        return several;
    }

    private Ref Keep(ClientBuild build, FrontendResult result)
    {
        var id = build.Keep(result);
        return new Ref { Id = id, Def = shared.Describe(id, result) };
    }

    private async Task PingAsync(GrpcCall call)
    {
        await BuildAsync(call).ConfigureAwait(false);
        await call.ReadAsync(PingRequest.Parser).ConfigureAwait(false);
        await call.WriteAsync(new PongResponse
        {
            FrontendApiCaps = { FrontendCaps.Select(Cap) },
            LlbCaps = { GraphCaps.Select(Cap) },
            Workers = { ControlMethods.Worker() },
        }).ConfigureAwait(false);
    }

    private async Task SolveAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        var request = await call.ReadAsync(Slipway.BuildKitApi.Messages.Gateway.SolveRequest.Parser).ConfigureAwait(false);
        if (!IsDockerfile(request))
        {
            throw new GrpcException(GrpcStatus.Unimplemented, request.Frontend.Length > 0 ? $"no frontend named {request.Frontend}: Dockerfiles are what this engine builds" : "graphs of other frontends are not built by this engine");
        }

        var result = await SolveAsync(build, request.FrontendOpt, request.FrontendInputs, request.CacheImports).ConfigureAwait(false);
        foreach (var id in request.Evaluate ? ExportResult.Refs(result) : [])
        {
            await build.Result(id).EvaluateAsync().ConfigureAwait(false);
        }

        await call.WriteAsync(new Slipway.BuildKitApi.Messages.Gateway.SolveResponse { Ref = request.AllowResultReturn ? "" : result.Ref?.Id ?? "", Result = request.AllowResultReturn ? result : null }).ConfigureAwait(false);
    }

    // Every version of docker's own frontend is ours.
    private static bool IsDockerfile(Slipway.BuildKitApi.Messages.Gateway.SolveRequest request) =>
        request.Frontend == "dockerfile.v0"
        || (request.Frontend == "gateway.v0" && request.FrontendOpt.GetValueOrDefault("source") is { } source && source.Contains("docker/dockerfile", StringComparison.Ordinal));

    private async Task ReturnAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        build.Returned.TrySetResult(await call.ReadAsync(ReturnRequest.Parser).ConfigureAwait(false));
        await call.WriteAsync(new ReturnResponse()).ConfigureAwait(false);
    }

    private async Task EvaluateAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        var request = await call.ReadAsync(EvaluateRequest.Parser).ConfigureAwait(false);
        await build.Result(request.Ref).EvaluateAsync().ConfigureAwait(false);
        await call.WriteAsync(new EvaluateResponse()).ConfigureAwait(false);
    }

    private async Task ReadFileAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        var request = await call.ReadAsync(ReadFileRequest.Parser).ConfigureAwait(false);
        var files = await build.Result(request.Ref).FilesAsync().ConfigureAwait(false);
        await call.WriteAsync(new ReadFileResponse { Data = files.Read(request.FilePath, request.Range?.Offset ?? 0, request.Range?.Length ?? 0) }).ConfigureAwait(false);
    }

    private async Task ReadDirAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        var request = await call.ReadAsync(ReadDirRequest.Parser).ConfigureAwait(false);
        var files = await build.Result(request.Ref).FilesAsync().ConfigureAwait(false);
        await call.WriteAsync(new ReadDirResponse { Entries = { files.List(request.DirPath) } }).ConfigureAwait(false);
    }

    private async Task StatFileAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        var request = await call.ReadAsync(StatFileRequest.Parser).ConfigureAwait(false);
        var files = await build.Result(request.Ref).FilesAsync().ConfigureAwait(false);
        await call.WriteAsync(new StatFileResponse { Stat = files.Stat(request.Path) }).ConfigureAwait(false);
    }

    private async Task InputsAsync(GrpcCall call)
    {
        await BuildAsync(call).ConfigureAwait(false);
        await call.ReadAsync(InputsRequest.Parser).ConfigureAwait(false);
        await call.WriteAsync(new InputsResponse()).ConfigureAwait(false);
    }

    private async Task ResolveAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        var request = await call.ReadAsync(ResolveImageConfigRequest.Parser).ConfigureAwait(false);
        await call.WriteAsync(await images.ResolveAsync(build, request).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task WarnAsync(GrpcCall call)
    {
        var build = await BuildAsync(call).ConfigureAwait(false);
        var request = await call.ReadAsync(WarnRequest.Parser).ConfigureAwait(false);
        build.Progress.Step("warning").Start().Warn(new VertexWarning { Level = request.Level, Short = request.Short, Detail = { request.Detail }, Url = request.Url });
        await call.WriteAsync(new WarnResponse()).ConfigureAwait(false);
    }

    private Task<ClientBuild> BuildAsync(GrpcCall call) => builds.GetAsync(call.Metadata("buildkit-controlapi-buildid"), call.Gone);

    private static ApiCap Cap(string id) => new() { Id = id, Enabled = true };
}
