using System.Globalization;
using Slipway.Platform.Model;

namespace Slipway.Platform.Proxy;

/// <summary>
/// Which address leads to which service, and where its target is kept: the main service's below the application's identity, as for applications
/// of one image, the others' below that with their name.
/// </summary>
internal static class ServiceDomains
{
    /// <summary>Addresses of an application with services: those that were set, and one of its own for each port that has none.</summary>
    internal static IReadOnlyList<Domain> Of(App app, string baseDomain) =>
    [
        .. app.Domains,
        .. from service in app.Services
           from port in service.Ports
           where !app.Domains.Any(domain => IsOf(app, domain, service.Name, port))
           select new Domain { Host = $"{HostOf(app, service, port)}.{baseDomain}", Service = service.Name, Port = port },
    ];

    /// <summary>Whether an address leads to a port of a service; port 0 is the usual one.</summary>
    internal static bool IsOf(App app, Domain domain, string service, int port)
    {
        var found = Service(app, domain);
        return found?.Name == service && Port(found, domain.Port) == Port(found, port);
    }

    /// <summary>Directory of the target of an address.</summary>
    internal static string KeyOf(App app, Domain domain) => app.Services.Count == 0 ? app.Id
        : Service(app, domain) is { } service ? KeyOf(app, service, Port(service, domain.Port)) : $"{app.Id}.{domain.Service ?? "none"}";

    /// <summary>What an application's targets are: where requests go, or null where nothing serves.</summary>
    internal static IReadOnlyDictionary<string, string?> TargetsOf(App app)
    {
        var off = app.Stopped || app.ReleaseId is null;
        if (app.Services.Count == 0)
        {
            return new Dictionary<string, string?> { [app.Id] = off || app.Target.Length == 0 ? null : app.Target };
        }

        var result = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var service in app.Services)
        {
            foreach (var port in service.Ports)
            {
                result[KeyOf(app, service, port)] = off || service.Stopped || service.Alias.Length == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{service.Alias}:{port}");
            }
        }

        return result;
    }

    private static AppService? Service(App app, Domain domain) => app.Services.FirstOrDefault(service => domain.Service is null ? service.Main : service.Name == domain.Service);

    private static int Port(AppService service, int port) => port > 0 ? port : service.Ports.FirstOrDefault();

    private static string KeyOf(App app, AppService service, int port) => (service.Main, port == service.Ports.FirstOrDefault()) switch
    {
        (true, true) => app.Id,
        (false, true) => $"{app.Id}.{service.Name}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{app.Id}.{service.Name}.{port}"),
    };

    private static string HostOf(App app, AppService service, int port)
    {
        var label = string.Concat(service.Name.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-'));
        var usual = port == service.Ports.FirstOrDefault();
        return service.Main && usual ? app.Name : usual ? $"{label}-{app.Name}" : string.Create(CultureInfo.InvariantCulture, $"{label}-{port}-{app.Name}");
    }
}
