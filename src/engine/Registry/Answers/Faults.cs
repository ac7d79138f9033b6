using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Slipway.Engine;
using Slipway.Engine.Repositories;

namespace Slipway.Registry.Answers;

/// <summary>The one place that turns failures into answers.</summary>
internal static class Faults
{
    /// <summary>Status and errors of a failure; null when nobody is left to tell.</summary>
    internal static (int Status, ErrorEntry[] Errors)? Describe(Exception failure, ILogger log, CancellationToken gone) => failure switch
    {
        RegistryFault fault => (fault.Status, [new ErrorEntry(fault.Code, fault.Message, fault.Detail)]),
        MissingContentException missing => (404, [.. missing.Digests.Take(100).Select(digest => new ErrorEntry("MANIFEST_BLOB_UNKNOWN", "manifest references a manifest or blob unknown to registry", digest.ToString()))]),
        EngineException e => Engine(e, log),
        BadHttpRequestException e => (e.StatusCode, [new ErrorEntry(e.StatusCode == 413 ? "SIZE_INVALID" : "UNSUPPORTED", e.Message, null)]),
        OperationCanceledException or IOException or ObjectDisposedException when gone.IsCancellationRequested => null,
        IOException { InnerException: OverflowException } => One(400, "UNSUPPORTED", "bad chunk size"),
        OperationCanceledException => One(503, "UNAVAILABLE", "the registry stops"),
        IOException when DeviceFaults.Translate(failure) is { } e => Engine(e, log),
        _ => Unexpected(failure, log),
    };

    private static (int Status, ErrorEntry[] Errors)? Engine(EngineException e, ILogger log)
    {
        if (e.Kind is ErrorKind.Unavailable or ErrorKind.Damaged or ErrorKind.Internal)
        {
            log.LogError("request failed: {Reason}", e.Message);
        }

        return e.Kind switch
        {
            ErrorKind.InvalidArgument => One(400, "MANIFEST_INVALID", e.Message),
            ErrorKind.NotFound => One(404, "BLOB_UNKNOWN", e.Message),
            ErrorKind.NotImplemented => One(400, "UNSUPPORTED", e.Message),
            ErrorKind.Unavailable => One(503, "UNAVAILABLE", e.Message),
            _ => One(500, "UNKNOWN", e.Message),
        };
    }

    private static (int Status, ErrorEntry[] Errors)? Unexpected(Exception failure, ILogger log)
    {
        log.LogError(failure, "request failed");
        return One(500, "UNKNOWN", "internal error: see the daemon's log");
    }

    private static (int Status, ErrorEntry[] Errors) One(int status, string code, string message) => (status, [new ErrorEntry(code, message, null)]);
}
