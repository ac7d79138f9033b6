using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>The order that dependencies give.</summary>
public static class DependencyOrder
{
    /// <summary>Refuses dependencies in a circle.</summary>
    /// <exception cref="ComposeException">There is one; its services are named.</exception>
    public static void Check(Project project)
    {
        HashSet<string> done = new(StringComparer.Ordinal);
        foreach (string name in project.Services.Keys)
        {
            Visit(project, name, done, []);
        }
    }

    /// <summary>The services with everything they need, sorted so that each comes after what it needs.</summary>
    public static IReadOnlyList<Service> With(Project project, IEnumerable<string> names, bool dependencies)
    {
        List<Service> sorted = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        HashSet<string> wanted = new(names, StringComparer.Ordinal);
        void Add(string name)
        {
            if (!project.Services.TryGetValue(name, out Service? service) || !seen.Add(name))
            {
                return;
            }

            foreach (Dependency dependency in service.DependsOn.Where(d => dependencies ? d.Required || wanted.Contains(d.Service) || project.Enabled.Contains(d.Service) : wanted.Contains(d.Service)))
            {
                Add(dependency.Service);
            }

            sorted.Add(service);
        }

        foreach (string name in wanted.Order(StringComparer.Ordinal))
        {
            Add(name);
        }

        return sorted;
    }

    private static void Visit(Project project, string name, HashSet<string> done, List<string> chain)
    {
        if (done.Contains(name) || !project.Services.TryGetValue(name, out Service? service))
        {
            return;
        }

        chain.Add(name);
        foreach (Dependency dependency in service.DependsOn)
        {
            if (chain.Contains(dependency.Service))
            {
                Node at = service.Map.Map("depends_on")![dependency.Service] ?? service.Map;
                throw new ComposeException(at.At, service.Path + ".depends_on", $"dependency cycle detected: {string.Join(" -> ", chain.SkipWhile(c => c != dependency.Service))} -> {dependency.Service}");
            }

            Visit(project, dependency.Service, done, chain);
        }

        chain.RemoveAt(chain.Count - 1);
        done.Add(name);
    }
}
