using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Cli.Credentials;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Registry;

/// <summary>Speaks to one registry (OCI distribution-spec), proving who we are by password, token, or, at our engine's own, by its key.</summary>
internal sealed class RegistryConnection : IDisposable
{
    private readonly HttpClient _http;
    private readonly string? _basic;
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);

    private RegistryConnection(Uri address, string? basic, bool verify)
    {
        _basic = basic;
        SocketsHttpHandler handler = new() { AllowAutoRedirect = true, AutomaticDecompression = DecompressionMethods.None };
        if (!verify)
        {
#pragma warning disable CA5359 // The user said so, or the registry is our engine's own, whose certificate may be of its own making.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        _http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The registry that is part of the engine.</summary>
    /// <exception cref="CommandException">The engine has none.</exception>
    public static async Task<RegistryConnection> OwnAsync(Invocation call)
    {
        try
        {
            JsonNode? own = await call.Engine.GetAsync(ApiPath.Of("/slipway/registry"));
            RegistryConnection connection = new(new Uri(own.Text("Address")), null, verify: false);
            connection._http.DefaultRequestHeaders.Add(own.Text("Header"), own.Text("Key"));
            return connection;
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            throw new CommandException("the engine has no registry: start slipwayd with --registry-listen, or name a registry");
        }
    }

    /// <summary>A registry by its host, with the credentials of <c>slipway login</c>.</summary>
    public static async Task<RegistryConnection> OpenAsync(Invocation call, string host)
    {
        JsonObject? known = new CredentialStore(call.Globals.ConfigDirectory).Find(CredentialStore.Server(host));
        string user = known.Text("username");
        string? basic = user.Length > 0 ? Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{known.Text("password")}")) : null;
        bool verify = !call.Flags.Bool("insecure");
        string name = host == "docker.io" ? "registry-1.docker.io" : host;
        RegistryConnection secure = new(new Uri($"https://{name}/"), basic, verify);
        if (verify && !IsLoopback(name))
        {
            return secure;
        }

        try
        {
            using HttpResponseMessage answer = await secure._http.GetAsync("/v2/");
            return secure;
        }
        catch (HttpRequestException)
        {
            secure.Dispose();
            return new RegistryConnection(new Uri($"http://{name}/"), basic, verify);
        }
    }

    /// <summary>Sends a request; null when there is nothing there.</summary>
    /// <param name="method">Method.</param>
    /// <param name="path">Address at the registry.</param>
    /// <param name="scope">What a token must be good for, such as <c>repository:app:pull</c>; empty for none.</param>
    /// <param name="prepare">Adds a body and headers; called for each attempt.</param>
    /// <exception cref="CommandException">The registry refused.</exception>
    public async Task<HttpResponseMessage?> SendAsync(HttpMethod method, string path, string scope, Action<HttpRequestMessage>? prepare = null)
    {
        for (int attempt = 0; ; attempt++)
        {
            using HttpRequestMessage request = new(method, path);
            prepare?.Invoke(request);
            if (_tokens.TryGetValue(scope, out string? token))
            {
                request.Headers.Authorization = AuthenticationHeaderValue.Parse(token);
            }

            HttpResponseMessage answer = await SendAsync(request);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                if (answer.StatusCode == HttpStatusCode.NotFound && (method == HttpMethod.Get || method == HttpMethod.Head))
                {
                    return null;
                }

                if (answer.StatusCode != HttpStatusCode.Unauthorized || attempt > 0 || !await AuthorizeAsync(answer, scope))
                {
                    throw new CommandException($"{_http.BaseAddress!.Authority}: {await ReasonAsync(answer)}");
                }
            }
        }
    }

    /// <summary>A JSON document; null when there is none.</summary>
    public async Task<JsonNode?> JsonAsync(HttpMethod method, string path, string scope, JsonNode? body = null)
    {
        using HttpResponseMessage? answer = await SendAsync(method, path, scope, request => request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"));
        string text = answer is null ? "" : await answer.Content.ReadAsStringAsync();
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>All pages of a list.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string path, string scope, string member)
    {
        List<string> all = [];
        for (string? next = path; next is not null;)
        {
            using HttpResponseMessage? answer = await SendAsync(HttpMethod.Get, next, scope);
            if (answer is null)
            {
                return all;
            }

            all.AddRange(JsonNode.Parse(await answer.Content.ReadAsStringAsync()).Strings(member));
            string link = answer.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? links.First() : "";
            next = link.IndexOf('<', StringComparison.Ordinal) is >= 0 and var from && link.IndexOf('>', from) is > 0 and var to ? link[(from + 1)..to] : null;
            next = next is null ? null : new Uri(_http.BaseAddress!, next) is { } target && target.Authority == _http.BaseAddress!.Authority ? target.PathAndQuery : null;
        }

        return all;
    }

    public void Dispose() => _http.Dispose();

    private static bool IsLoopback(string host)
    {
        string name = host.StartsWith('[') ? host[1..host.IndexOf(']', StringComparison.Ordinal)] : host.Split(':')[0];
        return name == "localhost" || (IPAddress.TryParse(name, out IPAddress? address) && IPAddress.IsLoopback(address));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
        catch (HttpRequestException e)
        {
            throw new CommandException($"{_http.BaseAddress!.Authority}: {e.Message}");
        }
    }

    // A token server is asked only if it is the registry's own or one of its domain: it learns the password.
    private async Task<bool> AuthorizeAsync(HttpResponseMessage refusal, string scope)
    {
        if (refusal.Headers.WwwAuthenticate.FirstOrDefault() is not { } challenge)
        {
            return false;
        }

        if (!string.Equals(challenge.Scheme, "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            _tokens[scope] = "Basic " + _basic;
            return _basic is not null;
        }

        string realm = Parameter(challenge.Parameter ?? "", "realm");
        if (!Uri.TryCreate(realm, UriKind.Absolute, out Uri? server) || (server.Scheme != Uri.UriSchemeHttps && _http.BaseAddress!.Scheme == Uri.UriSchemeHttps))
        {
            return false;
        }

        using HttpRequestMessage request = new(HttpMethod.Get, $"{realm}{(server.Query.Length > 0 ? '&' : '?')}service={Uri.EscapeDataString(Parameter(challenge.Parameter!, "service"))}{(scope.Length > 0 ? "&scope=" + Uri.EscapeDataString(scope) : "")}");
        if (_basic is not null && SameOwner(server.Host, _http.BaseAddress!.Host))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", _basic);
        }

        using HttpResponseMessage answer = await SendAsync(request);
        JsonNode? token = answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync()) : null;
        string text = token.Text("token") is { Length: > 0 } named ? named : token.Text("access_token");
        _tokens[scope] = "Bearer " + text;
        return text.Length > 0;
    }

    private static bool SameOwner(string one, string other)
    {
        static string Domain(string host) => IPAddress.TryParse(host.Trim('[', ']'), out _) ? host : string.Join('.', host.Split('.').TakeLast(2));
        return string.Equals(Domain(one), Domain(other), StringComparison.OrdinalIgnoreCase);
    }

    private static string Parameter(string challenge, string name)
    {
        int at = challenge.IndexOf(name + "=\"", StringComparison.Ordinal);
        int from = at + name.Length + 2;
        return at < 0 ? "" : challenge[from..Math.Max(from, challenge.IndexOf('"', from))];
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage answer)
    {
        string text = await answer.Content.ReadAsStringAsync();
        try
        {
            JsonNode? first = JsonNode.Parse(text).List("errors").FirstOrDefault();
            return first.Text("message") is { Length: > 0 } message ? $"{message} ({first.Text("code")})" : $"HTTP {(int)answer.StatusCode}";
        }
        catch (System.Text.Json.JsonException)
        {
            return $"HTTP {(int)answer.StatusCode}";
        }
    }
}
