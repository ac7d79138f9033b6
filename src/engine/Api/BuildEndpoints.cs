using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.Build;
using Slipway.Build.Cache;
using Slipway.Build.Context;
using Slipway.Build.Results;
using Slipway.Distribution;
using Slipway.Distribution.Authorization;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Api;

/// <summary>Builds by the classic endpoint, and the build cache.</summary>
public sealed class BuildEndpoints(Builder builder, Registries registries, BuildKitEndpoints buildKit)
{
    private readonly RunningBuilds _running = new();

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Post("/build", BuildAsync);
        routes.Post("/build/cancel", CancelAsync);
        routes.Post("/build/prune", PruneAsync);
    }

    private async Task BuildAsync(ApiCall call)
    {
        var query = call.Query;
        if (query["version"] == "2")
        {
            await buildKit.BuildAsync(call);
            return;
        }

        var request = BuildQuery.Read(query, PlatformQuery.Read(query)) with { Pull = PullAs(RegistryCredentials.FromConfigHeader(call.Http.Request.Headers["X-Registry-Config"])) };
        if (query.Flag("check") || query.Has("graph"))
        {
            await TellAsync(call, request);
            return;
        }

        await using var output = new BuildOutput(call, quiet: query.Flag("q"));
        await output.RunAsync(async report =>
        {
            using var context = await OpenContextAsync(call, call.Aborted);
            await using var watch = call.WatchClient();
            using var running = _running.Begin(query.Optional("buildid"), watch.Gone);
            return await new BuildImage(builder).RunAsync(request, context, new ClassicProgress(report), running.Token);
        });
    }

    // Our own addition: what is wrong with a Dockerfile, or the picture of its graph, without building.
    private async Task TellAsync(ApiCall call, BuildRequest request)
    {
        var picture = call.Query["graph"] == "svg";
        using var context = await OpenContextAsync(call, call.Aborted);
        var check = new CheckBuild(builder);
        var text = call.Query.Flag("check") ? await check.CheckAsync(request, context, call.Aborted) : await check.DrawAsync(request, context, picture, call.Aborted);
        call.Http.Response.ContentType = picture ? "image/svg+xml" : "text/plain; charset=utf-8";
        await call.Http.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), call.Aborted);
    }

    private Task<RemoteContext> OpenContextAsync(ApiCall call, CancellationToken cancel) =>
        call.Query.Optional("remote") is { } remote and not "client-session"
            ? RemoteContext.OpenAsync(builder, remote, cancel)
            : RemoteContext.ReceiveAsync(builder.Engine, call.Http.Request.Body, cancel);

    // Each registry is told who the client is there.
    private Func<Reference, Platform?, CancellationToken, Task>? PullAs(IReadOnlyDictionary<string, RegistryCredentials> logins) => logins.Count == 0 ? null :
        (name, platform, cancel) => registries.PullImage.RunAsync(new PullRequest(name, platform, logins.GetValueOrDefault(name.Domain) ?? RegistryCredentials.None), null, cancel);

    private Task CancelAsync(ApiCall call)
    {
        _running.Cancel(call.Query.Optional("id") ?? throw EngineException.Invalid("build ID not provided"));
        return call.StatusAsync(204);
    }

    private async Task PruneAsync(ApiCall call)
    {
        var query = call.Query;
        var filters = query.Filters();
        var keep = Math.Max(query.Long("keep-storage") ?? 0, Math.Max(query.Long("reserved-space") ?? 0, query.Long("max-used-space") ?? 0));
        var request = new PruneRequest(query.Flag("all"), keep, query.Long("min-free-space") ?? 0, PruneFilter.Until(filters, call.Time), filters);
        await call.JsonAsync(await builder.PruneCache.RunAsync(request), DockerJson.Wire.BuildPruneReport);
    }
}
