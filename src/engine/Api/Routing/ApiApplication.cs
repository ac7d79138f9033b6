using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Slipway.Api.Errors;
using Slipway.Api.Requests;
using Slipway.Api.Versions;
using Slipway.Transport;

namespace Slipway.Api.Routing;

/// <summary>What happens to every request: headers, version, route, endpoint, and an answer for whatever goes wrong.</summary>
internal sealed class ApiApplication(Task<RouteTable> routes, TimeProvider time, ILogger log, CancellationToken stopping) : IHttpApplication<HttpContext>
{
    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // The context owns nothing.
    }

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            await ChunkedBodyStream.RunAsync(context, RouteAsync);
        }
        catch (OperationCanceledException) when (context.Response.HasStarted)
        {
            // The client left, or the daemon stops: a stream without an end of its own ends here, properly.
        }
        catch (Exception e)
        {
            if (ErrorAnswers.Describe(e, log, context.RequestAborted) is var (status, message))
            {
                await ErrorAnswers.WriteAsync(context, status, message);
            }
        }

        if (log.IsEnabled(LogLevel.Debug))
        {
            log.LogDebug(
                "{Method} {Target} {Status} {Milliseconds}ms", context.Request.Method,
                context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, context.Response.StatusCode,
                (long)time.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    private async Task RouteAsync(HttpContext context)
    {
        CommonHeaders.Write(context.Response.Headers);
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var path = Query.Decode(mark < 0 ? target : target.AsSpan(0, mark), plusIsBlank: false);
        var (version, rest) = RequestVersion.Split(path);
        if ((await routes).Find(context.Request.Method, rest, out var name) is not { } handler)
        {
            await ErrorAnswers.WriteAsync(context, 404, "page not found");
            return;
        }

        RequestVersion.Require(version);
        var query = new Query(mark < 0 ? default : target.AsSpan(mark + 1));
        await handler(new ApiCall(context, version, name, query, time, stopping));
    }
}
