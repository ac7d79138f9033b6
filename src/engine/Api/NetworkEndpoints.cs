using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>Networks.</summary>
public sealed class NetworkEndpoints(SlipwayEngine engine)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/networks", ListAsync);
        routes.Get("/networks/", ListAsync);
        routes.Get("/networks/{id}", async call => await call.JsonAsync(await engine.ListNetworks.InspectAsync(call.Name), DockerJson.Wire.Network));
        routes.Post("/networks/create", CreateAsync);
        routes.Post("/networks/prune", PruneAsync);
        routes.Post("/networks/{id}/connect", ConnectAsync);
        routes.Post("/networks/{id}/disconnect", DisconnectAsync);
        routes.Delete("/networks/{id}", DeleteAsync);
    }

    private async Task ListAsync(ApiCall call) =>
        await call.JsonAsync(await engine.ListNetworks.RunAsync(call.Query.Filters()), DockerJson.Wire.NetworkList);

    private async Task CreateAsync(ApiCall call)
    {
        var network = await engine.CreateNetwork.RunAsync(await call.RequiredBodyAsync(DockerJson.Default.NetworkCreateRequest));
        await call.JsonAsync(new NetworkCreateResponse { Id = network.Id }, DockerJson.Wire.NetworkCreateResponse, 201);
    }

    private async Task PruneAsync(ApiCall call) =>
        await call.JsonAsync(new NetworksPruneReport { NetworksDeleted = await engine.PruneNetworks.RunAsync(call.Query.Filters()) }, DockerJson.Wire.NetworksPruneReport);

    private async Task ConnectAsync(ApiCall call)
    {
        var request = await call.RequiredBodyAsync(DockerJson.Default.NetworkConnectRequest);
        await engine.ConnectNetwork.ConnectAsync(call.Name, engine.Containers.Get(request.Container), request.EndpointConfig);
    }

    private async Task DisconnectAsync(ApiCall call)
    {
        var request = await call.RequiredBodyAsync(DockerJson.Default.NetworkDisconnectRequest);
        await engine.ConnectNetwork.DisconnectAsync(call.Name, engine.Containers.Get(request.Container));
    }

    private async Task DeleteAsync(ApiCall call)
    {
        await engine.RemoveNetwork.RunAsync(call.Name);
        await call.StatusAsync(204);
    }
}
