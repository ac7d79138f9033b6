using Slipway.Client;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Compose.Actions;

/// <summary>What <c>down</c> takes away.</summary>
public sealed record DownOptions
{
    /// <summary>Services; none means all, and then networks go too.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Whether volumes go. Nothing else ever removes one.</summary>
    public bool Volumes { get; init; }

    /// <summary>Whether containers of services that are gone from the files go too.</summary>
    public bool RemoveOrphans { get; init; }

    /// <summary>Images that go: <c>all</c>, <c>local</c> (those without a name of their own), or empty for none.</summary>
    public string Images { get; init; } = "";

    /// <summary>Seconds until SIGKILL; null for each service's own.</summary>
    public int? Timeout { get; init; }
}

/// <summary>Takes a project away: containers, networks, and on request volumes and images.</summary>
/// <param name="work">The engine.</param>
/// <param name="project">The project, as far as it is known.</param>
/// <param name="options">What goes.</param>
public sealed class Down(Work work, Project project, DownOptions options)
{
    private readonly ContainerSteps _steps = new(work, project, options.Timeout);

    /// <summary>Runs it; what is gone already is no error.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        bool all = options.Services.Count == 0;
        IReadOnlyList<Service> services = DependencyOrder.With(project, all ? project.Services.Keys : options.Services, dependencies: false);
        await ServiceGraph.BackwardAsync(services, service => Task.WhenAll(observed.Containers.Where(c => c.Service == service.Name)
            .Select(c => _steps.RemoveAsync(c, options.Volumes, cancellation)))).ConfigureAwait(false);
        List<ObservedContainer> orphans = [.. observed.Containers.Where(c => !project.Services.ContainsKey(c.Service))];
        if (all && options.RemoveOrphans)
        {
            await Task.WhenAll(orphans.Select(o => _steps.RemoveAsync(o, options.Volumes, cancellation))).ConfigureAwait(false);
        }

        if (all)
        {
            await NetworksAsync(cancellation).ConfigureAwait(false);
        }

        if (all && options.Volumes)
        {
            await VolumesAsync(cancellation).ConfigureAwait(false);
        }

        if (options.Images.Length > 0)
        {
            await Task.WhenAll(services.Where(s => options.Images == "all" || s.Image is null).Select(s => Images.Name(project, s)).Distinct().Select(name => ImageAsync(name, cancellation))).ConfigureAwait(false);
        }
    }

    private async Task NetworksAsync(CancellationToken cancellation)
    {
        IReadOnlyList<Network> networks = await work.Engine.ListNetworksAsync(Filters.None.With("label", $"{Labels.Project}={project.Name}"), cancellation).ConfigureAwait(false);
        await Task.WhenAll(networks.Where(n => project.Networks.GetValueOrDefault(n.Labels.GetValueOrDefault(Labels.Network, "")) is not { External: true })
            .Select(n => TolerantAsync("Network", n.Name, () => work.Engine.RemoveNetworkAsync(n.Id, cancellation)))).ConfigureAwait(false);
    }

    private async Task VolumesAsync(CancellationToken cancellation)
    {
        VolumeListResponse volumes = await work.Engine.ListVolumesAsync(Filters.None.With("label", $"{Labels.Project}={project.Name}"), cancellation).ConfigureAwait(false);
        HashSet<string> names = [.. volumes.Volumes.Select(v => v.Name)];
        names.ExceptWith(project.Volumes.Values.Where(v => v.External).Select(v => v.Name));
        await Task.WhenAll(names.Select(name => TolerantAsync("Volume", name, () => work.Engine.RemoveVolumeAsync(name, cancellation: cancellation)))).ConfigureAwait(false);
    }

    private Task ImageAsync(string name, CancellationToken cancellation) =>
        TolerantAsync("Image", name, () => work.Engine.RemoveImageAsync(name, cancellation: cancellation));

    // Gone already, or still used by something outside of the project: told, and the rest goes on.
    private async Task TolerantAsync(string kind, string name, Func<Task> remove)
    {
        work.Report(new Progress(kind, name, "Removing", ProgressState.Working));
        string status = "Removed";
        try
        {
            if (!work.DryRun)
            {
                await remove().ConfigureAwait(false);
            }
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            status = "Not found";
        }
        catch (EngineApiException e) when (e.StatusCode is 403 or 409)
        {
            status = "Resource is still in use";
            work.Report(new Progress(kind, name, status, ProgressState.Warning));
            return;
        }

        work.Report(new Progress(kind, name, status, ProgressState.Done));
    }
}
