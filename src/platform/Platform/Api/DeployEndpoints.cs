using Microsoft.AspNetCore.Http.Features;
using Slipway.Platform.Apps;
using Slipway.Platform.Deploys;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;

namespace Slipway.Platform.Api;

/// <summary>Deployments, and what runs.</summary>
internal static class DeployEndpoints
{
    internal static void Map(RouteGroupBuilder api)
    {
        MapVerbs(api);
        MapDeployments(api);
        MapContainers(api);
    }

    private static void MapVerbs(RouteGroupBuilder api)
    {
        api.MapPost("/apps/{app}/deploy", (string app, DeployInput? input, HttpContext context, AppRoom apps, DeployQueue queue) =>
            queue.Enqueue(context.Caller(), new DeployRequest(apps.Get(app), DeploymentKind.Deploy) { Force = input?.Force == true, Commit = input?.Commit is { } commit ? Rules.Commit(commit) : null }))
            .Needs(Abilities.Deploy).WithSummary("Deploy an application from its source");
        api.MapPost("/apps/{app}/redeploy", (string app, HttpContext context, AppRoom apps, DeployQueue queue) =>
            queue.Enqueue(context.Caller(), new DeployRequest(apps.Get(app), DeploymentKind.Redeploy))).Needs(Abilities.Deploy).WithSummary("Bring the image that serves into service again, with the present settings");
        api.MapPost("/apps/{app}/rollback", (string app, DeployInput? input, HttpContext context, AppRoom apps, AppLife life, DeployQueue queue) =>
        {
            var found = apps.Get(app);
            return queue.Enqueue(context.Caller(), new DeployRequest(found, DeploymentKind.Rollback) { ReleaseId = life.ReleaseFor(found, input?.Release).Id });
        }).Needs(Abilities.Deploy).WithSummary("Go back to a release, image and settings");
        api.MapPost("/apps/{app}/scale", (string app, ScaleInput input, HttpContext context, AppRoom apps, PlatformStore store, DeployQueue queue) =>
        {
            var changed = apps.Change(context.Caller(), app, $"scale {input}", present => input.Of(present, store.Releases.Find(present.ReleaseId)));
            return queue.Enqueue(context.Caller(), new DeployRequest(changed, changed.ReleaseId is null ? DeploymentKind.Deploy : DeploymentKind.Redeploy));
        }).Needs(Abilities.Write | Abilities.Deploy).WithSummary("Set the numbers of containers: replicas that serve, and those of other processes");
        api.MapPost("/apps/{app}/stop", async (string app, string? service, HttpContext context, AppLife life, CancellationToken cancellation) =>
        {
            await (service is null ? life.StopAsync(context.Caller(), app, cancellation) : life.StopServiceAsync(context.Caller(), app, service, cancellation)).ConfigureAwait(false);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Stop an application, or one service of it");
        api.MapPost("/apps/{app}/services/{service}/start", async (string app, string service, HttpContext context, AppLife life, CancellationToken cancellation) =>
        {
            await life.StartServiceAsync(context.Caller(), app, service, cancellation).ConfigureAwait(false);
            return Results.NoContent();
        }).Needs(Abilities.Write).WithSummary("Start a service that was stopped");
        api.MapPost("/apps/{app}/start", (string app, HttpContext context, AppLife life) => life.Start(context.Caller(), app)).Needs(Abilities.Deploy).WithSummary("Start an application again");
        api.MapPost("/apps/{app}/source", async (string app, bool? force, HttpContext context, AppRoom apps, DirectoryImport import, DeployQueue queue, CancellationToken cancellation) =>
        {
            context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = 1L << 30;
            var found = apps.Get(app);
            if (found.Source.Kind != SourceKind.Push)
            {
                throw new PlatformException(Refusal.Conflict, "the application's source is not sent to it: change its source to \"push\" first");
            }

            await import.ImportAsync(found, context.Request.Body, context.Caller().Name, cancellation).ConfigureAwait(false);
            return queue.Enqueue(context.Caller(), new DeployRequest(found, DeploymentKind.Deploy) { Force = force == true });
        }).Needs(Abilities.Deploy).WithSummary("Send a directory as a tar and deploy it");
    }

    private static void MapDeployments(RouteGroupBuilder api)
    {
        api.MapGet("/apps/{app}/releases", (string app, AppRoom apps) =>
        {
            var found = apps.Get(app);
            return (IReadOnlyList<ReleaseView>)[.. apps.ReleasesOf(found).Select(release => ReleaseView.Of(found, release))];
        }).Needs(Abilities.Read).WithSummary("List releases, newest first");
        api.MapGet("/deployments", (string? app, int? limit, AppRoom apps) => (IReadOnlyList<Deployment>)[.. apps.Deployments(app is null ? null : apps.Get(app)).Take(limit ?? 50)])
            .Needs(Abilities.Read).WithSummary("List deployments, newest first");
        api.MapGet("/deployments/{id}", (string id, PlatformStore store) => Find(store, id)).Needs(Abilities.Read).WithSummary("Show a deployment");
        api.MapPost("/deployments/{id}/cancel", (string id, HttpContext context, DeployQueue queue) =>
        {
            queue.Cancel(context.Caller(), id);
            return Results.NoContent();
        }).Needs(Abilities.Deploy).WithSummary("End a deployment");
        api.MapGet("/deployments/{id}/log", async (string id, bool? follow, HttpContext context, PlatformStore store, DeploymentLogs logs, CancellationToken cancellation) =>
        {
            Find(store, id);
            context.Response.ContentType = "text/plain; charset=utf-8";
            await foreach (var line in logs.ReadAsync(id, follow == true, cancellation).ConfigureAwait(false))
            {
                await context.Response.WriteAsync(line.Text + "\n", cancellation).ConfigureAwait(false);
                await context.Response.Body.FlushAsync(cancellation).ConfigureAwait(false);
            }
        }).Needs(Abilities.Read).WithSummary("Read a deployment's log, with follow=true until its end");
    }

    private static void MapContainers(RouteGroupBuilder api)
    {
        api.MapGet("/apps/{app}/logs", async (string app, string? process, bool? follow, int? tail, HttpContext context, AppRoom apps, PlatformStore store, EnginePool engines, Variables variables, CancellationToken cancellation) =>
        {
            var found = apps.Get(app);
            context.Response.ContentType = "text/plain; charset=utf-8";
            var reader = new AppLogReader(engines.Of(store.Servers.Find(found.ServerId)!), variables.RedactionOf(found), context.Response);
            await reader.WriteAsync(found.ContainersOf(process), follow == true, tail ?? 100, cancellation).ConfigureAwait(false);
        }).Needs(Abilities.Read).WithSummary("Read what an application's containers write; those of one process, or all");
    }

    private static Deployment Find(PlatformStore store, string id) => store.Deployments.Find(id) ?? throw new PlatformException(Refusal.NotFound, "there is no such deployment");
}
