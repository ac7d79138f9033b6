using System.Text.Json;
using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

public sealed partial class EngineClient
{
    /// <summary><c>POST /containers/create</c>.</summary>
    /// <param name="request">The container.</param>
    /// <param name="name">Name; null lets the engine choose.</param>
    /// <param name="platform">Platform of the image, such as <c>linux/arm64</c>; null for the host's.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task<ContainerCreateResponse> CreateContainerAsync(
        ContainerCreateRequest request, string? name = null, string? platform = null, CancellationToken cancellation = default) =>
        CallAsync(
            "POST",
            "/containers/create" + new Query().Add("name", name).Add("platform", platform),
            Json(request, DockerJson.Wire.ContainerCreateRequest),
            DockerJson.Default.ContainerCreateResponse,
            cancellation);

    /// <summary><c>GET /containers/json</c>.</summary>
    /// <param name="all">Whether containers that do not run are listed too.</param>
    /// <param name="limit">At most this many, newest first; zero for all.</param>
    /// <param name="size">Whether sizes are computed.</param>
    /// <param name="filters">Which containers.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(
        bool all = false, int limit = 0, bool size = false, Filters? filters = null, CancellationToken cancellation = default) =>
        GetAsync(
            "/containers/json" + new Query().Add("all", all).Add("limit", limit > 0 ? limit : null).Add("size", size).Add("filters", filters),
            DockerJson.Default.ContainerSummaryList,
            cancellation);

    /// <summary><c>GET /containers/{id}/json</c>.</summary>
    public Task<ContainerInspect> InspectContainerAsync(string id, bool size = false, CancellationToken cancellation = default) =>
        GetAsync($"/containers/{Escape(id)}/json" + new Query().Add("size", size), DockerJson.Default.ContainerInspect, cancellation);

    /// <summary><c>GET /containers/{id}/json</c> as the engine wrote it, unknown members included.</summary>
    public Task<Stream> InspectContainerRawAsync(string id, bool size = false, CancellationToken cancellation = default) =>
        OpenAsync("GET", $"/containers/{Escape(id)}/json" + new Query().Add("size", size), null, cancellation);

    /// <summary><c>POST /containers/{id}/start</c>; a running container is no error.</summary>
    public Task StartContainerAsync(string id, string? detachKeys = null, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/start" + new Query().Add("detachKeys", detachKeys), null, cancellation);

    /// <summary><c>POST /containers/{id}/stop</c>; a stopped container is no error.</summary>
    /// <param name="id">Name or id.</param>
    /// <param name="timeoutSeconds">Seconds until SIGKILL; -1 waits for ever; null takes the container's.</param>
    /// <param name="signal">Signal to send first; null takes the container's.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task StopContainerAsync(
        string id, int? timeoutSeconds = null, string? signal = null, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/stop" + new Query().Add("t", timeoutSeconds).Add("signal", signal), null, cancellation);

    /// <summary><c>POST /containers/{id}/restart</c>; parameters as for stop.</summary>
    public Task RestartContainerAsync(
        string id, int? timeoutSeconds = null, string? signal = null, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/restart" + new Query().Add("t", timeoutSeconds).Add("signal", signal), null, cancellation);

    /// <summary><c>POST /containers/{id}/kill</c>.</summary>
    public Task KillContainerAsync(string id, string? signal = null, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/kill" + new Query().Add("signal", signal), null, cancellation);

    /// <summary><c>POST /containers/{id}/pause</c>.</summary>
    public Task PauseContainerAsync(string id, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/pause", null, cancellation);

    /// <summary><c>POST /containers/{id}/unpause</c>.</summary>
    public Task UnpauseContainerAsync(string id, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/unpause", null, cancellation);

    /// <summary><c>POST /containers/{id}/rename</c>.</summary>
    public Task RenameContainerAsync(string id, string name, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/rename" + new Query().Add("name", name), null, cancellation);

    /// <summary><c>POST /containers/{id}/update</c>.</summary>
    public Task<ContainerUpdateResponse> UpdateContainerAsync(
        string id, ContainerUpdateRequest request, CancellationToken cancellation = default) =>
        CallAsync(
            "POST",
            $"/containers/{Escape(id)}/update",
            Json(request, DockerJson.Wire.ContainerUpdateRequest),
            DockerJson.Default.ContainerUpdateResponse,
            cancellation);

    /// <summary><c>DELETE /containers/{id}</c>.</summary>
    public Task RemoveContainerAsync(
        string id, bool force = false, bool volumes = false, bool link = false, CancellationToken cancellation = default) =>
        RunAsync("DELETE", $"/containers/{Escape(id)}" + new Query().Add("v", volumes).Add("force", force).Add("link", link), null, cancellation);

    /// <summary>
    /// <c>POST /containers/{id}/wait</c>. The first task ends when the engine watches, so that a start after it cannot be
    /// missed; its result ends with the container.
    /// </summary>
    /// <param name="id">Name or id.</param>
    /// <param name="condition"><c>not-running</c>, <c>next-exit</c> or <c>removed</c>; null for the first.</param>
    /// <param name="cancellation">Ends the request.</param>
    public async Task<Task<ContainerWaitResponse>> WatchContainerAsync(
        string id, string? condition = null, CancellationToken cancellation = default)
    {
        var response = await SendAsync(
            "POST", $"/containers/{Escape(id)}/wait" + new Query().Add("condition", condition), null, cancellation).ConfigureAwait(false);
        return ReadAsync();

        async Task<ContainerWaitResponse> ReadAsync()
        {
            await using (response.ConfigureAwait(false))
            {
                return await JsonSerializer.DeserializeAsync(response.Body, DockerJson.Default.ContainerWaitResponse, cancellation)
                    .ConfigureAwait(false) ?? throw new InvalidDataException("the engine answered null to wait");
            }
        }
    }

    /// <summary><c>POST /containers/{id}/wait</c>: the exit code, when there is one.</summary>
    public async Task<ContainerWaitResponse> WaitContainerAsync(
        string id, string? condition = null, CancellationToken cancellation = default) =>
        await (await WatchContainerAsync(id, condition, cancellation).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary><c>POST /containers/{id}/resize</c>, in characters.</summary>
    public Task ResizeContainerAsync(string id, int height, int width, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/containers/{Escape(id)}/resize" + new Query().Add("h", height).Add("w", width), null, cancellation);

    /// <summary><c>POST /containers/prune</c>.</summary>
    public Task<ContainersPruneReport> PruneContainersAsync(Filters? filters = null, CancellationToken cancellation = default) =>
        CallAsync(
            "POST", "/containers/prune" + new Query().Add("filters", filters), null, DockerJson.Default.ContainersPruneReport, cancellation);
}
