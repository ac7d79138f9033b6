using Slipway.Compose.Model;

namespace Slipway.Compose.Files;

/// <summary>Checks that what services refer to exists, and that keys do not contradict each other.</summary>
internal static class Consistency
{
    public static void Check(Project project)
    {
        foreach (Service service in project.Services.Values)
        {
            Service(project, service);
        }

        foreach (FileModel file in project.Secrets.Values.Concat(project.Configs.Values))
        {
            Sources(file);
        }

        DependencyOrder.Check(project);
    }

    private static void Service(Project project, Service service)
    {
        Mapping map = service.Map;
        if (map.Has("provider") || map.Map("models") is { Count: > 0 } || map["models"] is Sequence { Items.Count: > 0 })
        {
            string key = map.Has("provider") ? "provider" : "models";
            throw new ComposeException(map[key]!.At, $"{service.Path}.{key}", "this engine serves containers only");
        }

        if (service.Image is null && service.Build is null)
        {
            throw new ComposeException(service.At, service.Path, "has neither an image nor a build context specified");
        }

        if (map.Has("network_mode") && map.Map("networks") is { Count: > 0 })
        {
            throw new ComposeException(map["network_mode"]!.At, $"{service.Path}.network_mode", "cannot be there together with networks");
        }

        if (service.ContainerName is { } name && service.Scale > 1)
        {
            throw new ComposeException(map["container_name"]!.At, $"{service.Path}.container_name", $"only one container can have the name \"{name}\", and the scale is {service.Scale}");
        }

        References(project, service);
        Limits(service);
    }

    private static void References(Project project, Service service)
    {
        Mapping map = service.Map;
        foreach (Mapping.Entry entry in map.Map("networks")?.Entries ?? [])
        {
            Defined(project.Networks.Keys, entry.Key, entry.At, $"{service.Path}.networks", "network");
        }

        foreach (Mapping volume in map.Items("volumes").OfType<Mapping>().Where(v => v.Text("type") == "volume" && v.Has("source")))
        {
            Defined(project.Volumes.Keys, volume.Text("source")!, volume.At, $"{service.Path}.volumes", "volume");
        }

        foreach (Mapping secret in map.Items("secrets").OfType<Mapping>())
        {
            Defined(project.Secrets.Keys, secret.Text("source") ?? "", secret.At, $"{service.Path}.secrets", "secret");
        }

        foreach (Mapping config in map.Items("configs").OfType<Mapping>())
        {
            Defined(project.Configs.Keys, config.Text("source") ?? "", config.At, $"{service.Path}.configs", "config");
        }

        foreach (Mapping.Entry entry in map.Map("depends_on")?.Entries ?? [])
        {
            if ((entry.Value as Mapping).Text("required") != "false")
            {
                Defined(project.Services.Keys, entry.Key, entry.At, $"{service.Path}.depends_on", "service");
            }
        }
    }

    private static void Defined(IEnumerable<string> names, string name, Position at, string path, string noun)
    {
        if (!names.Contains(name))
        {
            string hint = NearestKey.Of(name, names) is { } near ? $"; did you mean \"{near}\"?" : "";
            throw new ComposeException(at, path, $"refers to undefined {noun} {name}{hint}");
        }
    }

    private static void Limits(Service service)
    {
        Mapping? limits = service.Map.Map("deploy").Map("resources").Map("limits");
        foreach ((string key, string other) in new[] { ("cpus", "cpus"), ("mem_limit", "memory"), ("pids_limit", "pids") })
        {
            if (service.Map.Text(key) is { } a && limits.Text(other) is { } b && a != b)
            {
                throw new ComposeException(service.Map[key]!.At, $"{service.Path}.{key}", $"can't set distinct values on '{key}' and 'deploy.resources.limits.{other}'");
            }
        }

        if (service.Map.Map("deploy").Map("placement").Number("max_replicas_per_node") is > 0 and var most && service.Scale > most)
        {
            throw new ComposeException(service.Map.Map("deploy")!["placement"]!.At, $"{service.Path}.deploy.placement.max_replicas_per_node", $"there is one machine, and {service.Scale} containers are wanted on it");
        }

        if (service.Map.Number("scale") is { } scale && service.Map.Map("deploy").Number("replicas") is { } replicas && scale != replicas)
        {
            throw new ComposeException(service.Map["scale"]!.At, $"{service.Path}.scale", "can't set distinct values on 'scale' and 'deploy.replicas'");
        }
    }

    private static void Sources(FileModel file)
    {
        foreach (string key in new[] { "driver", "template_driver" })
        {
            if (file.Map[key] is { } driver)
            {
                throw new ComposeException(driver.At, $"{file.Key}.{key}", "only swarms have drivers of secrets and configs");
            }
        }

        int count = new[] { file.File, file.Variable, file.Content }.Count(s => s is not null) + (file.External ? 1 : 0);
        if (count != 1)
        {
            throw new ComposeException(file.Map.At, file.Key, count == 0 ? "one of file, environment, content and external must be there" : "only one of file, environment, content and external can be there");
        }
    }
}
