using System.Net;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Access;

/// <summary>What every request has to pass: a host name that is ours (a page of another site could send its own here), and headers for browsers.</summary>
internal static class Guard
{
    internal static Task PassAsync(HttpContext context, ServerOptions options, RequestDelegate next)
    {
        var host = context.Request.Host.Host.TrimEnd('.');
        if (!IsOurs(host, options))
        {
            return Api.Problems.WriteAsync(context, StatusCodes.Status421MisdirectedRequest, "this server is not known by that name (option --host)");
        }

        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'";
        return next(context);
    }

    private static bool IsOurs(string host, ServerOptions options) =>
        host is "localhost" || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Trim('[', ']'), out _)
        || options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase) || string.Equals(host, Environment.MachineName, StringComparison.OrdinalIgnoreCase);
}
