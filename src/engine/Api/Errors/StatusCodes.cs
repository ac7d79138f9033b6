using Slipway.Engine;

namespace Slipway.Api.Errors;

/// <summary>The one place that turns a kind of failure into a status code.</summary>
internal static class StatusCodes
{
    public static int Of(ErrorKind kind) => kind switch
    {
        ErrorKind.NotModified => 304,
        ErrorKind.InvalidArgument => 400,
        ErrorKind.Unauthorized => 401,
        ErrorKind.Forbidden => 403,
        ErrorKind.NotFound => 404,
        ErrorKind.Conflict => 409,
        ErrorKind.NotImplemented => 501,
        ErrorKind.Unavailable or ErrorKind.Cancelled => 503,
        _ => 500,
    };
}
