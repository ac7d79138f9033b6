using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Slipway.Engine.Repositories;
using Slipway.Registry.Access;
using Slipway.Registry.Answers;

namespace Slipway.Registry.Endpoints;

/// <summary>Gives out tokens (distribution, token authentication): the scopes that were asked for, as far as they are granted.</summary>
internal sealed class TokenEndpoint(AccessRules access, PullThrough? copies, TokenIssuer tokens, TimeProvider time)
{
    private const int MostScopes = 32;

    internal Task IssueAsync(HttpContext http, IReadOnlyDictionary<string, StringValues> query, Caller caller)
    {
        var asked = query.TryGetValue("scope", out var scopes) ? scopes.SelectMany(scope => (scope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Take(MostScopes) : [];
        var given = asked.Select(Read).OfType<TokenScope>().Select(scope => scope with { Actions = [.. scope.Actions.Where(action => access.IsGranted(caller.User, copies?.Locate(scope.Repository, null) ?? scope.Repository, action))] });
        var token = tokens.Issue(caller.User, [.. given.Where(scope => scope.Actions.Count > 0)]);
        http.Response.Headers.CacheControl = "no-store";
        return JsonAnswers.WriteAsync(http, 200, new TokenAnswer(token, token, TokenIssuer.Life, time.GetUtcNow()), RegistryJson.Default.TokenAnswer);
    }

    // repository:NAME:ACTION,…
    private static TokenScope? Read(string text)
    {
        var parts = text.Split(':');
        if (parts.Length != 3 || parts[0] != "repository" || !RepositoryNames.IsName(parts[1]))
        {
            return null;
        }

        var actions = parts[2].Split(',').SelectMany(action => action == "*" ? GrantTable.Actions : [action]).Where(action => action is "pull" or "push" or "delete").Distinct();
        return new TokenScope(parts[1], [.. actions]);
    }
}
