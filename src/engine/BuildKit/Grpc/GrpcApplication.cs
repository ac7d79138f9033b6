using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Slipway.Engine;

namespace Slipway.BuildKit.Grpc;

/// <summary>Finds a call's method by its path and answers with its status.</summary>
internal sealed class GrpcApplication(IReadOnlyDictionary<string, Func<GrpcCall, Task>> methods, ILogger log) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // The context owns nothing.
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        var error = await RunAsync(context).ConfigureAwait(false);
        if (error is null && !context.Response.HasStarted)
        {
            await context.Response.StartAsync().ConfigureAwait(false);
        }

        context.Response.AppendTrailer("grpc-status", (error?.Status.Code ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (error is not null)
        {
            context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(error.Message));
            if (error.Status.Details.Count > 0)
            {
                context.Response.AppendTrailer("grpc-status-details-bin", error.Details);
            }
        }
    }

    private async Task<GrpcException?> RunAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (!methods.TryGetValue(path, out var method))
        {
            log.LogDebug("no gRPC method {Path}", path);
            return new GrpcException(GrpcStatus.Unimplemented, $"unknown method {path}");
        }

        try
        {
            using var call = new GrpcCall(context);
            await method(call).ConfigureAwait(false);
            return null;
        }
        catch (GrpcException e)
        {
            return e;
        }
        catch (EngineException e) when (e.Kind != ErrorKind.Internal)
        {
            // Another code would be put before the message by clients.
            return new GrpcException(GrpcStatus.Unknown, e.Message);
        }
        catch (OperationCanceledException)
        {
            return new GrpcException(GrpcStatus.Canceled, "context canceled");
        }
        catch (Exception e) when (e is IOException && context.RequestAborted.IsCancellationRequested)
        {
            return new GrpcException(GrpcStatus.Canceled, "context canceled");
        }
        catch (Exception e)
        {
            log.LogError(e, "{Path} failed", path);
            return new GrpcException(GrpcStatus.Internal, e is EngineException ? e.Message : "internal error: see the daemon's log");
        }
    }
}
