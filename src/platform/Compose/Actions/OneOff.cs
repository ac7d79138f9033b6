using System.Security.Cryptography;
using Slipway.Client;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Compose.Actions;

/// <summary>Makes a container of a service beside its usual ones, for one command.</summary>
/// <param name="work">The engine.</param>
/// <param name="project">The project.</param>
/// <param name="sources">Where images come from.</param>
public sealed class OneOff(Work work, Project project, ImageSources sources)
{
    /// <summary>What differs from the service's usual containers.</summary>
    /// <param name="Name">Name of the container; null for one that is made up.</param>
    /// <param name="UseAliases">Whether other services find it by its service's name.</param>
    /// <param name="Labels">Labels beside the service's.</param>
    /// <param name="Pull">Pull policy; empty for the service's.</param>
    /// <param name="Build">Whether its image is built first.</param>
    /// <param name="Attached">Whether somebody attaches before the start.</param>
    public sealed record Choices(string? Name, bool UseAliases, bool Attached, IReadOnlyDictionary<string, string> Labels, string Pull, bool Build);

    /// <summary>Makes it, with everything it needs but its start.</summary>
    /// <returns>Id and name.</returns>
    public async Task<(string Id, string Name)> CreateAsync(Service service, Choices choices, CancellationToken cancellation)
    {
        Unserved.Check(service);
        IReadOnlyDictionary<string, ImageFacts> images = await Images.EnsureAsync(work, project, [service], sources, choices.Pull, choices.Build ? true : null, cancellation).ConfigureAwait(false);
        await EnsureResources.RunAsync(work, project, [service], cancellation).ConfigureAwait(false);
        Observed observed = await Observed.OfAsync(work.Engine, project.Name, cancellation).ConfigureAwait(false);
        string slug = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        string name = choices.Name ?? $"{project.Name}-{service.Name}-run-{slug[..12]}";
        Dictionary<string, string> labels = new(choices.Labels, StringComparer.Ordinal) { [Labels.OneOff] = "True", [Labels.Slug] = slug };
        ContainerSteps steps = new(work, project, null);
        NewContainer container = new(project, service, name, 1, ConfigHash.Of(service), images[service.Name])
        {
            UseAliases = choices.UseAliases,
            Attached = choices.Attached,
            MoreLabels = labels,
            ContainerOf = other => observed.Of(other) is [var first, ..] ? first.Id : null,
        };
        string id = await steps.CreateAsync(container, cancellation).ConfigureAwait(false);
        if (id.Length > 0)
        {
            await steps.InjectAsync(service, id, cancellation).ConfigureAwait(false);
        }

        return (id, name);
    }

    /// <summary>Removes it with its anonymous volumes, if it is still there.</summary>
    public async Task RemoveAsync(string id)
    {
        try
        {
            await work.Engine.RemoveContainerAsync(id, force: true, volumes: true).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            // It is what was wanted.
        }
    }
}
