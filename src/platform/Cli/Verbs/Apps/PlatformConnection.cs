using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Cli.Output;

namespace Slipway.Cli.Verbs.Apps;

/// <summary>
/// Speaks to the platform (<c>slipway-server</c>): where <c>SLIPWAY_SERVER</c> says, else on this machine; with the token of <c>SLIPWAY_TOKEN</c>,
/// else with the one that the server wrote for this machine's root.
/// </summary>
internal sealed class PlatformConnection : IDisposable
{
    private const string UsualAddress = "http://127.0.0.1:7070";
    private const string UsualToken = "/var/lib/slipway-server/token";
    private const string Json = "application/json";

    private readonly HttpClient _http;

    public PlatformConnection()
    {
        Address = Environment.GetEnvironmentVariable("SLIPWAY_SERVER") is { Length: > 0 } named ? named.TrimEnd('/') : UsualAddress;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token());
    }

    /// <summary>Address of the server.</summary>
    public string Address { get; }

    /// <summary>The token.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static string Token()
    {
        if (Environment.GetEnvironmentVariable("SLIPWAY_TOKEN") is { Length: > 0 } token)
        {
            return token;
        }

        string file = Environment.GetEnvironmentVariable("SLIPWAY_TOKEN_FILE") is { Length: > 0 } path ? path : UsualToken;
        return File.Exists(file) ? File.ReadAllText(file).Trim() : throw new CommandException("no token: set SLIPWAY_TOKEN, or run this as root where slipway-server runs");
    }

    public Task<JsonNode?> GetAsync(string path) => CallAsync(HttpMethod.Get, path, null);

    public Task<JsonNode?> PostAsync(string path, JsonNode? body = null) => CallAsync(HttpMethod.Post, path, Content(body ?? new JsonObject()));

    public Task<JsonNode?> PatchAsync(string path, JsonNode body) => CallAsync(HttpMethod.Patch, path, Content(body));

    public Task<JsonNode?> PutAsync(string path, JsonNode body) => CallAsync(HttpMethod.Put, path, Content(body));

    public Task<JsonNode?> DeleteAsync(string path) => CallAsync(HttpMethod.Delete, path, null);

    /// <summary>Sends a stream.</summary>
    public Task<JsonNode?> UploadAsync(string path, Stream source)
    {
        StreamContent content = new(source);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        return CallAsync(HttpMethod.Post, path, content);
    }

    /// <summary>Copies an answer's text as it comes.</summary>
    public async Task CopyAsync(string path, Stream target)
    {
        using HttpResponseMessage answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, Uri(path)));
        await using Stream body = await answer.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[16 * 1024];
        for (int count; (count = await body.ReadAsync(buffer)) > 0;)
        {
            await target.WriteAsync(buffer.AsMemory(0, count));
            await target.FlushAsync();
        }
    }

    /// <summary>Opens a websocket.</summary>
    /// <exception cref="CommandException">The server refuses it; says why.</exception>
    public async Task<ClientWebSocket> DialAsync(string path, string protocol)
    {
        ClientWebSocket socket = new();
        socket.Options.AddSubProtocol(protocol);
        socket.Options.SetRequestHeader("Authorization", _http.DefaultRequestHeaders.Authorization!.ToString());
        try
        {
            await socket.ConnectAsync(new UriBuilder(Uri(path)) { Scheme = Address.StartsWith("https:", StringComparison.Ordinal) ? "wss" : "ws" }.Uri, _http, CancellationToken.None);
            return socket;
        }
        catch (WebSocketException e)
        {
            socket.Dispose();

            // An answer to a plain request has the reason.
            await GetAsync(path);
            throw new CommandException($"Cannot connect to the platform at {Address}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A name as part of a path.</summary>
    public static string Part(string name) => System.Uri.EscapeDataString(name);

    private static StringContent Content(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, Json);

    private Uri Uri(string path) => new(Address + "/api/v1" + path);

    private async Task<JsonNode?> CallAsync(HttpMethod method, string path, HttpContent? content)
    {
        using HttpResponseMessage answer = await SendAsync(new HttpRequestMessage(method, Uri(path)) { Content = content });
        string text = await answer.Content.ReadAsStringAsync();
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        try
        {
            HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            string text = await answer.Content.ReadAsStringAsync();
            throw new CommandException("Error response from the platform: " + (Detail(text) is { Length: > 0 } detail ? detail : $"status {(int)answer.StatusCode}"), answer.StatusCode == HttpStatusCode.NotFound ? NotFound : 1);
        }
        catch (HttpRequestException e)
        {
            throw new CommandException($"Cannot connect to the platform at {Address}. Is slipway-server running? ({e.InnerException?.Message ?? e.Message})");
        }
    }

    /// <summary>Exit code when there is no such thing.</summary>
    public const int NotFound = 44;

    private static string Detail(string text)
    {
        try
        {
            return JsonNode.Parse(text).Text("detail");
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
