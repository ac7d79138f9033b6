using Slipway.Client.Http;
using Slipway.DockerApi;

namespace Slipway.Client;

public sealed partial class EngineClient
{
    /// <summary><c>GET /images/json</c>.</summary>
    public Task<IReadOnlyList<ImageSummary>> ListImagesAsync(
        bool all = false,
        Filters? filters = null,
        bool digests = false,
        bool sharedSize = false,
        bool manifests = false,
        CancellationToken cancellation = default) =>
        GetAsync(
            "/images/json" + new Query().Add("all", all).Add("filters", filters).Add("digests", digests)
                .Add("shared-size", sharedSize).Add("manifests", manifests),
            DockerJson.Default.ImageSummaryList,
            cancellation);

    /// <summary><c>GET /images/{name}/json</c>.</summary>
    public Task<ImageInspect> InspectImageAsync(
        string name, string? platform = null, bool manifests = false, CancellationToken cancellation = default) =>
        GetAsync(
            $"/images/{EscapeImage(name)}/json" + new Query().Add("platform", platform).Add("manifests", manifests),
            DockerJson.Default.ImageInspect,
            cancellation);

    /// <summary><c>GET /images/{name}/json</c> as the engine wrote it.</summary>
    public Task<Stream> InspectImageRawAsync(string name, CancellationToken cancellation = default) =>
        OpenAsync("GET", $"/images/{EscapeImage(name)}/json", null, cancellation);

    /// <summary><c>GET /images/{name}/history</c>.</summary>
    public Task<IReadOnlyList<ImageHistoryItem>> ImageHistoryAsync(
        string name, string? platform = null, CancellationToken cancellation = default) =>
        GetAsync(
            $"/images/{EscapeImage(name)}/history" + new Query().Add("platform", platform),
            DockerJson.Default.ImageHistoryItemList,
            cancellation);

    /// <summary><c>POST /images/{name}/tag</c>.</summary>
    public Task TagImageAsync(string name, string repository, string? tag = null, CancellationToken cancellation = default) =>
        RunAsync("POST", $"/images/{EscapeImage(name)}/tag" + new Query().Add("repo", repository).Add("tag", tag), null, cancellation);

    /// <summary><c>DELETE /images/{name}</c>.</summary>
    public Task<IReadOnlyList<ImageDeleteResponseItem>> RemoveImageAsync(
        string name, bool force = false, bool noPrune = false, CancellationToken cancellation = default) =>
        CallAsync(
            "DELETE",
            $"/images/{EscapeImage(name)}" + new Query().Add("force", force).Add("noprune", noPrune),
            null,
            DockerJson.Default.ImageDeleteResponseItemList,
            cancellation);

    /// <summary><c>POST /images/prune</c>.</summary>
    public Task<ImagesPruneReport> PruneImagesAsync(Filters? filters = null, CancellationToken cancellation = default) =>
        CallAsync("POST", "/images/prune" + new Query().Add("filters", filters), null, DockerJson.Default.ImagesPruneReport, cancellation);

    /// <summary><c>POST /images/load</c>: images from a tar (docker-archive or OCI layout, plain or compressed).</summary>
    public IAsyncEnumerable<JsonMessage> LoadImagesAsync(
        Stream tar, bool quiet = false, string? platform = null, CancellationToken cancellation = default) =>
        StreamAsync(
            "POST",
            "/images/load" + new Query().Add("quiet", quiet).Add("platform", platform),
            new RequestBody("application/x-tar", default, tar),
            "",
            DockerJson.Default.JsonMessage,
            cancellation);

    /// <summary><c>GET /images/get</c>: images as one tar.</summary>
    public Task<Stream> SaveImagesAsync(
        IEnumerable<string> names, string? platform = null, CancellationToken cancellation = default)
    {
        var query = new Query();
        foreach (var name in names)
        {
            query.Add("names", name);
        }

        return OpenAsync("GET", $"/images/get{query.Add("platform", platform)}", null, cancellation);
    }

    /// <summary><c>POST /images/create</c> with <c>fromImage</c>: pulls.</summary>
    public IAsyncEnumerable<JsonMessage> PullImageAsync(
        string name, string? tag = null, string? platform = null, AuthConfig? auth = null, CancellationToken cancellation = default) =>
        StreamAsync(
            "POST",
            "/images/create" + new Query().Add("fromImage", name).Add("tag", tag).Add("platform", platform),
            null,
            RegistryAuth(auth),
            DockerJson.Default.JsonMessage,
            cancellation);

    /// <summary><c>POST /images/{name}/push</c>.</summary>
    public IAsyncEnumerable<JsonMessage> PushImageAsync(
        string name, string? tag = null, AuthConfig? auth = null, CancellationToken cancellation = default) =>
        StreamAsync(
            "POST",
            $"/images/{EscapeImage(name)}/push" + new Query().Add("tag", tag),
            null,
            RegistryAuth(auth),
            DockerJson.Default.JsonMessage,
            cancellation);

    /// <summary><c>POST /images/create</c> with <c>fromSrc</c>: an image of one layer from a tar or a URL.</summary>
    public IAsyncEnumerable<JsonMessage> ImportImageAsync(ImportOptions options, CancellationToken cancellation = default)
    {
        var query = new Query().Add("fromSrc", options.Url ?? "-").Add("repo", options.Repository).Add("tag", options.Tag)
            .Add("message", options.Message).Add("platform", options.Platform);
        foreach (var change in options.Changes)
        {
            query.Add("changes", change);
        }

        var body = options.Tar is null ? null : new RequestBody("application/x-tar", default, options.Tar);
        return StreamAsync("POST", $"/images/create{query}", body, "", DockerJson.Default.JsonMessage, cancellation);
    }

    /// <summary><c>POST /commit</c>: an image from a container.</summary>
    public Task<IdResponse> CommitAsync(CommitOptions options, CancellationToken cancellation = default)
    {
        var query = new Query().Add("container", options.Container).Add("repo", options.Repository).Add("tag", options.Tag)
            .Add("comment", options.Comment).Add("author", options.Author).Add("pause", options.Pause ? "1" : "0");
        foreach (var change in options.Changes)
        {
            query.Add("changes", change);
        }

        var body = options.Config is null ? null : Json(options.Config, DockerJson.Wire.ContainerConfig);
        return CallAsync("POST", $"/commit{query}", body, DockerJson.Default.IdResponse, cancellation);
    }
}
