using System.Globalization;
using Slipway.Client;
using Slipway.DockerApi;

namespace Slipway.Compose.Plan;

/// <summary>A container of the project as the engine lists it.</summary>
/// <param name="Summary">The engine's words.</param>
public sealed record ObservedContainer(ContainerSummary Summary)
{
    /// <summary>Id.</summary>
    public string Id => Summary.Id;

    /// <summary>Name without its slash.</summary>
    public string Name => Summary.Names.Count > 0 ? Summary.Names[0].TrimStart('/') : Summary.Id[..12];

    /// <summary>Service that it belongs to.</summary>
    public string Service => Label(Labels.Service);

    /// <summary>Number in its service.</summary>
    public int Number => int.TryParse(Label(Labels.Number), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

    /// <summary>Whether <c>run</c> made it.</summary>
    public bool OneOff => Label(Labels.OneOff) is "True" or "true";

    /// <summary>Whether its process runs, paused or not.</summary>
    public bool Running => Summary.State is "running" or "paused" or "restarting";

    /// <summary>A label's value; empty when it is not there.</summary>
    public string Label(string name) => Summary.Labels.GetValueOrDefault(name, "");
}

/// <summary>What there is of a project.</summary>
/// <param name="Containers">Its containers, one-off ones included, by service and number.</param>
public sealed record Observed(IReadOnlyList<ObservedContainer> Containers)
{
    /// <summary>Asks the engine.</summary>
    public static async Task<Observed> OfAsync(EngineClient engine, string project, CancellationToken cancellation = default)
    {
        IReadOnlyList<ContainerSummary> all = await engine.ListContainersAsync(
            all: true, filters: Filters.None.With("label", $"{Labels.Project}={project}"), cancellation: cancellation).ConfigureAwait(false);
        return new Observed([.. all.Select(c => new ObservedContainer(c)).OrderBy(c => c.Service, StringComparer.Ordinal).ThenBy(c => c.Number).ThenBy(c => c.Name, StringComparer.Ordinal)]);
    }

    /// <summary>A service's containers without one-off ones.</summary>
    public IReadOnlyList<ObservedContainer> Of(string service) => [.. Containers.Where(c => c.Service == service && !c.OneOff)];
}
