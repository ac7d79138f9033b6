using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>What <c>config</c> shows: the enabled services, and of the rest only what they use.</summary>
public static class CanonicalDocument
{
    private static readonly string[] s_groups = ["networks", "volumes", "secrets", "configs"];

    /// <summary>The document.</summary>
    /// <param name="project">The project.</param>
    /// <param name="services">Services to show with what they need; none for all enabled ones.</param>
    public static Mapping Of(Project project, IReadOnlyList<string> services)
    {
        foreach (string name in services)
        {
            _ = project.Service(name);
        }

        HashSet<string> shown = [.. DependencyOrder.With(project, services.Count > 0 ? services : [.. project.Enabled], dependencies: true).Select(s => s.Name)];
        // Choosing services leaves the resources of all as they are.
        HashSet<string> counted = services.Count > 0 ? [.. project.Enabled] : shown;
        Mapping result = project.Document.Copy().Remove("version");
        result.Set("services", Only(project.Document.Map("services")!, shown.Contains));
        foreach (string group in s_groups.Where(g => project.Document.Map(g) is not null))
        {
            Mapping used = Only(project.Document.Map(group)!, key => project.Services.Values.Any(s => counted.Contains(s.Name) && Uses(s, group, key)));
            _ = used.Count > 0 ? result.Set(group, used) : result.Remove(group);
        }

        return result;
    }

    private static Mapping Only(Mapping map, Func<string, bool> keep)
    {
        Mapping result = new(map.At);
        foreach (Mapping.Entry entry in map.Entries.Where(e => keep(e.Key)))
        {
            result.Set(entry.Key, entry.Value, entry.At);
        }

        return result;
    }

    private static bool Uses(Service service, string group, string key) => group switch
    {
        "networks" => service.NetworkKeys.Contains(key),
        "volumes" => service.Map.Items(group).OfType<Mapping>().Any(v => v.Text("type") == "volume" && v.Text("source") == key),
        _ => service.Map.Items(group).Concat(service.Build.Items(group)).OfType<Mapping>().Any(r => r.Text("source") == key),
    };
}
