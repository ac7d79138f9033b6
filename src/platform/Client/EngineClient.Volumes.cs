using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

public sealed partial class EngineClient
{
    /// <summary><c>POST /volumes/create</c>.</summary>
    public Task<Volume> CreateVolumeAsync(VolumeCreateRequest request, CancellationToken cancellation = default) =>
        CallAsync(
            "POST", "/volumes/create", Json(request, DockerJson.Wire.VolumeCreateRequest), DockerJson.Default.Volume, cancellation);

    /// <summary><c>GET /volumes</c>.</summary>
    public Task<VolumeListResponse> ListVolumesAsync(Filters? filters = null, CancellationToken cancellation = default) =>
        GetAsync("/volumes" + new Query().Add("filters", filters), DockerJson.Default.VolumeListResponse, cancellation);

    /// <summary><c>GET /volumes/{name}</c>.</summary>
    public Task<Volume> InspectVolumeAsync(string name, CancellationToken cancellation = default) =>
        GetAsync($"/volumes/{Escape(name)}", DockerJson.Default.Volume, cancellation);

    /// <summary><c>GET /volumes/{name}</c> as the engine wrote it.</summary>
    public Task<Stream> InspectVolumeRawAsync(string name, CancellationToken cancellation = default) =>
        OpenAsync("GET", $"/volumes/{Escape(name)}", null, cancellation);

    /// <summary><c>DELETE /volumes/{name}</c>.</summary>
    public Task RemoveVolumeAsync(string name, bool force = false, CancellationToken cancellation = default) =>
        RunAsync("DELETE", $"/volumes/{Escape(name)}" + new Query().Add("force", force), null, cancellation);

    /// <summary><c>POST /volumes/prune</c>: anonymous volumes, unless a filter says <c>all</c>.</summary>
    public Task<VolumesPruneReport> PruneVolumesAsync(Filters? filters = null, CancellationToken cancellation = default) =>
        CallAsync("POST", "/volumes/prune" + new Query().Add("filters", filters), null, DockerJson.Default.VolumesPruneReport, cancellation);
}
