using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

public sealed partial class EngineClient
{
    /// <summary><c>POST /networks/create</c>.</summary>
    public Task<NetworkCreateResponse> CreateNetworkAsync(NetworkCreateRequest request, CancellationToken cancellation = default) =>
        CallAsync(
            "POST",
            "/networks/create",
            Json(request, DockerJson.Wire.NetworkCreateRequest),
            DockerJson.Default.NetworkCreateResponse,
            cancellation);

    /// <summary><c>GET /networks</c>.</summary>
    public Task<IReadOnlyList<Network>> ListNetworksAsync(Filters? filters = null, CancellationToken cancellation = default) =>
        GetAsync("/networks" + new Query().Add("filters", filters), DockerJson.Default.NetworkList, cancellation);

    /// <summary><c>GET /networks/{id}</c>.</summary>
    public Task<Network> InspectNetworkAsync(string id, CancellationToken cancellation = default) =>
        GetAsync($"/networks/{Escape(id)}", DockerJson.Default.Network, cancellation);

    /// <summary><c>GET /networks/{id}</c> as the engine wrote it.</summary>
    public Task<Stream> InspectNetworkRawAsync(string id, CancellationToken cancellation = default) =>
        OpenAsync("GET", $"/networks/{Escape(id)}", null, cancellation);

    /// <summary><c>DELETE /networks/{id}</c>.</summary>
    public Task RemoveNetworkAsync(string id, CancellationToken cancellation = default) =>
        RunAsync("DELETE", $"/networks/{Escape(id)}", null, cancellation);

    /// <summary><c>POST /networks/{id}/connect</c>.</summary>
    public Task ConnectNetworkAsync(string id, NetworkConnectRequest request, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/networks/{Escape(id)}/connect", Json(request, DockerJson.Wire.NetworkConnectRequest), cancellation);

    /// <summary><c>POST /networks/{id}/disconnect</c>.</summary>
    public Task DisconnectNetworkAsync(string id, NetworkDisconnectRequest request, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/networks/{Escape(id)}/disconnect", Json(request, DockerJson.Wire.NetworkDisconnectRequest), cancellation);

    /// <summary><c>POST /networks/prune</c>.</summary>
    public Task<NetworksPruneReport> PruneNetworksAsync(Filters? filters = null, CancellationToken cancellation = default) =>
        CallAsync("POST", "/networks/prune" + new Query().Add("filters", filters), null, DockerJson.Default.NetworksPruneReport, cancellation);
}
