using Slipway.Compose.Model;

namespace Slipway.Compose.Files;

/// <summary>What a stranger's application may not ask for: anything that reaches out of its containers and its directory.</summary>
internal static class Restrictions
{
    private static readonly string[] s_refused =
        ["cap_add", "cgroup", "cgroup_parent", "device_cgroup_rules", "devices", "gpus", "external_links", "runtime", "security_opt", "use_api_socket", "userns_mode"];

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

            if (service.Build.Text("context") is { } context && !ProjectPaths.IsRemote(context))
            {
                Inside(project, context, service.Build!, $"{service.Path}.build.context");
            }
        }

        foreach (FileModel file in project.Secrets.Values.Concat(project.Configs.Values).Where(f => f.File is not null))
        {
            Inside(project, file.File!, file.Map, file.Key);
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
