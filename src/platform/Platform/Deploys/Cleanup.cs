using Slipway.Client;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Store;

namespace Slipway.Platform.Deploys;

/// <summary>
/// Removes images of releases that are older than the server keeps, and records of old deployments. An image stays as long as a release
/// that can be rolled back to, or that serves, needs it.
/// </summary>
public sealed class Cleanup(PlatformStore store, EnginePool engines, DeploymentLogs logs, ILogger<Cleanup> log)
{
    private const int KeptDeployments = 100;

    internal async Task AfterAsync(string appId, CancellationToken cancellation)
    {
        if (store.Apps.Find(appId) is not { } app || store.Servers.Find(app.ServerId) is not { } server)
        {
            return;
        }

        ForgetDeployments(app);
        var releases = store.Releases.All.Where(release => release.AppId == appId && !release.Removed).OrderByDescending(release => release.Number).ToList();
        var kept = releases.Where(release => release.Id != app.ReleaseId).Take(server.KeepReleases).Concat(releases.Where(release => release.Id == app.ReleaseId)).ToList();
        var gone = releases.Except(kept).ToList();
        if (gone.Count > 0)
        {
            store.Commit([.. gone.Select(release => store.Releases.Put(release.Id, release with { Removed = true }))]);
        }

        await RemoveImagesAsync(app, server, [.. kept.SelectMany(release => release.Services.Select(service => service.Image).Append(release.Image))], cancellation).ConfigureAwait(false);
    }

    /// <summary>Removes all images of an application.</summary>
    internal Task RemoveAllAsync(App app, Server server, CancellationToken cancellation) => RemoveImagesAsync(app, server, [], cancellation);

    // Everything tagged as this application's that no kept release names: also what failed deployments have built. Base images have names like
    // applications (slipway/static:latest), but no tags that are digits of a digest.
    private async Task RemoveImagesAsync(App app, Server server, HashSet<string> kept, CancellationToken cancellation)
    {
        var engine = engines.Of(server);
        var prefix = $"slipway/{app.Name}:";
        var pushed = server.Registry is null ? null : $"{server.Registry}/{app.Name}:";
        try
        {
            foreach (var image in await engine.ListImagesAsync(cancellation: cancellation).ConfigureAwait(false))
            {
                foreach (var tag in (image.RepoTags ?? []).Where(tag => (tag.StartsWith(prefix, StringComparison.Ordinal) || (pushed is not null && tag.StartsWith(pushed, StringComparison.Ordinal))) && IsBuilt(tag) && !kept.Contains(tag)))
                {
                    await engine.RemoveImageAsync(tag, cancellation: cancellation).ConfigureAwait(false);
                    log.LogInformation("removed image {Image}", tag);
                }
            }
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException or IOException)
        {
            log.LogWarning("images of {App} could not be removed: {Reason}", app.Name, e.Message);
        }
    }

    private static bool IsBuilt(string image) => image[(image.LastIndexOf(':') + 1)..] is { Length: 16 } tag && tag.All(char.IsAsciiHexDigitLower);

    private void ForgetDeployments(App app)
    {
        var old = store.Deployments.All.Where(deployment => deployment.AppId == app.Id && deployment.Ended).OrderByDescending(deployment => deployment.Number).Skip(KeptDeployments).ToList();
        if (old.Count > 0)
        {
            store.Commit([.. old.Select(deployment => store.Deployments.Delete(deployment.Id))]);
            old.ForEach(deployment => logs.Remove(deployment.Id));
        }
    }
}
