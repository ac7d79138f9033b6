using System.Globalization;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Compose.Actions;

/// <summary>Waits until containers are as somebody needs them.</summary>
internal static class Conditions
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for a dependency.</summary>
    /// <exception cref="ComposeException">It cannot be fulfilled any more.</exception>
    public static async Task WaitAsync(Work work, Dependency dependency, IReadOnlyList<ObservedContainer> containers, CancellationToken cancellation)
    {
        if (dependency.Condition == "service_started")
        {
            return;
        }

        foreach (ObservedContainer container in containers)
        {
            if (dependency.Condition == "service_healthy")
            {
                await HealthyAsync(work, container.Id, container.Name, needsTest: true, cancellation).ConfigureAwait(false);
            }
            else
            {
                await CompletedAsync(work, dependency, container, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits until a container is healthy, or runs when it has no test.</summary>
    public static async Task HealthyAsync(Work work, string id, string name, bool needsTest, CancellationToken cancellation)
    {
        work.Report(new Progress("Container", name, "Waiting", ProgressState.Working));
        while (true)
        {
            ContainerInspect now = await work.Engine.InspectContainerAsync(id, cancellation: cancellation).ConfigureAwait(false);
            string health = now.State.Health?.Status is { } status and not "none" ? status : "";
            if (!now.State.Running || health == "unhealthy" || (needsTest && health.Length == 0))
            {
                work.Report(new Progress("Container", name, "Error", ProgressState.Failed));
                throw new ComposeException(!now.State.Running ? string.Create(CultureInfo.InvariantCulture, $"container {name} exited ({now.State.ExitCode})")
                    : health.Length == 0 ? $"container {name} has no healthcheck configured" : $"container {name} is unhealthy");
            }

            if (health is "healthy" or "")
            {
                work.Report(new Progress("Container", name, "Healthy", ProgressState.Done));
                return;
            }

            await Task.Delay(s_pause, work.Time, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task CompletedAsync(Work work, Dependency dependency, ObservedContainer container, CancellationToken cancellation)
    {
        work.Report(new Progress("Container", container.Name, "Waiting", ProgressState.Working));
        ContainerWaitResponse ended = await work.Engine.WaitContainerAsync(container.Id, cancellation: cancellation).ConfigureAwait(false);
        if (ended.StatusCode != 0)
        {
            work.Report(new Progress("Container", container.Name, "Error", ProgressState.Failed));
            throw new ComposeException(string.Create(CultureInfo.InvariantCulture, $"service \"{dependency.Service}\" didn't complete successfully: exit {ended.StatusCode}"));
        }

        work.Report(new Progress("Container", container.Name, "Exited", ProgressState.Done));
    }
}
