using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using Slipway.Platform.Access;
using Slipway.Platform.Apps;
using Slipway.Platform.Model;
using Slipway.Platform.Sources;

namespace Slipway.Platform.Api;

/// <summary>The git remote: <c>http://…/git/NAME.git</c>, any user name, a token as the password.</summary>
internal static class GitEndpoints
{
    internal static void Map(WebApplication web, Gate gate)
    {
        var git = web.MapGroup("/git").AddEndpointFilter(async (call, next) =>
            await Callers.AdmitAsync(call.HttpContext, gate).ConfigureAwait(false) ? await next(call).ConfigureAwait(false) : Results.Empty);
        git.MapGet("/{name}/info/refs", async (string name, string? service, HttpContext context, AppRoom apps, GitRemote remote, CancellationToken cancellation) =>
        {
            var kind = service switch
            {
                "git-upload-pack" => "upload-pack",
                "git-receive-pack" => "receive-pack",
                _ => throw new PlatformException(Refusal.Forbidden, "git's old protocol is not spoken here"),
            };
            var app = Find(context, apps, name, kind == "receive-pack");
            context.Response.ContentType = $"application/x-git-{kind}-advertisement";
            context.Response.Headers.CacheControl = "no-cache";
            await remote.AdvertiseAsync(app, kind, context.Response.Body, cancellation).ConfigureAwait(false);
        });
        git.MapPost("/{name}/git-upload-pack", async (string name, HttpContext context, AppRoom apps, GitRemote remote, CancellationToken cancellation) =>
        {
            var app = Find(context, apps, name, write: false);
            context.Response.ContentType = "application/x-git-upload-pack-result";
            await remote.UploadPackAsync(app, Body(context), context.Response.Body, cancellation).ConfigureAwait(false);
        });
        git.MapPost("/{name}/git-receive-pack", async (string name, HttpContext context, AppRoom apps, GitRemote remote, CancellationToken cancellation) =>
        {
            var app = Find(context, apps, name, write: true);
            context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = Git.Quota;
            context.Response.ContentType = "application/x-git-receive-pack-result";
            await remote.ReceivePackAsync(context.Caller(), app, Body(context), context.Response.Body, cancellation).ConfigureAwait(false);
        });
    }

    private static App Find(HttpContext context, AppRoom apps, string name, bool write)
    {
        Callers.RequireNoted(context, write ? Abilities.Deploy : Abilities.Read);
        var app = name.EndsWith(".git", StringComparison.Ordinal) ? apps.Get(name[..^4]) : apps.Get(name);
        return app.Source.Kind == SourceKind.Push ? app : throw new PlatformException(Refusal.Forbidden, "this application does not get its source by a push");
    }

    private static Stream Body(HttpContext context) =>
        context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
}
