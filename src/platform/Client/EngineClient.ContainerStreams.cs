using System.Text.Json;
using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

public sealed partial class EngineClient
{
    /// <summary><c>POST /containers/{id}/attach</c>: takes the connection over.</summary>
    public Task<HijackedStream> AttachContainerAsync(string id, AttachOptions options, CancellationToken cancellation = default) =>
        HijackAsync(
            $"/containers/{Escape(id)}/attach" + new Query().Add("stream", options.Stream).Add("logs", options.Logs)
                .Add("stdin", options.Stdin).Add("stdout", options.Stdout).Add("stderr", options.Stderr).Add("detachKeys", options.DetachKeys),
            RequestBody.Empty,
            cancellation);

    /// <summary><c>GET /containers/{id}/logs</c>: multiplexed, unless the container has a terminal.</summary>
    public Task<Stream> ContainerLogsAsync(string id, LogOptions options, CancellationToken cancellation = default) =>
        OpenAsync(
            "GET",
            $"/containers/{Escape(id)}/logs" + new Query().Add("follow", options.Follow).Add("stdout", options.Stdout)
                .Add("stderr", options.Stderr).Add("since", options.Since).Add("until", options.Until)
                .Add("timestamps", options.Timestamps).Add("details", options.Details).Add("tail", options.Tail),
            null,
            cancellation);

    /// <summary><c>GET /containers/{id}/stats</c>: a sample per second, until cancellation.</summary>
    public IAsyncEnumerable<ContainerStats> ContainerStatsAsync(string id, CancellationToken cancellation = default) =>
        StreamAsync("GET", $"/containers/{Escape(id)}/stats?stream=1", null, "", DockerJson.Default.ContainerStats, cancellation);

    /// <summary><c>GET /containers/{id}/stats</c>: one sample.</summary>
    /// <param name="id">Name or id.</param>
    /// <param name="oneShot">Whether no second sample is waited for, which leaves the previous CPU values empty.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task<ContainerStats> ContainerStatsOnceAsync(string id, bool oneShot = true, CancellationToken cancellation = default) =>
        GetAsync(
            $"/containers/{Escape(id)}/stats" + new Query().Add("stream", "0").Add("one-shot", oneShot),
            DockerJson.Default.ContainerStats,
            cancellation);

    /// <summary><c>GET /containers/{id}/top</c>.</summary>
    public Task<ContainerTop> TopContainerAsync(string id, string? psArgs = null, CancellationToken cancellation = default) =>
        GetAsync($"/containers/{Escape(id)}/top" + new Query().Add("ps_args", psArgs), DockerJson.Default.ContainerTop, cancellation);

    /// <summary><c>GET /containers/{id}/changes</c>.</summary>
    public async Task<IReadOnlyList<FilesystemChange>> ContainerChangesAsync(string id, CancellationToken cancellation = default)
    {
        // Docker answers null when nothing changed.
        await using var response = await SendAsync("GET", $"/containers/{Escape(id)}/changes", null, cancellation).ConfigureAwait(false);
        return await JsonSerializer.DeserializeAsync(response.Body, DockerJson.Default.FilesystemChangeList, cancellation)
            .ConfigureAwait(false) ?? [];
    }

    /// <summary><c>GET /containers/{id}/export</c>: the file system as a tar.</summary>
    public Task<Stream> ExportContainerAsync(string id, CancellationToken cancellation = default) =>
        OpenAsync("GET", $"/containers/{Escape(id)}/export", null, cancellation);

    /// <summary><c>HEAD /containers/{id}/archive</c>: what a path is.</summary>
    public async Task<ContainerPathStat> StatArchiveAsync(string id, string path, CancellationToken cancellation = default)
    {
        using var response = await SendAsync(
            "HEAD", $"/containers/{Escape(id)}/archive" + new Query().Add("path", path), null, cancellation).ConfigureAwait(false);
        return PathStat(response);
    }

    /// <summary><c>GET /containers/{id}/archive</c>: a path as a tar, and what it is.</summary>
    public async Task<(ContainerPathStat Stat, Stream Tar)> GetArchiveAsync(
        string id, string path, CancellationToken cancellation = default)
    {
        var response = await SendAsync(
            "GET", $"/containers/{Escape(id)}/archive" + new Query().Add("path", path), null, cancellation).ConfigureAwait(false);
        return (PathStat(response), response.Body);
    }

    /// <summary><c>PUT /containers/{id}/archive</c>: unpacks a tar in a directory.</summary>
    /// <param name="id">Name or id.</param>
    /// <param name="path">Directory in the container.</param>
    /// <param name="tar">The archive, plain or compressed.</param>
    /// <param name="noOverwriteDirNonDir">Whether replacing a directory by a file, or the reverse, is an error.</param>
    /// <param name="copyUidGid">Whether files belong to the ids of the archive.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task PutArchiveAsync(
        string id,
        string path,
        Stream tar,
        bool noOverwriteDirNonDir = false,
        bool copyUidGid = false,
        CancellationToken cancellation = default) =>
        RunAsync(
            "PUT",
            $"/containers/{Escape(id)}/archive" + new Query().Add("path", path)
                .Add("noOverwriteDirNonDir", noOverwriteDirNonDir).Add("copyUIDGID", copyUidGid),
            new RequestBody("application/x-tar", default, tar),
            cancellation);

    private static ContainerPathStat PathStat(EngineResponse response)
    {
        var header = response.Headers.GetValueOrDefault("X-Docker-Container-Path-Stat")
            ?? throw new InvalidDataException("the engine did not say what the path is");
        return JsonSerializer.Deserialize(Convert.FromBase64String(header), DockerJson.Default.ContainerPathStat)
            ?? throw new InvalidDataException("the engine did not say what the path is");
    }
}
