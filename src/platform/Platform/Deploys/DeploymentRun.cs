using System.Globalization;
using Slipway.Client;
using Slipway.Platform.Apps;
using Slipway.Platform.Builds;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Store;

namespace Slipway.Platform.Deploys;

/// <summary>
/// One deployment: release → new containers → health barrier → routes → drain → old containers stop. Until the routes have been switched,
/// which is stored in the same breath, everything can be given up and the release before serves on.
/// </summary>
public sealed class DeploymentRun(
    PlatformStore store, EnginePool engines, ReleaseBuild builds, AppContainers containers, HealthBarrier barrier, Routes routes, Variables variables, ProcessStart processes)
{
    /// <exception cref="PlatformException">It failed; what served before serves on.</exception>
    internal async Task RunAsync(Deployment deployment, DeploymentLog log, CancellationToken cancellation)
    {
        var app = store.Apps.Find(deployment.AppId) ?? throw new PlatformException(Refusal.NotFound, "the application is gone");
        var server = store.Servers.Find(app.ServerId) ?? throw new PlatformException(Refusal.NotFound, "the application's server is gone");
        log.Redaction = variables.RedactionOf(app);
        log.Write($"Deployment {deployment.Number} of {app.Name} to server {server.Name} ({deployment.Kind.ToString().ToLowerInvariant()} by {deployment.Actor}).");
        var release = await ReleaseAsync(app, deployment, log, cancellation).ConfigureAwait(false);
        if (await ServesAlreadyAsync(app, server, release, deployment, cancellation).ConfigureAwait(false))
        {
            store.UpdateDeployment(deployment.Id, present => present with { ReleaseId = app.ReleaseId, Commit = release.Commit });
            log.Write("Nothing has changed: the release that serves is the same.");
            return;
        }

        deployment = store.UpdateDeployment(deployment.Id, present => present with { State = DeploymentState.Deploying, Commit = release.Commit });
        await PreDeployAsync(server, app, release, deployment, log, cancellation).ConfigureAwait(false);
        var (names, others) = (AppContainers.NamesFor(app, deployment, release), AppContainers.ProcessesFor(app, deployment, release));
        try
        {
            await routes.ReconcileAsync(server, cancellation).ConfigureAwait(false);
            log.Write($"Starting {string.Join(", ", names)}.");
            await Task.WhenAll(names.Select(name => containers.StartAsync(server, app, release, deployment, name, null, cancellation))).ConfigureAwait(false);
            await Task.WhenAll(names.Select(name => barrier.PassAsync(server, name, release, log, cancellation))).ConfigureAwait(false);
            await containers.KeepUpAsync(server, names, cancellation).ConfigureAwait(false);
            await processes.RunAsync(server, app, release, deployment, others, log, cancellation).ConfigureAwait(false);
            await SwitchAsync(server, app, release, deployment, names, others, log, cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await GiveUpAsync(server, app, [.. names, .. others.Select(container => container.Name)], e, log).ConfigureAwait(false);
            throw;
        }

        await PostDeployAsync(server, release, names[0], log).ConfigureAwait(false);
    }

    private async Task<Release> ReleaseAsync(App app, Deployment deployment, DeploymentLog log, CancellationToken cancellation)
    {
        if (deployment.Kind == DeploymentKind.Rollback)
        {
            var past = store.Releases.Find(deployment.ReleaseId) ?? throw new PlatformException(Refusal.NotFound, "the release is gone");
            log.Write($"Going back to release {past.Number}{(past.CommitMessage is { } message ? $" ({message})" : "")}.");
            return past;
        }

        if (deployment.Kind == DeploymentKind.Redeploy && store.Releases.Find(app.ReleaseId) is { } serving)
        {
            return await builds.AgainAsync(app, serving, cancellation).ConfigureAwait(false);
        }

        store.UpdateDeployment(deployment.Id, present => present with { State = DeploymentState.Building });
        return await builds.RunAsync(app, deployment, log, cancellation).ConfigureAwait(false);
    }

    private async Task<bool> ServesAlreadyAsync(App app, Server server, Release release, Deployment deployment, CancellationToken cancellation)
    {
        if (deployment.Force || deployment.Kind != DeploymentKind.Deploy || app.Stopped || app.Target.Length == 0 || store.Releases.Find(app.ReleaseId) is not { } serving
            || serving.ImageId != release.ImageId || serving.Port != release.Port || !SameSettings(serving, release))
        {
            return false;
        }

        var running = await containers.ListAsync(server, Labels.App, app.Id, cancellation).ConfigureAwait(false);
        return app.AllContainers.All(name => running.Any(container => container.Names.Contains("/" + name) && container.State == "running"));
    }

    private static bool SameSettings(Release one, Release other) =>
        Text(one) == Text(other) && one.Variables.OrderBy(variable => variable.Key, StringComparer.Ordinal).SequenceEqual(other.Variables.OrderBy(variable => variable.Key, StringComparer.Ordinal));

    private static string Text(Release release) => System.Text.Json.JsonSerializer.Serialize(release.Run, Api.ApiJson.Default.RunSettings);

    // In a container of the new image: what migrations need. The release before serves meanwhile.
    private async Task PreDeployAsync(Server server, App app, Release release, Deployment deployment, DeploymentLog log, CancellationToken cancellation)
    {
        if (release.Run.PreDeploy.Count == 0)
        {
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{app.Name}-{deployment.Number}-pre");
        log.Write($"Running {string.Join(' ', release.Run.PreDeploy)} before the deployment.");
        try
        {
            await containers.StartAsync(server, app, release, deployment, name, new AsideCommand("release", release.Run.PreDeploy), cancellation).ConfigureAwait(false);
            var end = await engines.Of(server).WaitContainerAsync(name, cancellation: cancellation).ConfigureAwait(false);
            await containers.ShowLogAsync(server, name, log).ConfigureAwait(false);
            if (end.StatusCode != 0)
            {
                throw new PlatformException(Refusal.Invalid, string.Create(CultureInfo.InvariantCulture, $"the command before the deployment ended with exit code {end.StatusCode}"));
            }
        }
        finally
        {
            await containers.RemoveAsync(server, [name], CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task SwitchAsync(Server server, App app, Release release, Deployment deployment, IReadOnlyList<string> names, IReadOnlyList<ProcessContainer> others, DeploymentLog log, CancellationToken cancellation)
    {
        // Settings may have changed while this ran, and another container may serve now: what is switched is the application as it is.
        var present = store.Apps.Find(app.Id) ?? throw new PlatformException(Refusal.NotFound, "the application was removed");
        var old = present.AllContainers;
        var before = store.Releases.Find(present.ReleaseId);
        var leaving = before is null || present.Stopped ? [] : await containers.AddressesAsync(server, present, present.Containers, before.Port, cancellation).ConfigureAwait(false);
        App Become(App current) => current with
        {
            ReleaseId = release.Id, Containers = names, Processes = others, Target = AppContainers.TargetOf(deployment, release), Stopped = false, LastRelease = Math.Max(current.LastRelease, NumberOf(current, release)),
            Pinned = deployment.Kind == DeploymentKind.Rollback || (deployment.Kind == DeploymentKind.Redeploy && current.Pinned),
        };
        await routes.SwitchAsync(server, Become(present), () => Commit(app.Id, release, deployment, Become), cancellation).ConfigureAwait(false);
        log.Write($"{app.Name} serves at {string.Join(", ", routes.UrlsOf(present))}.");

        // From here on nothing is given up any more.
        if (old.Count > 0)
        {
            var left = await routes.DrainAsync(server, leaving, TimeSpan.FromSeconds(before?.Run.DrainSeconds ?? 1), CancellationToken.None).ConfigureAwait(false);
            log.Write(left > 0 ? $"Stopping {string.Join(", ", old)}; {left} requests still run there." : $"Stopping {string.Join(", ", old)}.");
            await containers.StopAsync(server, old, before?.Run.StopGraceSeconds ?? 10, CancellationToken.None).ConfigureAwait(false);
            await containers.RemoveAsync(server, old, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static int NumberOf(App app, Release release) => release.Number > 0 ? release.Number : app.LastRelease + 1;

    private void Commit(string appId, Release release, Deployment deployment, Func<App, App> become) => store.Change(() =>
    {
        var app = store.Apps.Find(appId) ?? throw new PlatformException(Refusal.NotFound, "the application was removed");
        var numbered = release with { Number = NumberOf(app, release) };
        return
        [
            store.Releases.Put(release.Id, numbered), store.Apps.Put(appId, become(app)),
            store.Deployments.Put(deployment.Id, store.Deployments.Find(deployment.Id)! with { ReleaseId = release.Id }),
        ];
    });

    private async Task PostDeployAsync(Server server, Release release, string container, DeploymentLog log)
    {
        if (release.Run.PostDeploy.Count == 0)
        {
            return;
        }

        log.Write($"Running {string.Join(' ', release.Run.PostDeploy)} after the deployment.");
        try
        {
            var (code, output) = await ContainerCommand.RunAsync(engines.Of(server), container, release.Run.PostDeploy, CancellationToken.None).ConfigureAwait(false);
            log.Write(output);
            log.Write(code == 0 ? "It succeeded." : string.Create(CultureInfo.InvariantCulture, $"Warning: it ended with exit code {code}. The release serves all the same."));
        }
        catch (Exception e) when (e is EngineApiException or IOException)
        {
            log.Write($"Warning: it could not be run: {e.Message}");
        }
    }

    private async Task GiveUpAsync(Server server, App app, IReadOnlyList<string> names, Exception reason, DeploymentLog log)
    {
        if (store.Apps.Find(app.Id) is { } present && present.AllContainers.SequenceEqual(names))
        {
            return;
        }

        try
        {
            if (reason is PlatformException)
            {
                log.Write($"The new release is not taken: {reason.Message}");
                await containers.ShowLogAsync(server, names[0], log).ConfigureAwait(false);
            }

            await containers.RemoveAsync(server, names, CancellationToken.None).ConfigureAwait(false);
            log.Write(app.ReleaseId is null ? "The new containers are removed." : "The new containers are removed; the release before serves on.");
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException or IOException)
        {
            log.Write($"The new containers could not be removed now: {e.Message}");
        }
    }
}
