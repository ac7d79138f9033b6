using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Slipway.Engine;
using Slipway.Registry.Answers;

namespace Slipway.Registry.Access;

/// <summary>Who may do what. One call for each operation; what exists plays no part, so that refusals tell nothing about it.</summary>
internal sealed class AccessRules(SlipwayEngine engine, RegistryOptions options, UsersFile? users, TokenIssuer tokens)
{
    /// <summary>The header in which our engine proves itself.</summary>
    internal const string EngineHeader = "Slipway-Engine";

    private readonly byte[] _engineKey = Encoding.ASCII.GetBytes(options.EngineKey);

    /// <summary>Whether there are users; without them everybody may do everything.</summary>
    internal bool HasUsers => users is not null;

    /// <summary>Finds out who calls.</summary>
    /// <exception cref="RegistryFault">He says who he is and it is not true.</exception>
    internal async Task<Caller> RecognizeAsync(HttpRequest request)
    {
        if (request.Headers.TryGetValue(EngineHeader, out var key))
        {
            return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(key.ToString()), _engineKey) ? Caller.Engine : throw Unauthorized("the engine's key is wrong");
        }

        if (users is null)
        {
            return Caller.Everybody;
        }

        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return tokens.Read(authorization[7..].Trim()) is { } content && (content.User.Length == 0 || users.Has(content.User))
                ? new Caller(content.User, Proof.Token, content.Scopes)
                : throw Unauthorized("the token is invalid or has expired");
        }

        if (authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return Credentials(authorization[6..]) is var (user, password) && await users.CheckAsync(user, password, request.HttpContext.RequestAborted)
                ? new Caller(user, Proof.Password)
                : throw Unauthorized("incorrect username or password");
        }

        return Caller.Nobody;
    }

    /// <summary>Whether a caller may do something in a repository.</summary>
    internal bool Allows(Caller caller, string repository, string action) => caller.Proof switch
    {
        Proof.NotNeeded or Proof.Engine => true,
        Proof.Token => IsGranted(caller.User, repository, action) && caller.Scopes!.Any(scope => (scope.Repository == repository || options.Copies?.Locate(scope.Repository, null) == repository) && scope.Actions.Contains(action)),
        _ => IsGranted(caller.User, repository, action),
    };

    /// <summary>Whether a user was given a right, by a grant or because the repository is public.</summary>
    internal bool IsGranted(string user, string repository, string action) =>
        (action == "pull" && engine.Repositories.Find(repository) is { Record.Public: true }) || engine.Grants.Allows(user, repository, action);

    /// <summary>Whether a caller may change users, grants and settings.</summary>
    internal bool IsAdministrator(Caller caller) => caller.Proof switch
    {
        Proof.NotNeeded or Proof.Engine => true,
        Proof.Password => engine.Grants.All.Any(grant => grant.User == caller.User && grant.Repository == "*" && grant.Actions.Contains("admin")),
        _ => false,
    };

    /// <summary>Refuses unless the caller may. Who could prove more is asked to; who did is told.</summary>
    internal void Require(HttpContext http, Caller caller, string repository, string action)
    {
        if (Allows(caller, repository, action))
        {
            return;
        }

        if (caller.Proof == Proof.Password || (caller.Proof == Proof.Token && caller.User.Length > 0 && !IsGranted(caller.User, repository, action)))
        {
            throw new RegistryFault(403, "DENIED", "requested access to the resource is denied");
        }

        Challenge(http, $"repository:{repository}:{(action == "push" ? "pull,push" : action)}");
        throw Unauthorized("authentication required");
    }

    /// <summary>Says where tokens are given out.</summary>
    internal void Challenge(HttpContext http, string? scope)
    {
        var host = http.Request.Host.Value ?? "";
        var realm = $"{(options.Tls ? "https" : "http")}://{(host.AsSpan().ContainsAny('"', '\\', ' ') ? "localhost" : host)}/token";
        http.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{realm}\",service=\"slipway\"{(scope is null ? "" : $",scope=\"{scope}\"")}";
    }

    internal static RegistryFault Unauthorized(string message) => new(401, "UNAUTHORIZED", message);

    private static (string User, string Password)? Credentials(string text)
    {
        var bytes = new byte[Math.Min(text.Length, 4096)];
        if (text.Length > 4096 || !Convert.TryFromBase64String(text.Trim(), bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? (pair[..colon], pair[(colon + 1)..]) : null;
    }
}
