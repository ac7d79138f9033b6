using System.Text.Json;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Containers;

namespace Slipway.Api;

/// <summary>Files of containers: copy in and out, export, changes.</summary>
public sealed class ContainerFileEndpoints(SlipwayEngine engine)
{
    private const string StatHeader = "X-Docker-Container-Path-Stat";

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Head("/containers/{id}/archive", StatAsync);
        routes.Get("/containers/{id}/archive", GetAsync);
        routes.Put("/containers/{id}/archive", PutAsync);
        routes.Get("/containers/{id}/export", ExportAsync);
        routes.Get("/containers/{id}/changes", ChangesAsync);
    }

    private Container Find(ApiCall call) => engine.Containers.Get(call.Name);

    private static string PathOf(ApiCall call) =>
        call.Query.Optional("path") ?? throw EngineException.Invalid("bad parameter: 'path' cannot be empty");

    private async Task StatAsync(ApiCall call)
    {
        var stat = await engine.ArchiveContainer.StatAsync(Find(call), PathOf(call), call.Aborted);
        SetStat(call, stat);
    }

    private async Task GetAsync(ApiCall call)
    {
        await using var archive = await engine.ArchiveContainer.OpenReadAsync(Find(call), PathOf(call), call.Aborted);
        SetStat(call, archive.Stat);
        call.Http.Response.ContentType = "application/x-tar";
        await archive.WriteToAsync(call.Http.Response.Body, call.Aborted);
    }

    private async Task PutAsync(ApiCall call)
    {
        var query = call.Query;
        await engine.ArchiveContainer.PutAsync(
            Find(call), PathOf(call), call.Http.Request.Body, query.Flag("noOverwriteDirNonDir"), query.Flag("copyUIDGID"), call.Aborted);
        await call.StatusAsync(200);
    }

    private async Task ExportAsync(ApiCall call)
    {
        var container = Find(call);
        call.Http.Response.ContentType = "application/octet-stream";
        await engine.ExportContainer.RunAsync(container, call.Http.Response.Body, call.Aborted);
    }

    private async Task ChangesAsync(ApiCall call)
    {
        var container = Find(call);
        var changes = await engine.Files.ChangesAsync(container, call.Aborted);
        await call.JsonAsync(changes, DockerJson.Wire.FilesystemChangeList);
    }

    private static void SetStat(ApiCall call, ContainerPathStat stat) =>
        call.Http.Response.Headers[StatHeader] = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(stat, DockerJson.Wire.ContainerPathStat));
}
