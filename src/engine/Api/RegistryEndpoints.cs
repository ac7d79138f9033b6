using Slipway.Api.Requests;
using Slipway.Api.Routing;
using Slipway.Distribution;
using Slipway.Distribution.Authorization;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Api;

/// <summary>What the engine does at registries: pull, push, look, search, log in.</summary>
public sealed class RegistryEndpoints(Registries registries)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/images/search", SearchAsync);
        routes.Post("/images/{name*}/push", PushAsync);
        routes.Get("/distribution/{name*}/json", InspectAsync);
        routes.Get("/distribution/{name*}/manifest", ManifestAsync);
        routes.Post("/auth", AuthAsync);
    }

    /// <summary>Answers <c>POST /images/create?fromImage=</c>.</summary>
    internal async Task PullAsync(ApiCall call)
    {
        var query = call.Query;
        var name = Name(query["fromImage"], query.Optional("tag"));
        var request = new PullRequest(name, PlatformQuery.Read(query), Credentials(call, name));
        await using var watch = call.WatchClient();
        await using var progress = new ProgressStream(call, quiet: false);
        await progress.RunAsync(async report =>
        {
            await registries.PullImage.RunAsync(request, report, watch.Gone);
            return [];
        });
    }

    private async Task PushAsync(ApiCall call)
    {
        var name = Name(call.Name, call.Query.Optional("tag"));
        var request = new PushRequest(name, PlatformQuery.Read(call.Query), Credentials(call, name));
        await call.BodyAsync(DockerJson.Default.AuthConfig);
        await using var watch = call.WatchClient();
        await using var progress = new ProgressStream(call, quiet: false);
        await progress.RunAsync(async report =>
        {
            await registries.PushImage.RunAsync(request, report, watch.Gone);
            return [];
        });
    }

    private async Task InspectAsync(ApiCall call)
    {
        var name = Name(call.Name, null);
        await call.JsonAsync(await registries.InspectDistribution.RunAsync(name, Credentials(call, name), call.Aborted), DockerJson.Wire.DistributionInspect);
    }

    // Our own addition: Docker's client asks registries itself for this, which needs the engine's configuration twice.
    private async Task ManifestAsync(ApiCall call)
    {
        var name = Name(call.Name, null);
        var (mediaType, content) = await registries.InspectDistribution.ManifestAsync(name, Credentials(call, name), call.Aborted);
        call.Http.Response.ContentType = mediaType;
        call.Http.Response.ContentLength = content.Length;
        await call.Http.Response.Body.WriteAsync(content, call.Aborted);
    }

    private async Task SearchAsync(ApiCall call)
    {
        var query = call.Query;
        var found = await registries.SearchImages.RunAsync(query["term"], query.Int("limit"), query.Filters(), call.Http.Request.Headers["X-Registry-Auth"], call.Aborted);
        await call.JsonAsync(found, DockerJson.Wire.ImageSearchResultList);
    }

    private async Task AuthAsync(ApiCall call)
    {
        var config = await call.RequiredBodyAsync(DockerJson.Default.AuthConfig);
        await call.JsonAsync(await registries.CheckAuth.RunAsync(config, call.Aborted), DockerJson.Wire.AuthResponse);
    }

    // The tag parameter may hold a digest; without one every tag is meant.
    private static Reference Name(string image, string? tag)
    {
        try
        {
            var name = Reference.Parse(image);
            return tag is null ? name
                : Digest.TryParse(tag, out var digest) ? name.WithDigest(digest)
                : tag.Contains(':', StringComparison.Ordinal) ? Reference.Parse($"{image}@{tag}")
                : name.WithTag(tag);
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid(e.Message, e);
        }
    }

    private static RegistryCredentials Credentials(ApiCall call, Reference name) =>
        RegistryCredentials.FromHeader(call.Http.Request.Headers["X-Registry-Auth"], name.Domain);
}
