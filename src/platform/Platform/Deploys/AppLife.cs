using Slipway.Platform.Access;
using Slipway.Platform.Apps;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;

namespace Slipway.Platform.Deploys;

/// <summary>How an application is, as the engine says.</summary>
/// <param name="State"><c>none</c>, <c>running</c>, <c>degraded</c>, <c>exited</c>, <c>stopped</c> or <c>unreachable</c>.</param>
/// <param name="Containers">Each container with its state.</param>
public sealed record AppState(string State, IReadOnlyList<ContainerStatus> Containers);

/// <summary>A container of an application.</summary>
/// <param name="Name">Name.</param>
/// <param name="State">The engine's word.</param>
/// <param name="Status">The engine's sentence.</param>
public sealed record ContainerStatus(string Name, string State, string Status);

/// <summary>Stops, starts and removes applications, and says how they are.</summary>
public sealed class AppLife(
    PlatformStore store, AppRoom apps, DeployQueue queue, AppContainers containers, ServiceContainers services, Routes routes, Cleanup cleanup, EnginePool engines, AppRepositories repositories, DeploymentLogs logs, AuditLog audit)
{
    /// <summary>How it is.</summary>
    public async Task<AppState> StateAsync(App app, CancellationToken cancellation)
    {
        if (app.ReleaseId is null || store.Servers.Find(app.ServerId) is not { } server)
        {
            return new AppState("none", []);
        }

        try
        {
            var present = await containers.ListAsync(server, Labels.App, app.Id, cancellation).ConfigureAwait(false);
            var list = app.AllContainers.Select(name => present.FirstOrDefault(container => container.Names.Contains("/" + name)) is { } found
                ? new ContainerStatus(name, found.State, found.Status) : new ContainerStatus(name, "missing", "")).ToList();
            var resting = app.Services.Where(service => !service.Wanted).SelectMany(service => service.Containers).ToHashSet(StringComparer.Ordinal);
            var up = list.Count(container => container.State == "running" || resting.Contains(container.Name));
            return new AppState(app.Stopped ? "stopped" : up == list.Count ? "running" : up > 0 ? "degraded" : "exited", list);
        }
        catch (Exception e) when (e is Client.EngineApiException or Client.EngineUnreachableException or IOException)
        {
            return new AppState("unreachable", []);
        }
    }

    /// <summary>Stops it: visitors are told so.</summary>
    public async Task StopAsync(Caller caller, string nameOrId, CancellationToken cancellation)
    {
        caller.Require(Abilities.Write);
        var (app, server) = Find(nameOrId);
        if (app.ReleaseId is null)
        {
            throw new PlatformException(Refusal.Conflict, "the application was not deployed yet");
        }

        await routes.SwitchAsync(server, app with { Stopped = true }, () => store.Update(app.Id, present => present with { Stopped = true }), cancellation).ConfigureAwait(false);
        await containers.StopAsync(server, app.AllContainers, app.Services.Count > 0 ? null : app.Run.StopGraceSeconds, cancellation).ConfigureAwait(false);
        audit.Note(caller, "app.stop", app.Name);
    }

    /// <summary>Stops one service until the next deployment, or until it is started.</summary>
    public Task StopServiceAsync(Caller caller, string nameOrId, string service, CancellationToken cancellation) => TurnServiceAsync(caller, nameOrId, service, true, cancellation);

    /// <summary>Starts the containers of a service that was stopped.</summary>
    public Task StartServiceAsync(Caller caller, string nameOrId, string service, CancellationToken cancellation) => TurnServiceAsync(caller, nameOrId, service, false, cancellation);

    /// <summary>Starts it again, by deploying the release that served.</summary>
    public Deployment Start(Caller caller, string nameOrId)
    {
        var (app, _) = Find(nameOrId);
        return queue.Enqueue(caller, new DeployRequest(app, app.ReleaseId is null ? DeploymentKind.Deploy : DeploymentKind.Redeploy));
    }

    /// <summary>Removes it with its containers, images and source; its volumes only when that is asked for.</summary>
    public async Task RemoveAsync(Caller caller, string nameOrId, bool volumes, CancellationToken cancellation)
    {
        caller.Require(Abilities.Write);
        var (app, server) = Find(nameOrId);
        foreach (var deployment in store.Deployments.All.Where(deployment => deployment.AppId == app.Id && !deployment.Ended).ToList())
        {
            queue.Cancel(caller, deployment.Id);
            await queue.WaitAsync(deployment.Id, cancellation).ConfigureAwait(false);
        }

        app = store.Apps.Find(app.Id)!;
        if (app.ReleaseId is null)
        {
            // No proxy knows it, and perhaps the server never had one.
            Forget(app);
        }
        else
        {
            await routes.SwitchAsync(server, app with { ReleaseId = null }, () => Forget(app), cancellation).ConfigureAwait(false);
        }

        var present = await containers.ListAsync(server, Labels.App, app.Id, cancellation).ConfigureAwait(false);
        await containers.StopAsync(server, [.. present.Select(container => container.Id)], app.Services.Count > 0 ? null : app.Run.StopGraceSeconds, cancellation).ConfigureAwait(false);
        await containers.RemoveAsync(server, [.. present.Select(container => container.Id)], cancellation).ConfigureAwait(false);
        await cleanup.RemoveAllAsync(app, server, cancellation).ConfigureAwait(false);
        await services.RemoveAllAsync(server, app, volumes, cancellation).ConfigureAwait(false);
        if (volumes)
        {
            foreach (var volume in app.Run.Volumes)
            {
                await engines.Of(server).RemoveVolumeAsync(AppContainers.VolumeOf(app, volume), force: true, cancellation: cancellation).ConfigureAwait(false);
            }
        }

        repositories.Remove(app);
        audit.Note(caller, "app.remove", app.Name, volumes ? "with volumes" : "");
    }

    /// <summary>The release that a number names, or the one before the present one.</summary>
    /// <exception cref="PlatformException">There is none that can be rolled back to.</exception>
    public Release ReleaseFor(App app, int? number) =>
        apps.ReleasesOf(app).Where(release => !release.Removed && (number is null ? release.Id != app.ReleaseId && release.Number < (store.Releases.Find(app.ReleaseId)?.Number ?? 0) : release.Number == number)).FirstOrDefault()
            ?? throw new PlatformException(Refusal.NotFound, number is null ? "there is no release before this one" : $"there is no release {number} to go back to");

    private async Task TurnServiceAsync(Caller caller, string nameOrId, string name, bool stopped, CancellationToken cancellation)
    {
        caller.Require(Abilities.Write);
        var (app, server) = Find(nameOrId);
        var service = app.Service(name);
        if (queue.IsBusy(app.Id))
        {
            throw new PlatformException(Refusal.Conflict, "a deployment of the application is under way");
        }

        App Become(App present) => present with { Services = [.. present.Services.Select(other => other.Name == name ? other with { Stopped = stopped } : other)] };
        await Task.WhenAll((stopped ? [] : service.Containers).Select(container => engines.Of(server).StartContainerAsync(container, cancellation: cancellation))).ConfigureAwait(false);
        await routes.SwitchAsync(server, Become(app), () => store.Update(app.Id, Become), cancellation).ConfigureAwait(false);
        if (stopped)
        {
            await containers.StopAsync(server, service.Containers, null, cancellation).ConfigureAwait(false);
        }

        audit.Note(caller, stopped ? "app.stop" : "app.start", app.Name, name);
    }

    private (App App, Server Server) Find(string nameOrId)
    {
        var app = apps.Get(nameOrId);
        return (app, store.Servers.Find(app.ServerId) ?? throw new PlatformException(Refusal.NotFound, "the application's server is gone"));
    }

    private void Forget(App app) => store.Change(() =>
    {
        var deployments = store.Deployments.All.Where(deployment => deployment.AppId == app.Id).ToList();
        deployments.ForEach(deployment => logs.Remove(deployment.Id));
        return
        [
            store.Apps.Delete(app.Id), .. deployments.Select(deployment => store.Deployments.Delete(deployment.Id)),
            .. store.Releases.All.Where(release => release.AppId == app.Id).Select(release => store.Releases.Delete(release.Id)),
        ];
    });
}
