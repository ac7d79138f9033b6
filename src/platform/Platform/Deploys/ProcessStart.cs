using System.Globalization;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;

namespace Slipway.Platform.Deploys;

/// <summary>
/// Starts the processes of a release that no route leads to, such as a Procfile's <c>worker</c>. A process that ends at once ends the deployment, so that
/// the old ones go on; later it is started again whenever it ends.
/// </summary>
public sealed class ProcessStart(EnginePool engines, AppContainers containers, TimeProvider time)
{
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(2);

    /// <summary>Starts them and looks whether they stay.</summary>
    /// <exception cref="PlatformException">One has ended; says which, and how it is switched off.</exception>
    internal async Task RunAsync(Server server, App app, Release release, Deployment deployment, IReadOnlyList<ProcessContainer> wanted, DeploymentLog log, CancellationToken cancellation)
    {
        foreach (var process in release.Processes.Keys.Except(wanted.Select(container => container.Process), StringComparer.Ordinal))
        {
            log.Write($"Process {process} is scaled to 0.");
        }

        if (wanted.Count == 0)
        {
            return;
        }

        log.Write($"Starting {string.Join(", ", wanted.Select(container => container.Name))}.");
        await Task.WhenAll(wanted.Select(container => containers.StartAsync(
            server, app, release, deployment, container.Name, new AsideCommand(container.Process, release.Processes[container.Process]), cancellation))).ConfigureAwait(false);
        await Task.Delay(s_settle, time, cancellation).ConfigureAwait(false);
        foreach (var container in wanted)
        {
            var state = (await engines.Of(server).InspectContainerAsync(container.Name, cancellation: cancellation).ConfigureAwait(false)).State;
            if (!state.Running)
            {
                await containers.ShowLogAsync(server, container.Name, log).ConfigureAwait(false);
                throw new PlatformException(Refusal.Unavailable, string.Create(CultureInfo.InvariantCulture,
                    $"process {container.Process} ended at once with exit code {state.ExitCode} (if it is not to run: slipway app scale {app.Name} {container.Process}=0)"));
            }
        }

        await containers.KeepUpAsync(server, [.. wanted.Select(container => container.Name)], cancellation).ConfigureAwait(false);
    }
}
