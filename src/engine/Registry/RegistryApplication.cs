using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Slipway.Registry.Access;
using Slipway.Registry.Answers;

namespace Slipway.Registry;

/// <summary>What happens to every request: who calls, what about, may he, and an answer for whatever goes wrong.</summary>
internal sealed class RegistryApplication(RegistryRooms rooms, RegistryOptions options, TimeProvider time, ILogger log) : IHttpApplication<HttpContext>
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
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var caller = Caller.Nobody;
        var address = RegistryAddress.Root;
        try
        {
            context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            RefuseForeignPages(context.Request);
            RefuseAmbiguity(context, target);
            address = RegistryAddress.Read(target);
            caller = await rooms.Access.RecognizeAsync(context.Request);
            await RouteAsync(context, address, caller, target);
        }
        catch (Exception e)
        {
            if (e is RegistryFault { Status: 401 } && context.Response.Headers.WWWAuthenticate.Count == 0)
            {
                rooms.Access.Challenge(context, null);
            }

            if (Faults.Describe(e, log, context.RequestAborted) is var (status, errors))
            {
                await JsonAnswers.ErrorAsync(context, status, errors);
            }
        }

        await NoteAsync(context, address, caller);
    }

    private async Task RouteAsync(HttpContext context, RegistryAddress address, Caller caller, string target)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(mark < 0 ? "" : target[mark..]);
        var method = context.Request.Method;
        switch (address.Noun)
        {
            case Noun.Root when method is "GET" or "HEAD":
                if (caller.Proof == Proof.None)
                {
                    throw AccessRules.Unauthorized("authentication required");
                }

                await JsonAnswers.WriteAsync(context, 200, "{}"u8.ToArray(), "application/json");
                return;
            case Noun.Token when method == "GET" && rooms.Access.HasUsers:
                await rooms.Tokens.IssueAsync(context, query, caller);
                return;
            case Noun.Metrics when method == "GET":
                RequireAdministrator(caller);
                await JsonAnswers.WriteAsync(context, 200, rooms.Metrics.Describe(), "text/plain; version=0.0.4");
                return;
            case Noun.Admin:
                RequireAdministrator(caller);
                if (!await rooms.Admin.TryAsync(context, address.Rest))
                {
                    throw RegistryFault.Unsupported("there is nothing at this address", 404);
                }

                return;
        }

        if (address.Action(method) is not { } action)
        {
            throw RegistryFault.Unsupported("this method is not supported here");
        }

        if (address.Name.Length > 0 && rooms.Copies?.Locate(address.Name, query.TryGetValue("ns", out var registry) ? registry[0] : null) is { } copy)
        {
            if (action != "push")
            {
                address = address with { Name = copy };
            }
            else if (rooms.Copies.IsCopy(address.Name))
            {
                throw RegistryFault.Unsupported($"{copy} is a copy of another registry's: push there");
            }
        }

        if (action != "pull" && options.ReadOnly)
        {
            throw RegistryFault.Unsupported("the registry is read-only");
        }

        var call = new RegistryCall(context, address.Name, address.Rest, query, caller);
        if (address.Noun is Noun.Catalog or Noun.Search)
        {
            if (caller.Proof == Proof.None)
            {
                throw AccessRules.Unauthorized("authentication required");
            }

            await (address.Noun == Noun.Catalog ? rooms.Lists.CatalogAsync(call) : rooms.Lists.SearchAsync(call));
            return;
        }

        rooms.Access.Require(context, caller, address.Name, action);
        await rooms.AnswerAsync(address.Noun, call);
    }

    // What two parties could read differently is not answered (RFC 9112, 3.2.2 and 6.3), and nothing that follows on the connection is read.
    // Kestrel renames a length that stands beside chunks.
    private static void RefuseAmbiguity(HttpContext context, string target)
    {
        var headers = context.Request.Headers;
        if (!target.StartsWith('/') || (headers.TransferEncoding.Count > 0 && (headers.ContainsKey("X-Content-Length") || headers.ContentLength is not null)))
        {
            context.Response.Headers.Connection = "close";
            throw RegistryFault.Unsupported("the request can be read in two ways", 400);
        }
    }

    // Web pages of others: without users nothing else keeps them from using the registry of whoever looks at them.
    private void RefuseForeignPages(HttpRequest request)
    {
        if (rooms.Access.HasUsers)
        {
            return;
        }

        var host = request.Host.Host.Trim('[', ']');
        if (request.Headers.Origin.Count > 0 || (!System.Net.IPAddress.TryParse(host, out _) && host != "localhost" && !host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            && !string.Equals(host, Environment.MachineName, StringComparison.OrdinalIgnoreCase)))
        {
            throw new RegistryFault(403, "DENIED", "this registry has no users and answers to localhost only");
        }
    }

    private void RequireAdministrator(Caller caller)
    {
        if (!rooms.Access.IsAdministrator(caller))
        {
            throw caller.Proof == Proof.Password ? new RegistryFault(403, "DENIED", "administrators only") : AccessRules.Unauthorized("authentication required");
        }
    }

    private async Task NoteAsync(HttpContext context, RegistryAddress address, Caller caller)
    {
        var (method, status) = (context.Request.Method, context.Response.StatusCode);
        rooms.Metrics.Count(method, status);
        if (log.IsEnabled(LogLevel.Debug))
        {
            log.LogDebug("{User} {Method} {Target} {Status}", caller.Shown, method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, status);
        }

        var refused = status is 401 or 403 && address.Noun is not (Noun.Root or Noun.Token) && context.Request.Headers.Authorization.Count > 0;
        var changed = status < 300 && method is not ("GET" or "HEAD" or "PATCH") && address.Noun is Noun.Manifest or Noun.Blob or Noun.Admin;
        if (rooms.Audit is { } audit && (refused || changed || (address.Noun == Noun.Token && status == 401)))
        {
            var remote = context.Connection.RemoteIpAddress?.ToString() ?? "";
            await audit.AddAsync(new AuditLine(time.GetUtcNow(), caller.Shown, remote, $"{method} {address.Noun}".ToLowerInvariant(), address.Name.Length > 0 ? address.Name : null, address.Rest.Length > 0 ? address.Rest : null, status));
        }
    }
}
