using Slipway.Api.Routing;

namespace Slipway.Api;

/// <summary>The question whether anybody is there, which clients ask before everything else.</summary>
public static class PingEndpoints
{
    /// <summary>Adds the routes.</summary>
    public static void Map(RouteTable routes)
    {
        routes.Get("/_ping", PingAsync);
        routes.Head("/_ping", PingAsync);
    }

    private static async Task PingAsync(ApiCall call)
    {
        var response = call.Http.Response;
        response.Headers["Builder-Version"] = "2";
        response.Headers["Swarm"] = "inactive";
        response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        response.Headers.Pragma = "no-cache";
        response.ContentType = "text/plain; charset=utf-8";
        if (call.Http.Request.Method == "HEAD")
        {
            response.ContentLength = 0;
            return;
        }

        response.ContentLength = 2;
        await response.BodyWriter.WriteAsync("OK"u8.ToArray(), call.Aborted);
    }
}
