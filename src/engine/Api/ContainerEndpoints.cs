using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Containers;

namespace Slipway.Api;

/// <summary>The life of containers. Their streams and their files have endpoints of their own.</summary>
public sealed class ContainerEndpoints(SlipwayEngine engine)
{
    private static readonly ApiVersion s_stopSignal = new(1, 42);

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/containers/json", ListAsync);
        routes.Get("/containers/{id}/json", call => call.JsonAsync(engine.InspectContainer.Run(Find(call), call.Query.Flag("size")), DockerJson.Wire.ContainerInspect));
        routes.Post("/containers/create", CreateAsync);
        routes.Post("/containers/prune", PruneAsync);
        routes.Post("/containers/{id}/start", StartAsync);
        routes.Post("/containers/{id}/stop", StopAsync);
        routes.Post("/containers/{id}/restart", RestartAsync);
        routes.Post("/containers/{id}/kill", call => Done(call, engine.KillContainer.RunAsync(Find(call), call.Query.Optional("signal"), call.Aborted)));
        routes.Post("/containers/{id}/pause", call => Done(call, engine.PauseContainer.PauseAsync(Find(call), call.Aborted)));
        routes.Post("/containers/{id}/unpause", call => Done(call, engine.PauseContainer.UnpauseAsync(Find(call), call.Aborted)));
        routes.Post("/containers/{id}/rename", call => Done(call, engine.RenameContainer.RunAsync(Find(call), call.Query["name"], call.Aborted)));
        routes.Post("/containers/{id}/update", UpdateAsync);
        routes.Post("/containers/{id}/resize", Resize);
        routes.Post("/containers/{id}/wait", WaitAsync);
        routes.Delete("/containers/{id}", RemoveAsync);
    }

    private Container Find(ApiCall call) => engine.Containers.Get(call.Name);

    private static async Task Done(ApiCall call, Task work)
    {
        await work;
        await call.StatusAsync(204);
    }

    private Task ListAsync(ApiCall call)
    {
        var query = call.Query;
        var list = engine.ListContainers.Run(query.Flag("all"), query.Int("limit") ?? 0, query.Flag("size"), query.Filters());
        return call.JsonAsync(list, DockerJson.Wire.ContainerSummaryList);
    }

    private async Task CreateAsync(ApiCall call)
    {
        var request = await call.RequiredBodyAsync(DockerJson.Default.ContainerCreateRequest);
        var platform = PlatformQuery.Read(call.Query);
        var (container, warnings) = await engine.CreateContainer.RunAsync(request, call.Query.Optional("name"), platform, call.Aborted);
        await call.JsonAsync(new ContainerCreateResponse { Id = container.Id, Warnings = warnings }, DockerJson.Wire.ContainerCreateResponse, 201);
    }

    private Task StartAsync(ApiCall call)
    {
        // Docker allows for a client that sends "null" or "{}" with some blanks.
        if (call.Http.Request.ContentLength > 7 || (call.Http.Request.ContentLength is null && call.Http.Request.Headers.TransferEncoding.Count > 0))
        {
            throw EngineException.Invalid("starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24");
        }

        if (call.Query.Optional("checkpoint") is not null)
        {
            throw new EngineException(ErrorKind.NotImplemented, "checkpoints are not supported by this engine");
        }

        return Done(call, engine.StartContainer.RunAsync(Find(call), call.Aborted));
    }

    private Task StopAsync(ApiCall call)
    {
        var container = Find(call);
        return Done(call, engine.StopContainer.RunAsync(container, call.Query.Int("t"), StopSignal(call), call.Aborted));
    }

    private Task RestartAsync(ApiCall call)
    {
        var container = Find(call);
        return Done(call, engine.RestartContainer.RunAsync(container, call.Query.Int("t"), StopSignal(call), call.Aborted));
    }

    private static string? StopSignal(ApiCall call) => call.Version >= s_stopSignal ? call.Query.Optional("signal") : null;

    private async Task UpdateAsync(ApiCall call)
    {
        var container = Find(call);
        var request = await call.RequiredBodyAsync(DockerJson.Default.ContainerUpdateRequest);
        var warnings = await engine.UpdateContainer.RunAsync(container, request, call.Aborted);
        await call.JsonAsync(new ContainerUpdateResponse { Warnings = warnings }, DockerJson.Wire.ContainerUpdateResponse);
    }

    private Task Resize(ApiCall call)
    {
        engine.ResizeContainer.Run(Find(call), Size(call, "h"), Size(call, "w"));
        return call.StatusAsync(200);
    }

    internal static int Size(ApiCall call, string name) =>
        call.Query.Int(name) ?? throw EngineException.Invalid("strconv.ParseUint: parsing \"\": invalid syntax");

    private async Task WaitAsync(ApiCall call)
    {
        var condition = call.Query["condition"] switch
        {
            "" or "not-running" => WaitCondition.NotRunning,
            "next-exit" => WaitCondition.NextExit,
            "removed" => WaitCondition.Removed,
            var other => throw EngineException.Invalid($"invalid condition: \"{other}\""),
        };

        await using var watch = call.WatchClient();
        var end = engine.WaitContainer.Begin(Find(call), condition, watch.Gone);

        // The wait is registered now. A client that has these headers may start the container without missing its end.
        await call.BeginStreamAsync("application/json");
        var status = await end;
        var answer = new ContainerWaitResponse
        {
            StatusCode = status.Code,
        };
        await JsonLines.WriteAsync(call, answer, DockerJson.Wire.ContainerWaitResponse);
    }

    private async Task RemoveAsync(ApiCall call)
    {
        if (call.Query.Flag("link"))
        {
            engine.Containers.Get(call.Name);
            throw EngineException.Conflict("Conflict, cannot remove the default link name of the container");
        }

        await Done(call, engine.RemoveContainer.RunAsync(Find(call), call.Query.Flag("force"), call.Query.Flag("v"), call.Aborted));
    }

    private async Task PruneAsync(ApiCall call)
    {
        var filter = PruneFilter.Containers(call.Query.Filters(), call.Time);
        await call.JsonAsync(await engine.PruneContainers.RunAsync(filter, call.Aborted), DockerJson.Wire.ContainersPruneReport);
    }
}
