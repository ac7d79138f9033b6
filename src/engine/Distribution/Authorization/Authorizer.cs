using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Slipway.Distribution.Endpoints;
using Slipway.Distribution.Transport;
using Slipway.Engine;

namespace Slipway.Distribution.Authorization;

/// <summary>
/// Answers a registry's challenges (distribution-spec; docker token authentication; RFC 7617): basic, or a bearer token from the server
/// that the registry names, for the scopes that are needed.
/// </summary>
/// <param name="endpoint">The registry.</param>
/// <param name="credentials">Who we are there.</param>
/// <param name="scopes">What tokens must be good for: <c>repository:NAME:pull,push</c>.</param>
/// <param name="tokens">Tokens that are known.</param>
/// <param name="send">Sends a request to the token server, with the checks for foreign addresses.</param>
internal sealed class Authorizer(RegistryEndpoint endpoint, RegistryCredentials credentials, IReadOnlyList<string> scopes, TokenCache tokens, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send)
{
    private const int MaxAnswer = 256 << 10;
    private const int MaxToken = 64 << 10;
    private const string ClientId = "docker";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private Challenge? _challenge;

    /// <summary>What to send along, as far as it is known.</summary>
    internal AuthenticationHeaderValue? Header =>
        credentials.RegistryToken.Length > 0 ? new("Bearer", credentials.RegistryToken)
        : _challenge is not { } challenge ? null
        : challenge.Scheme == "basic" ? Basic()
        : tokens.Find(Key(challenge)) is { } token ? new("Bearer", token)
        : null;

    /// <summary>Takes a refusal for want of authorization.</summary>
    /// <returns>Whether it is worth asking again.</returns>
    /// <exception cref="EngineException">Unauthorized: credentials are needed and there are none; Forbidden: the token server is not to be trusted.</exception>
    internal async Task<bool> AnswerAsync(HttpResponseMessage refusal, HttpMethod method, CancellationToken cancel)
    {
        var challenges = refusal.Headers.TryGetValues("WWW-Authenticate", out var values) ? values.Select(Challenge.Parse).ToList() : [];
        if (credentials.RegistryToken.Length > 0)
        {
            return false;
        }

        var sent = refusal.RequestMessage?.Headers.Authorization;
        if (challenges.Find(challenge => challenge.Scheme == "bearer" && challenge["realm"].Length > 0) is { } bearer)
        {
            await FetchAsync(bearer, sent?.Scheme == "Bearer" ? sent.Parameter : null, cancel).ConfigureAwait(false);
            return true;
        }

        if (!challenges.Exists(challenge => challenge.Scheme == "basic") || sent is not null)
        {
            return false;
        }

        if (credentials.User.Length == 0 || !endpoint.IsUpstream)
        {
            var verb = method.Method[..1] + method.Method[1..].ToLowerInvariant();
            throw new EngineException(ErrorKind.Unauthorized, $"{verb} \"{RegistryException.Shown(refusal.RequestMessage?.RequestUri)}\": no basic auth credentials");
        }

        _challenge = new Challenge("basic", new Dictionary<string, string>());
        return true;
    }

    private AuthenticationHeaderValue? Basic() =>
        credentials.User.Length == 0 ? null : new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Password}")));

    // One request at a time: eight layers that are refused at once need one new token.
    private async Task FetchAsync(Challenge challenge, string? refused, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var key = Key(challenge);
            if (tokens.Find(key) is { } known && known == refused)
            {
                tokens.Forget(key);
            }

            if (tokens.Find(key) is null)
            {
                var (token, life) = await RequestAsync(challenge, cancel).ConfigureAwait(false);
                tokens.Put(key, token, life);
            }

            _challenge = challenge;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<(string Token, TimeSpan Life)> RequestAsync(Challenge challenge, CancellationToken cancel)
    {
        var realm = TokenRealm.Check(endpoint, challenge["realm"]);
        var known = TokenRealm.MayHaveCredentials(endpoint, realm) ? credentials : RegistryCredentials.None;
        using var request = known.IdentityToken.Length > 0 ? Refresh(realm, challenge, known) : Ask(realm, challenge, known);
        using var response = await send(request, cancel).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            var refusal = await RegistryException.ReadAsync(response, cancel).ConfigureAwait(false);
            var text = refusal.Status == 401 && refusal.Code.Length == 0 ? $"unauthorized: {refusal.Message}" : refusal.Message;
            throw refusal.IsTemporary ? refusal : new EngineException(
                ErrorKind.Unauthorized, known == credentials ? text : $"{text} (credentials were kept back: token server {realm.Host} does not belong to {endpoint.Base.Host})", refusal);
        }

        return await ReadAsync(response, cancel).ConfigureAwait(false);
    }

    private HttpRequestMessage Ask(Uri realm, Challenge challenge, RegistryCredentials known)
    {
        var query = new List<string>();
        if (challenge["service"].Length > 0)
        {
            query.Add("service=" + Uri.EscapeDataString(challenge["service"]));
        }

        query.AddRange(Scopes(challenge).Select(scope => "scope=" + Uri.EscapeDataString(scope)));
        if (known.User.Length > 0)
        {
            query.Add("account=" + Uri.EscapeDataString(known.User));
            query.Add("client_id=" + ClientId);
        }

        var address = new UriBuilder(realm);
        address.Query = string.Join('&', query.Prepend(address.Query.TrimStart('?')).Where(part => part.Length > 0));
        var request = new HttpRequestMessage(HttpMethod.Get, address.Uri);
        request.Headers.Authorization = known.User.Length > 0 ? Basic() : null;
        return request;
    }

    private HttpRequestMessage Refresh(Uri realm, Challenge challenge, RegistryCredentials known) => new(HttpMethod.Post, realm)
    {
        Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["refresh_token"] = known.IdentityToken,
            ["service"] = challenge["service"],
            ["client_id"] = ClientId,
            ["scope"] = string.Join(' ', Scopes(challenge)),
        }),
    };

    private IEnumerable<string> Scopes(Challenge challenge) =>
        scopes.Count > 0 ? scopes : challenge["scope"] is { Length: > 0 } asked ? [asked] : [];

    private static async Task<(string Token, TimeSpan Life)> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var body = new byte[MaxAnswer];
        using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var length = await stream.ReadAtLeastAsync(body, MaxAnswer, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        try
        {
            using var document = JsonDocument.Parse(body.AsMemory(0, length));
            var root = document.RootElement;
            var token = Text(root, "token") ?? Text(root, "access_token");
            var seconds = root.TryGetProperty("expires_in", out var life) && life.TryGetInt32(out var given) ? Math.Clamp(given, 60, 86400) : 60;
            return token is { Length: > 0 and < MaxToken } && token.All(c => c is > ' ' and < (char)127)
                ? (token, TimeSpan.FromSeconds(seconds))
                : throw new EngineException(ErrorKind.Unavailable, "authorization server did not include a token in the response");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new EngineException(ErrorKind.Unavailable, "unable to decode the answer of the authorization server", e);
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private string Key(Challenge challenge) =>
        string.Join('\n', [endpoint.Base.Authority, challenge["realm"], challenge["service"], credentials.Key, .. Scopes(challenge)]);
}
