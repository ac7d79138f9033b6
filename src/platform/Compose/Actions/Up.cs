using System.Collections.Concurrent;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Compose.Actions;

/// <summary>How <c>up</c> and <c>create</c> go about it.</summary>
public sealed record UpOptions
{
    /// <summary>Services that are wanted; none means all that are enabled.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Whether what they need is left alone.</summary>
    public bool NoDependencies { get; init; }

    /// <summary>What happens to containers that differ.</summary>
    public Recreation Recreation { get; init; }

    /// <summary>What happens to those of dependencies.</summary>
    public Recreation DependencyRecreation { get; init; }

    /// <summary>Whether anonymous volumes are made anew.</summary>
    public bool RenewVolumes { get; init; }

    /// <summary>Whether containers of services that are gone from the files are removed.</summary>
    public bool RemoveOrphans { get; init; }

    /// <summary>Whether orphans are not even mentioned.</summary>
    public bool IgnoreOrphans { get; init; }

    /// <summary>Numbers of containers that differ from the files.</summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>();

    /// <summary>Seconds until SIGKILL; null for each service's own.</summary>
    public int? Timeout { get; init; }

    /// <summary>Pull policy for all; empty for each service's own.</summary>
    public string Pull { get; init; } = "";

    /// <summary>True builds all that can be built, false nothing, null what is missing.</summary>
    public bool? Build { get; init; }

    /// <summary>Whether containers are started.</summary>
    public bool Start { get; init; } = true;
}

/// <summary>Brings what runs in line with the model.</summary>
/// <param name="work">The engine.</param>
/// <param name="project">The project.</param>
/// <param name="options">How.</param>
/// <param name="sources">Where images come from.</param>
public sealed class Up(Work work, Project project, UpOptions options, ImageSources sources)
{
    private readonly ContainerSteps _steps = new(work, project, options.Timeout);
    private readonly ConcurrentDictionary<string, IReadOnlyList<ObservedContainer>> _containers = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, ImageFacts> _images = new Dictionary<string, ImageFacts>();
    private IReadOnlyDictionary<string, string> _networks = new Dictionary<string, string>();
    private HashSet<string> _wanted = [];

    /// <summary>Makes, replaces, starts and removes containers until they are what the files say.</summary>
    /// <returns>The services that were looked after, dependencies first.</returns>
    public async Task<IReadOnlyList<Service>> RunAsync(CancellationToken cancellation)
    {
        _wanted = options.Services.Count > 0 ? [.. options.Services] : [.. project.Enabled];
        foreach (string name in _wanted)
        {
            _ = project.Service(name);
        }

        IReadOnlyList<Service> services = DependencyOrder.With(project, _wanted, !options.NoDependencies);
        CheckDependencies(services);
        foreach (Service service in services)
        {
            Unserved.Check(service);
        }

        foreach (string text in options.IgnoreOrphans ? [] : services.SelectMany(Unserved.WithoutEffect))
        {
            work.Report(new Progress("", "", text, ProgressState.Warning));
        }

        Task<IReadOnlyDictionary<string, ImageFacts>> images = Images.EnsureAsync(work, project, services, sources, options.Pull, options.Build, cancellation);
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        _images = await images.ConfigureAwait(false);
        _networks = await EnsureResources.RunAsync(work, project, services, cancellation).ConfigureAwait(false);
        await OrphansAsync(observed, cancellation).ConfigureAwait(false);
        foreach (Service other in project.Services.Values)
        {
            _containers[other.Name] = observed.Of(other.Name);
        }

        await ServiceGraph.ForwardAsync(services, service => ServiceAsync(service, cancellation)).ConfigureAwait(false);
        return services;
    }

    /// <summary>Waits until all containers of services run and are healthy.</summary>
    public async Task WaitAsync(IReadOnlyList<Service> services, CancellationToken cancellation) => await Task.WhenAll(
        services.SelectMany(s => _containers[s.Name]).Select(c => Conditions.HealthyAsync(work, c.Id, c.Name, needsTest: false, cancellation))).ConfigureAwait(false);

    /// <summary>Waits until what a service needs is as it wants it.</summary>
    public Task FulfilAsync(Service service, CancellationToken cancellation) => DependenciesAsync(service, cancellation);

    /// <summary>A service's containers as they are after the run.</summary>
    public IReadOnlyList<ObservedContainer> ContainersOf(string service) => _containers.GetValueOrDefault(service, []);

    private void CheckDependencies(IReadOnlyList<Service> services)
    {
        foreach (Service service in options.NoDependencies ? [] : services)
        {
            foreach (Dependency dependency in service.DependsOn.Where(d => d.Required && !project.Services.ContainsKey(d.Service)))
            {
                throw new ComposeException(service.At, service.Path, $"depends on undefined service {dependency.Service}");
            }
        }
    }

    private async Task OrphansAsync(Observed observed, CancellationToken cancellation)
    {
        List<ObservedContainer> orphans = [.. observed.Containers.Where(c => !c.OneOff && !project.Services.ContainsKey(c.Service))];
        if (options.RemoveOrphans)
        {
            await Task.WhenAll(orphans.Select(o => _steps.RemoveAsync(o, volumes: false, cancellation))).ConfigureAwait(false);
        }
        else if (orphans.Count > 0 && !options.IgnoreOrphans)
        {
            work.Report(new Progress("", "", $"Found orphan containers ([{string.Join(' ', orphans.Select(o => o.Name))}]) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.", ProgressState.Warning));
        }
    }

    private async Task ServiceAsync(Service service, CancellationToken cancellation)
    {
        string hash = ConfigHash.Of(service);
        bool wanted = _wanted.Contains(service.Name);
        Dictionary<string, string> networks = service.NetworkKeys.Select(k => project.Networks[k].Name).ToDictionary(n => n, n => _networks.GetValueOrDefault(n, ""), StringComparer.Ordinal);
        Target target = new(service, hash, _images[service.Name].Id, options.Scale.GetValueOrDefault(service.Name, service.Scale), networks, wanted ? options.Recreation : options.DependencyRecreation);
        IReadOnlyList<Step> steps = ServicePlan.Make(project, target, _containers[service.Name]);
        foreach (Step step in steps.Where(s => s.Kind == StepKind.Remove))
        {
            await _steps.RemoveAsync(step.Container!, volumes: false, cancellation).ConfigureAwait(false);
        }

        HashSet<ObservedContainer?> renamed = [.. steps.Where(s => s.Kind == StepKind.Rename).Select(s => s.Container)];
        List<ObservedContainer> done = [];
        foreach (Step[] lot in Lots(service, [.. steps.Where(s => s.Kind is not (StepKind.Remove or StepKind.Rename))]))
        {
            if (done.Count > 0 && service.Update != UpdatePolicy.AtOnce)
            {
                await SettleAsync(service, done, cancellation).ConfigureAwait(false);
            }

            done.AddRange(await LotAsync(service, hash, lot, renamed, cancellation).ConfigureAwait(false));
            _containers[service.Name] = done;
        }
    }

    // Containers that are made anew are replaced a few at a time where the files say so.
    private IEnumerable<Step[]> Lots(Service service, Step[] steps)
    {
        int size = service.Update.Parallelism;
        Step[] replaced = [.. steps.Where(s => s.Kind == StepKind.Recreate)];
        if (!options.Start || size == 0 || replaced.Length <= size)
        {
            return [steps];
        }

        return [[.. steps.Where(s => s.Kind != StepKind.Recreate), .. replaced.Take(size)], .. replaced.Skip(size).Chunk(size)];
    }

    private async Task SettleAsync(Service service, IReadOnlyList<ObservedContainer> done, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(done.Where(_ => !work.DryRun).Select(c => Conditions.HealthyAsync(work, c.Id, c.Name, needsTest: false, cancellation))).ConfigureAwait(false);
        }
        catch (ComposeException e) when (service.Update.GoOn)
        {
            work.Report(new Progress("", "", e.Message, ProgressState.Warning));
        }

        await Task.Delay(work.DryRun ? TimeSpan.Zero : service.Update.Delay, work.Time, cancellation).ConfigureAwait(false);
    }

    private async Task<IEnumerable<ObservedContainer>> LotAsync(Service service, string hash, Step[] lot, HashSet<ObservedContainer?> renamed, CancellationToken cancellation)
    {
        if (options.Start && service.Update.StartFirst && lot.Any(s => s.Kind == StepKind.Recreate))
        {
            await DependenciesAsync(service, cancellation).ConfigureAwait(false);
        }

        Made[] made = await Task.WhenAll(lot.Select(s => MakeAsync(service, hash, s, renamed.Contains(s.Container), cancellation))).ConfigureAwait(false);
        if (options.Start && made.Any(m => m.Starts))
        {
            await DependenciesAsync(service, cancellation).ConfigureAwait(false);
            await Task.WhenAll(made.Where(m => m.Starts).Select(m => m.Container.Summary.State == "paused" ? UnpauseAsync(m, cancellation)
                : _steps.StartAsync(service, m.Container.Id, m.Container.Name, m.IsNew, cancellation))).ConfigureAwait(false);
        }

        return made.Select(m => m.Container);
    }

    private Task UnpauseAsync(Made made, CancellationToken cancellation) =>
        work.DoAsync("Container", made.Container.Name, "Unpausing", "Unpaused", () => work.Engine.UnpauseContainerAsync(made.Container.Id, cancellation));

    private async Task DependenciesAsync(Service service, CancellationToken cancellation)
    {
        if (work.DryRun || options.NoDependencies)
        {
            return;
        }

        foreach (Dependency dependency in service.DependsOn.Where(d => _containers.GetValueOrDefault(d.Service, []).Count > 0))
        {
            try
            {
                await Conditions.WaitAsync(work, dependency, _containers[dependency.Service], cancellation).ConfigureAwait(false);
            }
            catch (ComposeException e) when (!dependency.Required)
            {
                work.Report(new Progress("", "", $"optional dependency \"{dependency.Service}\": {e.Message}", ProgressState.Warning));
            }
            catch (ComposeException e)
            {
                throw new ComposeException($"dependency failed to start: {e.Message}");
            }
        }
    }

    private sealed record Made(ObservedContainer Container, bool Starts, bool IsNew);

    private async Task<Made> MakeAsync(Service service, string hash, Step step, bool rename, CancellationToken cancellation)
    {
        if (step.Kind is StepKind.Keep or StepKind.Start)
        {
            if (rename)
            {
                await _steps.RenameAsync(step.Container!, step.Name, cancellation).ConfigureAwait(false);
            }

            if (step.Kind == StepKind.Keep)
            {
                work.Report(new Progress("Container", step.Name, step.Container!.Running ? "Running" : "Created", ProgressState.Done));
            }

            return new Made(Named(step.Container!, step.Name), step.Kind == StepKind.Start, step.Container!.Summary.State == "created");
        }

        NewContainer container = new(project, service, step.Name, step.Number, hash, _images[service.Name])
        {
            ContainerOf = name => _containers.GetValueOrDefault(name, []) is [var first, ..] ? first.Id : null,
            Inherited = options.RenewVolumes || step.Container is null ? new Dictionary<string, string>() : Anonymous(step.Container),
        };
        bool startFirst = options.Start && step.Container is { Running: true } && service.Update.StartFirst;
        string id = step.Kind == StepKind.Create ? await _steps.CreateAsync(container, cancellation).ConfigureAwait(false)
            : await _steps.RecreateAsync(container, step.Container!, startFirst, cancellation).ConfigureAwait(false);
        return new Made(new ObservedContainer(new DockerApi.ContainerSummary { Id = id, Names = ["/" + step.Name], State = "created" }), !startFirst, true);
    }

    private static ObservedContainer Named(ObservedContainer container, string name) => new(container.Summary with { Names = ["/" + name] });

    /// <summary>Volumes without a name of their own: the engine gave them 64 hex digits.</summary>
    private static Dictionary<string, string> Anonymous(ObservedContainer container) => container.Summary.Mounts
        .Where(m => m is { Type: "volume", Name.Length: 64 } && m.Name.All(char.IsAsciiHexDigit))
        .ToDictionary(m => m.Destination, m => m.Name!, StringComparer.Ordinal);
}
