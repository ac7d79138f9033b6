using Slipway.Client;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Store;

namespace Slipway.Platform.Deploys;

/// <summary>Brings to an end what a process that was killed left in the middle: forward if the routes had been switched, else back.</summary>
public sealed class Recovery(PlatformStore store, AppContainers containers, Routes routes, TimeProvider time, ILogger<Recovery> log)
{
    internal async Task FinishAsync(Deployment deployment, DeploymentLog text, CancellationToken cancellation)
    {
        var app = store.Apps.Find(deployment.AppId);
        var server = store.Servers.Find(app?.ServerId);
        var serves = app is not null && deployment.ReleaseId is not null && app.ReleaseId == deployment.ReleaseId && deployment.Kind != DeploymentKind.Rollback
            || (app is not null && app.Containers.Any(name => name.StartsWith($"{app.Name}-{deployment.Number}-", StringComparison.Ordinal)));
        text.Write(serves ? "The platform was interrupted after the switch; the rest is done now." : "The platform was interrupted; this deployment is given up.");
        if (app is not null && server is not null)
        {
            await RemoveOthersAsync(server, app, text, cancellation).ConfigureAwait(false);
        }

        text.Write(serves ? "Done." : "Failed: the platform was interrupted");
        store.UpdateDeployment(deployment.Id, present => present with
        {
            State = serves ? DeploymentState.Succeeded : DeploymentState.Failed,
            Error = serves ? null : "interrupted: the platform was ended in the middle",
            Finished = time.GetUtcNow(),
        });
    }

    // First the routes as the store says, then those containers that no route names any more.
    private async Task RemoveOthersAsync(Server server, App app, DeploymentLog text, CancellationToken cancellation)
    {
        try
        {
            await routes.ReconcileAsync(server, cancellation).ConfigureAwait(false);
            var present = await containers.ListAsync(server, Labels.App, app.Id, cancellation).ConfigureAwait(false);
            var others = present.Select(container => container.Names[0].TrimStart('/')).Except(app.AllContainers, StringComparer.Ordinal).ToList();
            if (others.Count > 0)
            {
                text.Write($"Removing {string.Join(", ", others)}.");
                await containers.StopAsync(server, others, app.Run.StopGraceSeconds, cancellation).ConfigureAwait(false);
                await containers.RemoveAsync(server, others, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is PlatformException or EngineApiException or EngineUnreachableException or IOException)
        {
            text.Write($"Containers may be left: {e.Message}");
            log.LogWarning("what deployment left of {App} could not be removed: {Reason}", app.Name, e.Message);
        }
    }
}
