namespace Slipway.Compose.Files;

/// <summary>Says what a merged document leaves unsaid: the default network, names of resources, dependencies that follow from other keys.</summary>
internal static class Normalization
{
    public static Mapping Apply(Mapping document, string project, string directory)
    {
        Mapping result = document.Copy();
        bool usesDefault = false;
        Mapping services = new(document["services"]?.At ?? document.At);
        foreach (Mapping.Entry entry in document.Map("services")?.Entries ?? [])
        {
            Mapping service = Service((Mapping)entry.Value, entry.Key, directory);
            usesDefault |= service.Map("networks")?.Has("default") == true;
            services.Set(entry.Key, service, entry.At);
        }

        result.Set("services", services);
        if (usesDefault && result.Map("networks")?.Has("default") != true)
        {
            Mapping networks = result.Map("networks")?.Copy() ?? new Mapping(document.At);
            result.Set("networks", networks.Set("default", new Mapping(document.At)));
        }

        foreach (string group in new[] { "networks", "volumes", "secrets", "configs" })
        {
            if (result.Map(group) is { } map)
            {
                result.Set(group, Named(map, project));
            }
        }

        return result;
    }

    private static Mapping Named(Mapping group, string project)
    {
        Mapping result = new(group.At);
        foreach (Mapping.Entry entry in group.Entries.Where(e => e.Value is Mapping))
        {
            Mapping map = (Mapping)entry.Value;
            string name = map.Text("name") ?? (map.Flag("external") ? entry.Key : $"{project}_{entry.Key}");
            result.Set(entry.Key, map.Copy().Set("name", new Scalar(map["name"]?.At ?? map.At, name)), entry.At);
        }

        return result;
    }

    private static Mapping Service(Mapping service, string name, string directory)
    {
        Mapping result = service.Copy();
        if (!service.Has("network_mode") && service.Map("networks") is not { Count: > 0 } && !service.Has("provider"))
        {
            result.Set("networks", new Mapping(service.At).Set("default", new Scalar(service.At, "", ScalarKind.Null)));
        }

        // Merged ones are in the order of the files, and all are written in their own.
        if (result["extra_hosts"] is Sequence hosts)
        {
            result.Set("extra_hosts", new Sequence(hosts.At, [.. hosts.Items.OrderBy(h => h.Text(), StringComparer.Ordinal)]));
        }

        if (result.Map("build") is { } build)
        {
            result.Set("build", Build(build, directory));
        }

        Mapping dependencies = result.Map("depends_on")?.Copy() ?? new Mapping(service.At);
        foreach ((string other, Position at, bool restart) in Implied(service).Where(i => i.Service != name && !dependencies.Has(i.Service)))
        {
            Mapping dependency = new Mapping(at).Set("condition", "service_started", at);
            _ = restart ? dependency.Set("restart", new Scalar(at, "true", ScalarKind.Boolean)) : dependency;
            dependencies.Set(other, dependency.Set("required", new Scalar(at, "true", ScalarKind.Boolean)));
        }

        return dependencies.Count > 0 ? result.Set("depends_on", dependencies) : result.Remove("depends_on");
    }

    private static Mapping Build(Mapping build, string directory)
    {
        Mapping result = build.Copy();
        if (!result.Has("context"))
        {
            result.Set("context", directory, build.At);
        }

        return result.Has("dockerfile") || result.Has("dockerfile_inline") ? result : result.Set("dockerfile", "Dockerfile", build.At);
    }

    // Links, shared namespaces and volumes of another service need that service.
    private static IEnumerable<(string Service, Position At, bool Restart)> Implied(Mapping service)
    {
        foreach (string key in new[] { "network_mode", "ipc", "pid", "uts" })
        {
            if (service[key] is Scalar scalar && scalar.Text.StartsWith("service:", StringComparison.Ordinal))
            {
                yield return (scalar.Text["service:".Length..], scalar.At, true);
            }
        }

        foreach (Node link in service.Items("links"))
        {
            yield return ((link.Text() ?? "").Split(':')[0], link.At, true);
        }

        foreach (Node from in service.Items("volumes_from").Where(f => f.Text()?.StartsWith("container:", StringComparison.Ordinal) == false))
        {
            yield return ((from.Text() ?? "").Split(':')[0], from.At, false);
        }
    }
}
