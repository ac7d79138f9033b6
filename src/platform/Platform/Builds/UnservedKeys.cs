using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Project = Slipway.Compose.Model.Project;

namespace Slipway.Platform.Builds;

/// <summary>What Compose files may say, but not those of applications: what the platform does not serve, and what would reach beyond the application.</summary>
internal static class UnservedKeys
{
    private static readonly string[] s_keys = ["volumes_from", "post_start", "pre_stop"];

    /// <exception cref="PlatformException">The file has one of these.</exception>
    internal static void Check(Project project)
    {
        // A network with a subnet of the file's choice could stand in the way of the machine's own.
        foreach (var network in project.Networks.Values.Where(network => network.Map.Map("ipam") is { Count: > 0 }))
        {
            throw Fault($"networks.{network.Key}.ipam", network.Map["ipam"]!, "addresses are chosen by the engine for applications of the platform");
        }

        foreach (var service in project.Services.Values)
        {
            Check(service);
        }
    }

    private static void Check(Service service)
    {
        foreach (var key in s_keys.Where(key => service.Map.Items(key).Count > 0))
        {
            throw Fault(service, key, service.Map[key]!, "is not available for applications of the platform");
        }

        foreach (var key in (string[])["network_mode", "pid", "ipc", "uts"])
        {
            if (service.Map.Text(key)?.StartsWith("service:", StringComparison.Ordinal) == true)
            {
                throw Fault(service, key, service.Map[key]!, "another service's namespace is not available for applications of the platform");
            }
        }

        if (service.Map.Map("logging") is { } logging && logging.Text("driver") is not (null or "json-file" or "local" or "none"))
        {
            throw Fault(service, "logging", logging, "other drivers than json-file, local and none are not available for applications of the platform");
        }

        if (service.Map.Map("deploy").Map("resources").Map("reservations") is { } reservations && reservations.Items("devices").Count > 0)
        {
            throw Fault(service, "deploy.resources.reservations.devices", reservations, "devices are not available for applications of the platform");
        }

        foreach (var link in service.Map.Items("links").Where(link => link.Text()!.Split(':') is [var name, var alias] && name != alias))
        {
            throw Fault(service, "links", link, "links under another name are not available for applications of the platform; give the other service an alias in its network");
        }
    }

    private static PlatformException Fault(Service service, string key, Node at, string reason) => Fault($"{service.Path}.{key}", at, reason);

    /// <summary>Says with its place what is not served.</summary>
    internal static PlatformException Fault(string path, Node at, string reason) => ComposeReader.Wrap(new Slipway.Compose.ComposeException(at.At, path, reason), Path.GetDirectoryName(at.At.File) ?? "");
}
