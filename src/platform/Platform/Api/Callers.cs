using System.Text;
using Slipway.Platform.Access;
using Slipway.Platform.Model;

namespace Slipway.Platform.Api;

/// <summary>Who calls: a bearer token, or for git the same token as a password.</summary>
internal static class Callers
{
    private static readonly object s_key = new();

    /// <summary>The caller of a request that was let in.</summary>
    internal static Caller Caller(this HttpContext context) => (Caller)context.Items[s_key]!;

    /// <summary>Lets a request in whose token is known and may at least read.</summary>
    internal static async Task<bool> AdmitAsync(HttpContext context, Gate gate)
    {
        var caller = Token(context.Request.Headers.Authorization.ToString()) is { } token ? gate.Recognize(token) : null;
        if (caller is null)
        {
            // Git asks without a token first, as its protocol has it.
            if (context.Request.Headers.Authorization.Count > 0 || !context.Request.Path.StartsWithSegments("/git"))
            {
                Refusals(context).Note(null, context.Request.Method, context.Request.Path, "no valid token");
            }

            await RefuseAsync(context).ConfigureAwait(false);
            return false;
        }

        context.Items[s_key] = caller;
        return true;
    }

    /// <summary>Lets those callers of the API through who may do what its endpoint does, before anything of the request's body is read.</summary>
    internal static async Task PassAsync(HttpContext context, Gate gate, RequestDelegate next)
    {
        if (context.Request.Path.StartsWithSegments("/api"))
        {
            if (!await AdmitAsync(context, gate).ConfigureAwait(false))
            {
                return;
            }

            foreach (var ability in context.GetEndpoint()?.Metadata.OfType<Abilities>() ?? [])
            {
                RequireNoted(context, ability);
            }
        }

        await next(context).ConfigureAwait(false);
    }

    /// <summary>Refuses a caller who may not, and notes it.</summary>
    /// <exception cref="PlatformException">The caller may not.</exception>
    internal static void RequireNoted(HttpContext context, Abilities ability)
    {
        if (!context.Caller().May(ability))
        {
            Refusals(context).Note(context.Caller(), context.Request.Method, context.Request.Path, $"lacks the ability {ability.ToString().ToLowerInvariant()}");
        }

        context.Caller().Require(ability);
    }

    private static Refusals Refusals(HttpContext context) => context.RequestServices.GetRequiredService<Refusals>();

    /// <summary>Says which ability an endpoint asks for.</summary>
    internal static TBuilder Needs<TBuilder>(this TBuilder builder, Abilities ability)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(ability);

    private static Task RefuseAsync(HttpContext context)
    {
        var scheme = context.Request.Path.StartsWithSegments("/git") ? "Basic realm=\"Slipway\"" : "Bearer";
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.WWWAuthenticate = scheme;
            return Task.CompletedTask;
        });
        return Problems.WriteAsync(context, 401, "a valid token is needed");
    }

    private static string? Token(string header)
    {
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return header["Bearer ".Length..].Trim();
        }

        var bytes = new byte[1024];
        return header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) && Convert.TryFromBase64String(header["Basic ".Length..].Trim(), bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length) is var pair && pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon
            ? pair[(colon + 1)..] : null;
    }
}
