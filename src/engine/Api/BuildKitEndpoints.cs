using Slipway.Api.Hijack;
using Slipway.Api.Routing;
using Slipway.Engine;

namespace Slipway.Api;

/// <summary>Serves a connection that was upgraded, until it ends.</summary>
/// <param name="call">What the client asked with: its headers.</param>
/// <param name="connection">The connection.</param>
/// <param name="gone">Cancelled when the client is gone or the daemon stops.</param>
public delegate Task ServeUpgraded(IReadOnlyDictionary<string, IReadOnlyList<string>> call, Stream connection, CancellationToken gone);

/// <summary>The two ways to BuildKit's API: connections on which gRPC is spoken, by the client to us and by us to the client.</summary>
/// <param name="grpc">Serves <c>/grpc</c>.</param>
/// <param name="session">Serves <c>/session</c>.</param>
public sealed class BuildKitEndpoints(ServeUpgraded grpc, ServeUpgraded session)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Post("/grpc", call => UpgradeAsync(call, grpc));
        routes.Post("/session", call => UpgradeAsync(call, session));
    }

    private static async Task UpgradeAsync(ApiCall call, ServeUpgraded serve)
    {
        var headers = call.Http.Request.Headers;
        if (!string.Equals(headers.Upgrade, "h2c", StringComparison.OrdinalIgnoreCase))
        {
            throw EngineException.Invalid("no upgrade proto in request");
        }

        var asked = headers.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)[.. pair.Value.Select(value => value ?? "")], StringComparer.OrdinalIgnoreCase);
        await using var stream = await HijackedStream.TakeWithAsync(call, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n");
        await serve(asked, stream, stream.Gone);
    }
}
