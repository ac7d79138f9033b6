using Slipway.Compose.Model;

namespace Slipway.Compose.Files;

/// <summary>What a stranger's application may not ask for: anything that reaches out of its containers and its directory.</summary>
internal static class Restrictions
{
    private static readonly string[] s_refused =
        ["annotations", "cap_add", "cgroup", "cgroup_parent", "device_cgroup_rules", "devices", "gpus", "external_links", "oom_kill_disable", "oom_score_adj", "runtime", "security_opt", "use_api_socket", "userns_mode"];

    public static void Check(Project project)
    {
        foreach (Service service in project.Services.Values)
        {
            Mapping map = service.Map;
            foreach (string key in s_refused.Where(map.Has))
            {
                throw Refused(service, key, map[key]!);
            }

            if (map.Flag("privileged") || map.Map("build").Flag("privileged"))
            {
                throw Refused(service, "privileged", map["privileged"] ?? map["build"]!);
            }

            foreach (string key in new[] { "network_mode", "pid", "ipc", "uts" })
            {
                if (map.Text(key) is { } mode && (mode == "host" || mode.StartsWith("container:", StringComparison.Ordinal)))
                {
                    throw Refused(service, key, map[key]!);
                }
            }

            foreach (Mapping mount in map.Items("volumes").OfType<Mapping>().Where(m => m.Text("type") == "bind"))
            {
                Inside(project, mount.Text("source")!, mount, $"{service.Path}.volumes");
            }

            foreach (Mapping watch in map.Map("develop").Items("watch").OfType<Mapping>())
            {
                Inside(project, watch.Text("path")!, watch, $"{service.Path}.develop.watch");
            }

            foreach (Mapping hook in map.Items("post_start").Concat(map.Items("pre_stop")).OfType<Mapping>().Where(h => h.Flag("privileged")))
            {
                throw Refused(service, "privileged", hook);
            }

            foreach (Node from in map.Items("volumes_from").Where(f => f.Text()?.StartsWith("container:", StringComparison.Ordinal) == true))
            {
                throw Refused(service, "volumes_from", from);
            }

            Build(project, service);
        }

        foreach ((string key, Mapping map) in project.Volumes.Values.Select(v => ("volumes." + v.Key, v.Map)).Concat(project.Networks.Values.Select(n => ("networks." + n.Key, n.Map))))
        {
            Resource(key, map);
        }

        foreach (FileModel file in project.Secrets.Values.Concat(project.Configs.Values).Where(f => f.File is not null))
        {
            Inside(project, file.File!, file.Map, file.Key);
        }
    }

    private static void Build(Project project, Service service)
    {
        if (service.Build is not { } build || build.Text("context") is not { } context || ProjectPaths.IsRemote(context))
        {
            return;
        }

        Inside(project, context, build, $"{service.Path}.build.context");
        Inside(project, Path.GetFullPath(build.Text("dockerfile") ?? "Dockerfile", context), build, $"{service.Path}.build.dockerfile");
        foreach ((string key, string value) in build.Map("additional_contexts") is null ? new Dictionary<string, string>() : build.Pairs("additional_contexts"))
        {
            if (!ProjectPaths.IsRemote(value))
            {
                Inside(project, value, build, $"{service.Path}.build.additional_contexts.{key}");
            }
        }

        foreach (string key in new[] { "entitlements", "ssh" }.Where(k => build.Items(k).Count > 0))
        {
            throw Refused(service, "build." + key, build[key]!);
        }

        if (build.Text("network") is "host")
        {
            throw Refused(service, "build.network", build["network"]!);
        }
    }

    // Options of drivers mount directories of the host and take its links; what is external is somebody else's.
    private static void Resource(string path, Mapping map)
    {
        foreach (string key in new[] { "driver", "driver_opts", "external" })
        {
            if (map[key] is { IsNull: false } node && node is not Mapping { Count: 0 } && node.Text() is not ("false" or "local" or "bridge"))
            {
                throw new ComposeException(node.At, $"{path}.{key}", "is refused, since the files are not trusted");
            }
        }
    }

    private static void Inside(Project project, string path, Node node, string key)
    {
        string root = FileGate.Real(project.Directory);
        string real = FileGate.Real(path);
        if (real != root && !real.StartsWith(root + "/", StringComparison.Ordinal))
        {
            throw new ComposeException(node.At, key, $"{path} is outside of the project directory, and the files are not trusted");
        }
    }

    private static ComposeException Refused(Service service, string key, Node node) => new(node.At, $"{service.Path}.{key}", "is refused, since the files are not trusted");
}
