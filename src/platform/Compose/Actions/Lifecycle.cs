using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Compose.Actions;

/// <summary>Does something to containers that exist: stop, start, restart, kill, remove, pause.</summary>
/// <param name="work">The engine.</param>
/// <param name="project">The project.</param>
/// <param name="timeout">Seconds until SIGKILL; null for each service's own.</param>
public sealed class Lifecycle(Work work, Project project, int? timeout)
{
    private readonly ContainerSteps _steps = new(work, project, timeout);

    /// <summary>Stops services, those first that need others.</summary>
    public async Task StopAsync(IReadOnlyList<string> services, CancellationToken cancellation)
    {
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        await ServiceGraph.BackwardAsync(Sorted(services), s => Task.WhenAll(observed.Of(s.Name).Select(c => _steps.StopAsync(c, cancellation)))).ConfigureAwait(false);
    }

    /// <summary>Starts containers of services, in the order of dependencies.</summary>
    public async Task StartAsync(IReadOnlyList<string> services, CancellationToken cancellation)
    {
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        IReadOnlyList<Service> sorted = Sorted(services);
        if (sorted.Count > 0 && sorted.All(s => observed.Of(s.Name).Count == 0))
        {
            throw new ComposeException(string.Join(", ", sorted.Select(s => $"service \"{s.Name}\" has no container to start")));
        }

        await ServiceGraph.ForwardAsync(sorted, async s =>
        {
            foreach (Dependency dependency in work.DryRun ? [] : s.DependsOn)
            {
                await Conditions.WaitAsync(work, dependency, observed.Of(dependency.Service), cancellation).ConfigureAwait(false);
            }

            await Task.WhenAll(observed.Of(s.Name).Where(c => !c.Running).Select(c => _steps.StartAsync(s, c.Id, c.Name, c.Summary.State == "created", cancellation))).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Restarts services and, if wanted, those that say they restart with them.</summary>
    public async Task RestartAsync(IReadOnlyList<string> services, bool dependents, CancellationToken cancellation)
    {
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        HashSet<string> wanted = [.. services];
        wanted.UnionWith(dependents ? project.Services.Values.Where(s => s.DependsOn.Any(d => d.Restart && wanted.Contains(d.Service))).Select(s => s.Name).ToList() : []);
        await ServiceGraph.ForwardAsync(Sorted([.. wanted]), s => Task.WhenAll(observed.Of(s.Name).Select(c => work.DoAsync(
            "Container", c.Name, "Restarting", "Started", () => work.Engine.RestartContainerAsync(c.Id, timeout ?? s.StopSeconds, cancellation: cancellation))))).ConfigureAwait(false);
    }

    /// <summary>Waits until all containers of services run and are healthy.</summary>
    public async Task WaitAsync(IReadOnlyList<string> services, CancellationToken cancellation)
    {
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        await Task.WhenAll(services.SelectMany(observed.Of).Select(c => Conditions.HealthyAsync(work, c.Id, c.Name, needsTest: false, cancellation))).ConfigureAwait(false);
    }

    /// <summary>Sends a signal to running containers.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> KillAsync(IReadOnlyList<string> services, string signal, bool orphans, CancellationToken cancellation) => EachAsync(
        services, orphans, c => c.Running, c => work.DoAsync("Container", c.Name, "Killing", "Killed", () => work.Engine.KillContainerAsync(c.Id, signal, cancellation)), cancellation);

    /// <summary>Pauses running containers.</summary>
    public Task PauseAsync(IReadOnlyList<string> services, CancellationToken cancellation) => EachAsync(
        services, false, c => c.Summary.State == "running", c => work.DoAsync("Container", c.Name, "Pausing", "Paused", () => work.Engine.PauseContainerAsync(c.Id, cancellation)), cancellation);

    /// <summary>Lets paused containers go on.</summary>
    public Task UnpauseAsync(IReadOnlyList<string> services, CancellationToken cancellation) => EachAsync(
        services, false, c => c.Summary.State == "paused", c => work.DoAsync("Container", c.Name, "Unpausing", "Unpaused", () => work.Engine.UnpauseContainerAsync(c.Id, cancellation)), cancellation);

    /// <summary>The containers that <c>rm</c> would remove: stopped ones, one-off ones included.</summary>
    public async Task<IReadOnlyList<ObservedContainer>> StoppedAsync(IReadOnlyList<string> services, CancellationToken cancellation) =>
        [.. (await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false)).Containers.Where(c => services.Contains(c.Service) && !c.Running)];

    /// <summary>Removes containers.</summary>
    public Task RemoveAsync(IReadOnlyList<ObservedContainer> containers, bool volumes, CancellationToken cancellation) =>
        Task.WhenAll(containers.Select(c => _steps.RemoveAsync(c, volumes, cancellation)));

    private async Task<int> EachAsync(IReadOnlyList<string> services, bool orphans, Func<ObservedContainer, bool> fits, Func<ObservedContainer, Task> action, CancellationToken cancellation)
    {
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        ObservedContainer[] chosen = [.. observed.Containers.Where(c => (services.Contains(c.Service) || (orphans && !project.Services.ContainsKey(c.Service))) && fits(c))];
        await Task.WhenAll(chosen.Select(action)).ConfigureAwait(false);
        return chosen.Length;
    }

    private IReadOnlyList<Service> Sorted(IReadOnlyList<string> services) => DependencyOrder.With(project, services, dependencies: false);
}
