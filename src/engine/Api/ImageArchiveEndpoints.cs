using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Images;

namespace Slipway.Api;

/// <summary>Images as archives: load, save, import; and the route that import shares with pull.</summary>
public sealed class ImageArchiveEndpoints(SlipwayEngine engine, RegistryEndpoints registry)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Post("/images/load", LoadAsync);
        routes.Get("/images/get", call => SaveAsync(call, call.Query.All("names")));
        routes.Get("/images/{name*}/get", call => SaveAsync(call, [call.Name]));
        routes.Post("/images/create", CreateAsync);
    }

    private async Task LoadAsync(ApiCall call)
    {
        var platform = PlatformQuery.Read(call.Query);
        await using var progress = new ProgressStream(call, quiet: call.Query.Flag("quiet"));
        await progress.RunAsync(async report =>
        {
            var lines = await engine.LoadImages.RunAsync(call.Http.Request.Body, platform, report, call.Aborted);
            return lines.Select(line => new JsonMessage { Stream = line });
        });
    }

    private async Task SaveAsync(ApiCall call, IReadOnlyList<string> names)
    {
        var platform = PlatformQuery.Read(call.Query);
        engine.SaveImages.Check(names, platform);
        call.Http.Response.ContentType = "application/x-tar";
        await engine.SaveImages.RunAsync(names, platform, call.Http.Response.Body, call.Aborted);
    }

    private async Task CreateAsync(ApiCall call)
    {
        var query = call.Query;
        if (query.Optional("fromImage") is not null)
        {
            await registry.PullAsync(call);
            return;
        }

        var source = query.Optional("fromSrc") ?? throw EngineException.Invalid("one of fromImage and fromSrc must be given");
        var request = new ImportRequest(query.Optional("repo"), query.Optional("tag"), query.Optional("message"), query.All("changes"), PlatformQuery.Read(query), source);
        await using var progress = new ProgressStream(call, quiet: false);
        await progress.RunAsync(async _ =>
        {
            await using var remote = source == "-" ? null : await RemoteArchive.OpenAsync(source, call.Aborted);
            var id = await engine.ImportImage.RunAsync(remote ?? call.Http.Request.Body, request, call.Aborted);
            return [new JsonMessage { Status = id.ToString() }];
        });
    }
}
