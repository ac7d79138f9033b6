using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Client;
using Slipway.Platform.Engines;

namespace Slipway.Platform.Proxy;

/// <summary>Speaks to the admin API of one proxy (https://caddyserver.com/docs/api), which listens inside its container only.</summary>
internal sealed class CaddyAdmin(EngineClient engine, string container) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) => await ContainerTunnel.OpenAsync(engine, container, "127.0.0.1", 2019, cancellation).ConfigureAwait(false),
        // Caddy starts its admin API anew with each document, so a connection that was kept may be dead.
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        AllowAutoRedirect = false,
    })
    { BaseAddress = new Uri("http://localhost:2019"), Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>The container.</summary>
    internal string Container => container;

    /// <summary>Loads a document; the one before stays in force when it is refused.</summary>
    /// <exception cref="PlatformException">It is refused, or nobody answers.</exception>
    internal async Task LoadAsync(string json, CancellationToken cancellation)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Post, "/load") { Content = content }, cancellation).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            var reason = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
            throw new PlatformException(Refusal.Invalid, $"the proxy refuses its routes: {reason.Trim()}");
        }
    }

    /// <summary>The revision of the document in force; null when it has none.</summary>
    internal async Task<string?> RevisionAsync(CancellationToken cancellation)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "/id/" + RouteDocument.RevisionId), cancellation).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            return null;
        }

        var route = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false));
        return route?["match"]?[0]?["host"]?[0]?.GetValue<string>().Split('.')[0];
    }

    /// <summary>How many requests run at each upstream, by address and port. Those without any may be missing.</summary>
    internal async Task<IReadOnlyDictionary<string, int>> RunningAsync(CancellationToken cancellation)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "/reverse_proxy/upstreams"), cancellation).ConfigureAwait(false);
        var list = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false)) as JsonArray;
        return (list ?? []).GroupBy(upstream => upstream!["address"]!.GetValue<string>(), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Max(upstream => upstream!["num_requests"]!.GetValue<int>()), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or IOException or EngineApiException or EngineUnreachableException or OperationCanceledException or JsonException)
        {
            throw new PlatformException(Refusal.Unavailable, $"the proxy does not answer: {e.InnerException?.Message ?? e.Message}", e);
        }
    }
}
