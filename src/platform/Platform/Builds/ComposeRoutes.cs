using System.Globalization;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Platform.Apps;
using Slipway.Platform.Model;
using Project = Slipway.Compose.Model.Project;

namespace Slipway.Platform.Builds;

/// <summary>Decides which services of a Compose file get an address, and at which ports; pure.</summary>
internal static class ComposeRoutes
{
    /// <summary>
    /// Services that a variable such as <c>SERVICE_URL_WEB_3000</c> or a domain names; without any, the first that publishes or exposes a port,
    /// or the only one. The first is the main one.
    /// </summary>
    /// <param name="project">The file.</param>
    /// <param name="names">Names of variables in it, in order.</param>
    /// <param name="app">The application with its domains.</param>
    /// <returns>Services with their ports; port 0 is the one that the image exposes.</returns>
    internal static IReadOnlyList<AppService> Of(Project project, IEnumerable<string> names, App app)
    {
        var enabled = project.Services.Values.Where(service => project.Enabled.Contains(service.Name)).ToList();
        OrderedDictionary<string, List<int>> ports = [];
        foreach (var name in names.Where(name => MagicVariables.IsAddress(name) && MagicVariables.Address(name).Kind != "NAME"))
        {
            var (service, port) = Target(enabled, name);
            if (service is not null)
            {
                Add(ports, service, port);
            }
        }

        foreach (var domain in app.Domains.Where(domain => domain.Service is not null && project.Enabled.Contains(domain.Service)))
        {
            ports.TryAdd(domain.Service!, []);
        }

        if (ports.Count == 0 && (enabled.FirstOrDefault(service => PortOf(service) > 0) ?? (enabled.Count == 1 ? enabled[0] : null)) is { } only)
        {
            Add(ports, only.Name, 0);
        }

        return [.. ports.Select((pair, index) => new AppService { Name = pair.Key, Main = index == 0, Ports = Ordered(project.Services[pair.Key], pair.Value, app, index == 0) })];
    }

    /// <summary>The service and port of an address; a service that declares one under another name means itself.</summary>
    internal static (string? Service, int Port) Target(IReadOnlyList<Service> services, string name)
    {
        var id = MagicVariables.Address(name).Id;
        var (found, port) = MagicVariables.Find(id, services.Select(service => service.Name));
        return (found ?? services.FirstOrDefault(service => service.Map.Map("environment")?.Has(name) == true)?.Name, port);
    }

    private static void Add(OrderedDictionary<string, List<int>> ports, string service, int port)
    {
        if (!ports.TryGetValue(service, out var list))
        {
            ports.Add(service, list = []);
        }

        list.Add(port);
    }

    // The port that a variable names is the usual one, else the file's; ports of domains come after it.
    private static IReadOnlyList<int> Ordered(Service service, List<int> asked, App app, bool main)
    {
        List<int> named = [.. asked.Where(port => port > 0)];
        IReadOnlyList<int> first = named.Count > 0 ? named : [PortOf(service)];
        var further = app.Domains.Where(domain => domain.Port > 0 && (domain.Service ?? (main ? service.Name : null)) == service.Name).Select(domain => domain.Port).ToList();
        return [.. first.Where(port => port > 0 || further.Count == 0).Concat(further).Distinct()];
    }

    private static int PortOf(Service service)
    {
        var text = service.Map.Items("ports").OfType<Mapping>().Where(port => port.Text("protocol") is null or "tcp").Select(port => port.Text("target")).Concat(service.Map.Texts("expose")).FirstOrDefault();
        return int.TryParse(text?.Split('/', '-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
