using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>Networks: the built-in ones can be seen; there are no others yet, and what would change one says so.</summary>
public sealed class NetworkEndpoints(SlipwayEngine engine)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/networks", ListAsync);
        routes.Get("/networks/", ListAsync);
        routes.Get("/networks/{id}", call => call.JsonAsync(Engine.Networks.ListNetworks.Inspect(call.Name, engine.Containers), DockerJson.Wire.Network));
        routes.Post("/networks/create", CreateAsync);
        routes.Post("/networks/prune", PruneAsync);
        routes.Post("/networks/{id}/connect", call => ChangeAsync(call, "connected to"));
        routes.Post("/networks/{id}/disconnect", call => ChangeAsync(call, "disconnected from"));
        routes.Delete("/networks/{id}", Delete);
    }

    private Task ListAsync(ApiCall call) =>
        call.JsonAsync(Engine.Networks.ListNetworks.Run(call.Query.Filters(), engine.Containers), DockerJson.Wire.NetworkList);

    private static async Task CreateAsync(ApiCall call)
    {
        var request = await call.RequiredBodyAsync(DockerJson.Default.NetworkCreateRequest);
        if (request.Name.Length == 0)
        {
            throw EngineException.Invalid("network name cannot be empty");
        }

        throw request.Name is "none" or "host" or "bridge" or "default"
            ? new EngineException(ErrorKind.Forbidden, $"operation is not permitted on predefined {request.Name} network")
            : new EngineException(ErrorKind.NotImplemented, "this version of the engine has the networks none and host only");
    }

    private static Task PruneAsync(ApiCall call)
    {
        _ = call.Query.Filters();
        return call.JsonAsync(new NetworksPruneReport { NetworksDeleted = [] }, DockerJson.Wire.NetworksPruneReport);
    }

    private async Task ChangeAsync(ApiCall call, string what)
    {
        var (name, _) = Engine.Networks.BuiltInNetworks.Get(call.Name);
        var request = await call.RequiredBodyAsync(DockerJson.Default.NetworkConnectRequest);
        engine.Containers.Get(request.Container);
        throw new EngineException(ErrorKind.Forbidden, $"container cannot be {what} {name} network");
    }

    private static Task Delete(ApiCall call)
    {
        var (name, _) = Engine.Networks.BuiltInNetworks.Get(call.Name);
        throw new EngineException(ErrorKind.Forbidden, $"{name} is a pre-defined network and cannot be removed");
    }
}
