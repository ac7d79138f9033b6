using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>Volumes.</summary>
public sealed class VolumeEndpoints(SlipwayEngine engine)
{
    // Since this version a prune without filter leaves named volumes alone.
    private static readonly ApiVersion s_anonymousOnly = new(1, 42);

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/volumes", call => call.JsonAsync(engine.ListVolumes.Run(call.Query.Filters()), DockerJson.Wire.VolumeListResponse));
        routes.Get("/volumes/{name*}", call => call.JsonAsync(engine.ListVolumes.Inspect(call.Name), DockerJson.Wire.Volume));
        routes.Post("/volumes/create", CreateAsync);
        routes.Post("/volumes/prune", PruneAsync);
        routes.Put("/volumes/{name*}", UpdateAsync);
        routes.Delete("/volumes/{name*}", DeleteAsync);
    }

    private async Task CreateAsync(ApiCall call)
    {
        var request = await call.RequiredBodyAsync(DockerJson.Default.VolumeCreateRequest);
        var volume = await engine.CreateVolume.RunAsync(request);
        await call.JsonAsync(Engine.Volumes.ListVolumes.Show(volume), DockerJson.Wire.Volume, 201);
    }

    private async Task PruneAsync(ApiCall call)
    {
        var report = await engine.PruneVolumes.RunAsync(call.Query.Filters(), call.Version < s_anonymousOnly, call.Aborted);
        await call.JsonAsync(report, DockerJson.Wire.VolumesPruneReport);
    }

    private Task UpdateAsync(ApiCall call)
    {
        engine.Volumes.Get(call.Name);
        throw EngineException.Invalid("volume update only valid for cluster volumes, but swarm is unavailable");
    }

    private async Task DeleteAsync(ApiCall call)
    {
        await engine.RemoveVolume.RunAsync(call.Name, call.Query.Flag("force"));
        await call.StatusAsync(204);
    }
}
