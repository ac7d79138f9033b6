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
    PlatformStore store, EnginePool engines, ReleaseBuild builds, AppContainers containers, HealthBarrier barrier, Routes routes, Variables variables, ProcessStart processes, ServiceRollout rollout, ServiceContainers services)
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
        var turn = release.Services.Count > 0 ? await rollout.PlanAsync(server, store.Apps.Find(app.Id) ?? app, release, deployment, cancellation).ConfigureAwait(false) : Turn.Of(app, release, deployment);
        try
        {
            await routes.ReconcileAsync(server, cancellation).ConfigureAwait(false);
            await BringUpAsync(server, app, release, deployment, turn, log, cancellation).ConfigureAwait(false);
            await SwitchAsync(server, app, release, deployment, turn, log, cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await GiveUpAsync(server, app, turn, e, log).ConfigureAwait(false);
            throw;
        }

        await PostDeployAsync(server, release, turn.Serving.FirstOrDefault(), log).ConfigureAwait(false);
    }

    private async Task BringUpAsync(Server server, App app, Release release, Deployment deployment, Turn turn, DeploymentLog log, CancellationToken cancellation)
    {
        if (release.Services.Count > 0)
        {
            log.Write(turn.New.Count > 0 ? $"Starting {string.Join(", ", turn.New)}." : "No container has to be made anew.");
            await rollout.BringUpAsync(server, app, release, deployment, turn, log, cancellation).ConfigureAwait(false);
            return;
        }

        log.Write($"Starting {string.Join(", ", turn.Serving)}.");
        await Task.WhenAll(turn.Serving.Select(name => containers.StartAsync(server, app, release, deployment, name, null, cancellation))).ConfigureAwait(false);
        await Task.WhenAll(turn.Serving.Select(name => barrier.PassAsync(server, name, release, log, cancellation))).ConfigureAwait(false);
        await containers.KeepUpAsync(server, turn.Serving, cancellation).ConfigureAwait(false);
        await processes.RunAsync(server, app, release, deployment, turn.Processes, log, cancellation).ConfigureAwait(false);
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
            return await builds.AgainAsync(app, serving, deployment, log, cancellation).ConfigureAwait(false);
        }

        store.UpdateDeployment(deployment.Id, present => present with { State = DeploymentState.Building });
        return await builds.RunAsync(app, deployment, log, cancellation).ConfigureAwait(false);
    }

    private async Task<bool> ServesAlreadyAsync(App app, Server server, Release release, Deployment deployment, CancellationToken cancellation)
    {
        if (deployment.Force || deployment.Kind != DeploymentKind.Deploy || app.Stopped || (app.Target.Length == 0 && app.Services.Count == 0) || store.Releases.Find(app.ReleaseId) is not { } serving
            || serving.ImageId != release.ImageId || serving.Port != release.Port || !SameSettings(serving, release) || !ServiceRollout.IsSame(app, serving, release))
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
            await StartAsideAsync(server, app, release, deployment, name, new AsideCommand("release", release.Run.PreDeploy), cancellation).ConfigureAwait(false);
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

    // Of several services the main one, else the first.
    private async Task StartAsideAsync(Server server, App app, Release release, Deployment deployment, string name, AsideCommand command, CancellationToken cancellation)
    {
        if ((release.Services.FirstOrDefault(service => service.Main) ?? release.Services.FirstOrDefault()) is not { } service)
        {
            await containers.StartAsync(server, app, release, deployment, name, command, cancellation).ConfigureAwait(false);
            return;
        }

        await services.CreateAsync(server, app, deployment, service, name, null, command.Words, cancellation).ConfigureAwait(false);
        await engines.Of(server).StartContainerAsync(name, cancellation: cancellation).ConfigureAwait(false);
    }

    private async Task SwitchAsync(Server server, App app, Release release, Deployment deployment, Turn turn, DeploymentLog log, CancellationToken cancellation)
    {
        // Settings may have changed while this ran, and another container may serve now: what is switched is the application as it is.
        var present = store.Apps.Find(app.Id) ?? throw new PlatformException(Refusal.NotFound, "the application was removed");
        var old = present.AllContainers.Except(turn.Serving, StringComparer.Ordinal).ToList();
        var before = store.Releases.Find(present.ReleaseId);
        List<string> leaving = [];
        foreach (var port in before is null || present.Stopped ? [] : before.Services.SelectMany(service => service.Ports).Append(before.Port).Where(port => port > 0).Distinct())
        {
            leaving.AddRange(await containers.AddressesAsync(server, present, [.. present.Containers.Intersect(old)], port, cancellation).ConfigureAwait(false));
        }

        App Become(App current) => current with
        {
            ReleaseId = release.Id, Containers = turn.Serving, Processes = turn.Processes, Services = [.. turn.Services.Where(service => !service.Service.Job).Select(service => service.After)], Target = turn.Target, Stopped = false, LastRelease = Math.Max(current.LastRelease, NumberOf(current, release)),
            Pinned = deployment.Kind == DeploymentKind.Rollback || (deployment.Kind == DeploymentKind.Redeploy && current.Pinned),
        };
        await routes.SwitchAsync(server, Become(present), () => { Commit(app.Id, release, deployment, Become); turn.Switched = true; }, cancellation).ConfigureAwait(false);
        log.Write(routes.UrlsOf(store.Apps.Find(app.Id) ?? present) is { Count: > 0 } urls ? $"{app.Name} serves at {string.Join(", ", urls)}." : $"{app.Name} runs.");

        // From here on nothing is given up any more.
        if (old.Count > 0)
        {
            var left = await routes.DrainAsync(server, leaving, TimeSpan.FromSeconds(before?.Run.DrainSeconds ?? 1), CancellationToken.None).ConfigureAwait(false);
            log.Write(left > 0 ? $"Stopping {string.Join(", ", old)}; {left} requests still run there." : $"Stopping {string.Join(", ", old)}.");
            await containers.StopAsync(server, old, before is null || before.Services.Count > 0 ? null : before.Run.StopGraceSeconds, CancellationToken.None).ConfigureAwait(false);
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

    private async Task PostDeployAsync(Server server, Release release, string? container, DeploymentLog log)
    {
        if (release.Run.PostDeploy.Count == 0 || container is null)
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

    private async Task GiveUpAsync(Server server, App app, Turn turn, Exception reason, DeploymentLog log)
    {
        if (turn.Switched)
        {
            return;
        }

        try
        {
            if (reason is PlatformException)
            {
                log.Write($"The new release is not taken: {reason.Message}");
                await containers.ShowLogAsync(server, turn.Failed ?? turn.New.FirstOrDefault() ?? "", log).ConfigureAwait(false);
            }

            await containers.RemoveAsync(server, turn.New, CancellationToken.None).ConfigureAwait(false);
            foreach (var name in turn.Suspended)
            {
                log.Write($"Starting {name} again.");
                await engines.Of(server).StartContainerAsync(name, cancellation: CancellationToken.None).ConfigureAwait(false);
            }

            log.Write(app.ReleaseId is null ? "The new containers are removed." : "The new containers are removed; the release before serves on.");
        }
        catch (Exception e) when (e is EngineApiException or EngineUnreachableException or IOException)
        {
            log.Write($"The new containers could not be removed now: {e.Message}");
        }
    }
}
