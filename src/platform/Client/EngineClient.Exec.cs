using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

public sealed partial class EngineClient
{
    /// <summary><c>POST /containers/{id}/exec</c>.</summary>
    public Task<IdResponse> CreateExecAsync(string id, ExecCreateRequest request, CancellationToken cancellation = default) =>
        CallAsync(
            "POST",
            $"/containers/{Escape(id)}/exec",
            Json(request, DockerJson.Wire.ExecCreateRequest),
            DockerJson.Default.IdResponse,
            cancellation);

    /// <summary><c>POST /exec/{id}/start</c>: runs it and takes the connection over.</summary>
    public Task<HijackedStream> StartExecAsync(string id, ExecStartRequest request, CancellationToken cancellation = default) =>
        HijackAsync(
            $"/exec/{Escape(id)}/start", Json(request with { Detach = false }, DockerJson.Wire.ExecStartRequest), cancellation);

    /// <summary><c>POST /exec/{id}/start</c>: runs it without streams.</summary>
    public Task StartExecDetachedAsync(string id, bool tty = false, CancellationToken cancellation = default) =>
        RunAsync(
            "POST",
            $"/exec/{Escape(id)}/start",
            Json(new ExecStartRequest { Detach = true, Tty = tty }, DockerJson.Wire.ExecStartRequest),
            cancellation);

    /// <summary><c>GET /exec/{id}/json</c>.</summary>
    public Task<ExecInspect> InspectExecAsync(string id, CancellationToken cancellation = default) =>
        GetAsync($"/exec/{Escape(id)}/json", DockerJson.Default.ExecInspect, cancellation);

    /// <summary><c>POST /exec/{id}/resize</c>, in characters.</summary>
    public Task ResizeExecAsync(string id, int height, int width, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/exec/{Escape(id)}/resize" + new Query().Add("h", height).Add("w", width), null, cancellation);
}
