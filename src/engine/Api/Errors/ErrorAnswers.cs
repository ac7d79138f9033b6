using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Slipway.Api.Requests;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Errors;

/// <summary>Answers a failed request as Docker does: a status code and <c>{"message": …}</c>.</summary>
internal static class ErrorAnswers
{
    /// <summary>What the client is told about an exception: null when there is nobody left to tell.</summary>
    public static (int Status, string Message)? Describe(Exception error, ILogger log, CancellationToken clientGone) => error switch
    {
        EngineException e when e.Kind is not ErrorKind.Internal => (StatusCodes.Of(e.Kind), e.Message),
        EngineException e => Fault(e, e.Message, log),
        BadHttpRequestException e => (e.StatusCode, e.Message),
        OperationCanceledException when clientGone.IsCancellationRequested => null,
        OperationCanceledException => (503, "the request was cancelled"),
        IOException when clientGone.IsCancellationRequested => null,
        IOException when DeviceFaults.Translate(error) is { } e => Device(e, log),
        _ => Fault(error, "internal error: see the daemon's log", log),
    };

    /// <summary>Writes the answer. Once a response has begun its status is out: then the connection is cut, which clients notice.</summary>
    public static async Task WriteAsync(HttpContext http, int status, string message)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = null;
        http.Response.ContentLength = null;
        if (status == 304 || HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        await JsonAnswers.WriteAsync(http, status, new ErrorResponse { Message = message }, DockerJson.Wire.ErrorResponse);
    }

    private static (int Status, string Message)? Device(EngineException error, ILogger log)
    {
        log.LogError("request failed: {Reason}", error.Message);
        return (StatusCodes.Of(error.Kind), error.Message);
    }

    private static (int Status, string Message)? Fault(Exception error, string message, ILogger log)
    {
        log.LogError(error, "request failed");
        return (500, message);
    }
}
