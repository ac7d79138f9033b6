using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Images;

namespace Slipway.Api;

/// <summary>Images as objects. Their archives have endpoints of their own.</summary>
public sealed class ImageEndpoints(SlipwayEngine engine)
{
    private static readonly ApiVersion s_sharedSizeOptional = new(1, 42);
    private static readonly ApiVersion s_oneSize = new(1, 44);

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/images/json", ListAsync);
        routes.Get("/images/{name*}/json", InspectAsync);
        routes.Get("/images/{name*}/history", call => call.JsonAsync(engine.ImageHistory.Run(call.Name, PlatformQuery.Read(call.Query)), DockerJson.Wire.ImageHistoryItemList));
        routes.Post("/images/prune", PruneAsync);
        routes.Post("/images/{name*}/tag", TagAsync);
        routes.Delete("/images/{name*}", RemoveAsync);
        routes.Post("/commit", CommitAsync);
    }

    private Task ListAsync(ApiCall call)
    {
        var query = call.Query;
        var request = new ImageListRequest(query.Flag("all"), query.Filters(), query.Flag("shared-size", absent: call.Version < s_sharedSizeOptional), query.Flag("manifests"));
        return call.JsonAsync(For(call.Version, engine.ListImages.Run(request)), DockerJson.Wire.ImageSummaryList);
    }

    /// <summary>Images as a version of the API shows them: until 1.44 with their size once more, by another name.</summary>
    internal static IReadOnlyList<ImageSummary> For(ApiVersion version, IReadOnlyList<ImageSummary> images) =>
        version < s_oneSize ? [.. images.Select(image => image with { VirtualSize = image.Size })] : images;

    private Task InspectAsync(ApiCall call)
    {
        var platform = PlatformQuery.Read(call.Query);
        var manifests = call.Query.Flag("manifests");
        return manifests && platform is not null
            ? throw EngineException.Invalid("conflicting options: manifests and platform options cannot both be set")
            : call.JsonAsync(For(call.Version, engine.InspectImage.Run(call.Name, platform, manifests)), DockerJson.Wire.ImageInspect);
    }

    private static ImageInspect For(ApiVersion version, ImageInspect image) => version < s_oneSize ? image with { VirtualSize = image.Size } : image;

    private async Task TagAsync(ApiCall call)
    {
        await engine.TagImage.RunAsync(call.Name, call.Query["repo"], call.Query.Optional("tag"));
        await call.StatusAsync(201);
    }

    private async Task RemoveAsync(ApiCall call)
    {
        var items = await engine.RemoveImage.RunAsync(call.Name, call.Query.Flag("force"), prune: !call.Query.Flag("noprune"), PlatformQuery.ReadAll(call.Query));
        await call.JsonAsync(items, DockerJson.Wire.ImageDeleteResponseItemList);
    }

    private async Task PruneAsync(ApiCall call) =>
        await call.JsonAsync(await engine.PruneImages.RunAsync(call.Query.Filters(), call.Aborted), DockerJson.Wire.ImagesPruneReport);

    private async Task CommitAsync(ApiCall call)
    {
        var query = call.Query;
        var config = await call.BodyAsync(DockerJson.Default.CommitRequestConfig);
        var container = engine.Containers.Get(query["container"]);
        var request = new CommitRequest(
            query.Optional("repo"), query.Optional("tag"), query.Optional("author"), query.Optional("comment"), query.All("changes"), config,
            query.Flag("pause", absent: true));
        var id = await engine.CommitContainer.RunAsync(container, request, call.Aborted);
        await call.JsonAsync(new IdResponse { Id = id.ToString() }, DockerJson.Wire.IdResponse, 201);
    }
}
