using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>A project of which only the containers are known: its services and their dependencies as the labels tell them.</summary>
internal static class RunningProject
{
    /// <param name="name">The project's name.</param>
    /// <param name="observed">What there is of it.</param>
    public static Project Of(string name, Observed observed)
    {
        Position nowhere = new("(containers)", 1, 1);
        Mapping services = new(nowhere);
        foreach (ObservedContainer container in observed.Containers.Where(c => !c.OneOff && c.Service.Length > 0 && !services.Has(c.Service)))
        {
            Mapping service = new Mapping(nowhere).Set("image", container.Summary.Image, nowhere);
            Mapping dependencies = new(nowhere);
            foreach (string[] parts in container.Label(Labels.DependsOn).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(d => d.Split(':')))
            {
                dependencies.Set(parts[0], new Mapping(nowhere).Set("condition", "service_started", nowhere).Set("restart", parts.Length > 2 ? parts[2] : "false", nowhere));
            }

            services.Set(container.Service, dependencies.Count > 0 ? service.Set("depends_on", dependencies) : service);
        }

        string directory = observed.Containers.Count > 0 ? observed.Containers[0].Label(Labels.WorkingDirectory) : "";
        return new Project(name, directory, [], new Mapping(nowhere).Set("services", services)) { Enabled = services.Keys.ToHashSet(StringComparer.Ordinal) };
    }
}
