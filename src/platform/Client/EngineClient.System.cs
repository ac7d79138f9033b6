using System.Text.Json;
using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

public sealed partial class EngineClient
{
    /// <summary><c>GET /_ping</c>: whether the engine answers; settles the API version.</summary>
    /// <returns>The engine's newest API version.</returns>
    public async Task<ApiVersion> PingAsync(CancellationToken cancellation = default)
    {
        using var response = await ExchangeAsync("GET", "/_ping", null, "", cancellation).ConfigureAwait(false);
        var known = ApiVersion.TryParse(response.Headers.GetValueOrDefault("Api-Version", ""), out var version);
        await DrainAsync(response, cancellation).ConfigureAwait(false);
        if (known && version < _version)
        {
            _version = version;
        }

        return known ? version : _version;
    }

    /// <summary><c>GET /version</c>.</summary>
    public async Task<SystemVersion> VersionAsync(CancellationToken cancellation = default)
    {
        await using var response = await SendAsync("GET", "/version", null, cancellation).ConfigureAwait(false);
        using var document = await JsonDocument.ParseAsync(response.Body, cancellationToken: cancellation).ConfigureAwait(false);
        return VersionDocument.Read(document.RootElement);
    }

    /// <summary><c>GET /info</c>.</summary>
    public Task<SystemInfo> InfoAsync(CancellationToken cancellation = default) =>
        GetAsync("/info", DockerJson.Default.SystemInfo, cancellation);

    /// <summary><c>GET /system/df</c>.</summary>
    /// <param name="types">Any of <c>image</c>, <c>container</c>, <c>volume</c>, <c>build-cache</c>; null for all.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task<SystemDataUsage> DataUsageAsync(IEnumerable<string>? types = null, CancellationToken cancellation = default)
    {
        var query = new Query();
        foreach (var type in types ?? [])
        {
            query.Add("type", type);
        }

        return GetAsync($"/system/df{query}", DockerJson.Default.SystemDataUsage, cancellation);
    }

    /// <summary><c>GET /events</c>: events as they happen, until <paramref name="until"/> or cancellation.</summary>
    /// <param name="since">Unix time or RFC 3339; null for now.</param>
    /// <param name="until">Unix time or RFC 3339; null for ever.</param>
    /// <param name="filters">Which events.</param>
    /// <param name="cancellation">Ends the stream.</param>
    public IAsyncEnumerable<EventMessage> EventsAsync(
        string? since = null, string? until = null, Filters? filters = null, CancellationToken cancellation = default) =>
        StreamAsync(
            "GET",
            "/events" + new Query().Add("since", since).Add("until", until).Add("filters", filters),
            null,
            "",
            DockerJson.Default.EventMessage,
            cancellation);

    /// <summary><c>POST /auth</c>: whether credentials are good.</summary>
    public Task<AuthResponse> AuthAsync(AuthConfig auth, CancellationToken cancellation = default) =>
        CallAsync("POST", "/auth", Json(auth, DockerJson.Wire.AuthConfig), DockerJson.Default.AuthResponse, cancellation);

    /// <summary><c>POST /build/prune</c>.</summary>
    public Task<BuildPruneReport> PruneBuildCacheAsync(
        bool all = false, Filters? filters = null, CancellationToken cancellation = default) =>
        CallAsync(
            "POST", "/build/prune" + new Query().Add("all", all).Add("filters", filters), null, DockerJson.Default.BuildPruneReport, cancellation);

    /// <summary><c>GET /distribution/{name}/json</c>: what a registry knows of an image.</summary>
    public Task<DistributionInspect> InspectDistributionAsync(string name, CancellationToken cancellation = default) =>
        GetAsync($"/distribution/{EscapeImage(name)}/json", DockerJson.Default.DistributionInspect, cancellation);
}
