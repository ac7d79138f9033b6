using System.Text.Json.Serialization;
using Slipway.Api.Routing;
using Slipway.Distribution;
using Slipway.Engine;

namespace Slipway.Daemon.Listeners;

/// <summary>Tells who holds the engine's socket, and so may do everything, where the registry is and how to be let in.</summary>
internal static class OwnRegistryEndpoint
{
    /// <summary>Adds <c>GET /slipway/registry</c>.</summary>
    internal static void Map(RouteTable routes, OwnRegistry? own) => routes.Get(
        "/slipway/registry",
        call => own is null
            ? throw EngineException.NotFound("this engine has no registry")
            : call.JsonAsync(new OwnRegistryAnswer(new Uri(own.Base, "/").ToString(), own.Header, own.Key), OwnRegistryJson.Default.OwnRegistryAnswer));
}

/// <summary>Where the registry is.</summary>
internal sealed record OwnRegistryAnswer(string Address, string Header, string Key);

/// <summary>Its JSON.</summary>
[JsonSerializable(typeof(OwnRegistryAnswer))]
internal sealed partial class OwnRegistryJson : JsonSerializerContext;
