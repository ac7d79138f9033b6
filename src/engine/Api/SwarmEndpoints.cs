using Slipway.Api.Routing;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>Everything about swarms, answered by an engine that is in none and never will be: another host is just another address.</summary>
public static class SwarmEndpoints
{
    private const string NoManager =
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.";

    /// <summary>Adds the routes.</summary>
    public static void Map(RouteTable routes)
    {
        routes.Get("/swarm", Refuse);
        routes.Post("/swarm/init", Unsupported);
        routes.Post("/swarm/join", Unsupported);
        routes.Post("/swarm/leave", _ => throw new EngineException(ErrorKind.Unavailable, "This node is not part of a swarm"));
        routes.Post("/swarm/update", Refuse);
        routes.Get("/swarm/unlockkey", Refuse);
        routes.Post("/swarm/unlock", Refuse);
        foreach (var noun in (ReadOnlySpan<string>)["nodes", "services", "tasks", "secrets", "configs"])
        {
            routes.Get($"/{noun}", Refuse);
            routes.Post($"/{noun}/create", Refuse);
            routes.Get($"/{noun}/{{id}}", Refuse);
            routes.Get($"/{noun}/{{id}}/logs", Refuse);
            routes.Post($"/{noun}/{{id}}/update", Refuse);
            routes.Delete($"/{noun}/{{id}}", Refuse);
        }
    }

    private static Task Refuse(ApiCall call) => throw new EngineException(ErrorKind.Unavailable, NoManager);

    private static Task Unsupported(ApiCall call) => throw new EngineException(ErrorKind.NotImplemented, "swarm mode is not supported by this engine");
}
