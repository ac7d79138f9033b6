using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Networks.Names;

namespace Slipway.Engine.Containers;

/// <summary>Which containers have to run before others: those whose namespaces they join (<c>container:NAME</c>), and those that they are linked to.</summary>
internal static class StartOrder
{
    /// <summary>The containers that this one cannot be started without.</summary>
    internal static IEnumerable<Container> Needs(Container container, ContainerTable table)
    {
        var host = container.Record.HostConfig;
        string?[] joined = [NamespaceModes.ContainerOf(host.NetworkMode), NamespaceModes.ContainerOf(host.IpcMode), NamespaceModes.ContainerOf(host.PidMode)];
        var linked = (host.Links ?? []).Select(link => LegacyLink.Parse(link).Name);
        return joined.OfType<string>().Concat(linked).Select(table.Find).OfType<Container>().Distinct();
    }

    /// <summary>Sorts so that each container comes after those it needs. What needs itself in a circle comes in any order.</summary>
    internal static IReadOnlyList<Container> Sort(IReadOnlyCollection<Container> containers, ContainerTable table)
    {
        var sorted = new List<Container>(containers.Count);
        var met = new HashSet<Container>();
        var wanted = containers.ToHashSet();
        void Visit(Container container)
        {
            if (met.Add(container))
            {
                foreach (var needed in Needs(container, table).Where(wanted.Contains))
                {
                    Visit(needed);
                }

                sorted.Add(container);
            }
        }

        foreach (var container in containers)
        {
            Visit(container);
        }

        return sorted;
    }
}
