using System.Text.Json;
using Slipway.Client;

namespace Slipway.Platform.Api;

/// <summary>An error as RFC 9457 has it.</summary>
/// <param name="Type">Kind of the problem.</param>
/// <param name="Title">The kind in words.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What is wrong here.</param>
public sealed record Problem(string Type, string Title, int Status, string Detail);

/// <summary>The one place that maps errors to statuses.</summary>
internal static class Problems
{
    /// <summary>Turns errors of what follows into problem details.</summary>
    internal static async Task CatchAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: 404 or 405 or 415, ContentLength: null, ContentType: null })
            {
                await WriteAsync(context, context.Response.StatusCode, context.Response.StatusCode == 404 ? "there is nothing here" : "that is not how this is called").ConfigureAwait(false);
            }
        }
        catch (Exception e) when (!context.Response.HasStarted && Status(e) is > 0 and var status)
        {
            await WriteAsync(context, status, e is JsonException or BadHttpRequestException { InnerException: JsonException } ? "the body is not the JSON that is expected here" : e.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there any more.
        }
    }

    /// <summary>Writes a problem.</summary>
    internal static Task WriteAsync(HttpContext context, int status, string detail)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        if (status == 429)
        {
            context.Response.Headers.RetryAfter = "60";
        }

        return context.Response.WriteAsJsonAsync(new Problem("about:blank", Title(status), status, detail), ApiJson.Default.Problem, "application/problem+json");
    }

    private static int Status(Exception e) => e switch
    {
        PlatformException platform => platform.Refusal switch
        {
            Refusal.NotFound => 404,
            Refusal.Invalid => 400,
            Refusal.Conflict => 409,
            Refusal.Unauthorized => 401,
            Refusal.Forbidden => 403,
            Refusal.Busy => 429,
            Refusal.TooLarge => 413,
            _ => 503,
        },
        BadHttpRequestException bad => bad.StatusCode,
        JsonException => 400,
        EngineApiException or EngineUnreachableException => 502,
        _ => 0,
    };

    private static string Title(int status) => status switch
    {
        400 => "Bad request", 401 => "Not authenticated", 403 => "Not allowed", 404 => "Not found", 409 => "Conflict", 413 => "Too large", 421 => "Wrong host", 429 => "Too many requests",
        502 => "The engine refuses", 503 => "Not available", _ => "Error",
    };
}
