using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>Plugins: there are none, and none can be installed.</summary>
public static class PluginEndpoints
{
    /// <summary>Adds the routes.</summary>
    public static void Map(RouteTable routes)
    {
        routes.Get("/plugins", call => call.JsonAsync<IReadOnlyList<string>>([], DockerJson.Wire.StringList));
        routes.Get("/plugins/privileges", Unsupported);
        routes.Post("/plugins/pull", Unsupported);
        routes.Post("/plugins/create", Unsupported);
        routes.Get("/plugins/{name*}/json", NotFound);
        routes.Post("/plugins/{name*}/enable", NotFound);
        routes.Post("/plugins/{name*}/disable", NotFound);
        routes.Post("/plugins/{name*}/upgrade", NotFound);
        routes.Post("/plugins/{name*}/push", NotFound);
        routes.Post("/plugins/{name*}/set", NotFound);
        routes.Delete("/plugins/{name*}", NotFound);
    }

    private static Task NotFound(ApiCall call) => throw EngineException.NotFound($"plugin \"{call.Name}\" not found");

    private static Task Unsupported(ApiCall call) => throw new EngineException(ErrorKind.NotImplemented, "plugins are not supported by this engine");
}
