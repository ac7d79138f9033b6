using Slipway.Api.Routing;
using Slipway.Build;
using Slipway.Distribution;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>The whole API: one file of endpoints per noun.</summary>
public static class ApiRoutes
{
    /// <summary>Every route, served by this engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="builder">Its builder.</param>
    /// <param name="registries">The registry client.</param>
    /// <param name="buildKit">The ways to BuildKit's API.</param>
    /// <param name="debug">Whether the daemon logs at debug level now, for <c>info</c>.</param>
    public static RouteTable For(SlipwayEngine engine, Builder builder, Registries registries, BuildKitEndpoints buildKit, Func<bool> debug)
    {
        var routes = new RouteTable();
        PingEndpoints.Map(routes);
        new SystemEndpoints(engine, builder, debug).Map(routes);
        new EventEndpoints(engine).Map(routes);
        new ImageEndpoints(engine).Map(routes);
        var registry = new RegistryEndpoints(registries);
        registry.Map(routes);
        new ImageArchiveEndpoints(engine, registry).Map(routes);
        new ContainerEndpoints(engine).Map(routes);
        new ContainerFileEndpoints(engine).Map(routes);
        new ContainerStreamEndpoints(engine).Map(routes);
        new ExecEndpoints(engine).Map(routes);
        new BuildEndpoints(builder, registries, buildKit).Map(routes);
        buildKit.Map(routes);
        new VolumeEndpoints(engine).Map(routes);
        new NetworkEndpoints(engine).Map(routes);
        SwarmEndpoints.Map(routes);
        PluginEndpoints.Map(routes);
        CheckEndpoints.Map(routes, registries);
        return routes;
    }
}
