using Slipway.Client;
using Slipway.Platform.Deploys;
using Slipway.Platform.Proxy;
using Slipway.Platform.Store;

namespace Slipway.Platform;

/// <summary>At start: ends what was interrupted. Then, every few seconds: proxies that are gone or have lost their routes get them again, and containers
/// that were stopped beside the platform run again.</summary>
internal sealed class Upkeep(PlatformStore store, DeployQueue queue, Routes routes, AppContainers containers, TimeProvider time, ILogger<Upkeep> log) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await queue.CloseAsync().ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await queue.OpenAsync(stoppingToken).ConfigureAwait(false);
        var told = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var server in store.Servers.All.Where(server => !server.BuildServer))
            {
                var problem = await ReconcileAsync(server, stoppingToken).ConfigureAwait(false);
                if (problem is not null && told.GetValueOrDefault(server.Id) != problem)
                {
                    log.LogWarning("the proxy of server {Server} needs help: {Reason}", server.Name, problem);
                }

                told[server.Id] = problem ?? "";
            }

            await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string?> ReconcileAsync(Model.Server server, CancellationToken cancellation)
    {
        try
        {
            await routes.ReconcileAsync(server, cancellation).ConfigureAwait(false);
            var started = await containers.ReviveAsync(server, [.. store.Apps.All.Where(app => app.ServerId == server.Id && !queue.IsBusy(app.Id))], cancellation).ConfigureAwait(false);
            if (started.Count > 0)
            {
                log.LogInformation("started {Containers}, which somebody had stopped", string.Join(", ", started));
            }

            return null;
        }
        catch (Exception e)
        {
            // Whatever a server does, the others and the next look need this one to go on.
            if (e is not (PlatformException or EngineApiException or EngineUnreachableException or IOException or OperationCanceledException))
            {
                log.LogError(e, "server {Server} could not be looked after", server.Name);
            }

            return e.Message;
        }
    }
}
