namespace Slipway.Compose.Model;

/// <summary>
/// The order in which Docker Compose v2 writes the keys of each object (compose-go, types/types.go). It matters since the hash of a
/// service is one of its JSON text.
/// </summary>
internal static class WireOrder
{
    private static readonly string[] s_service =
    [
        "profiles", "annotations", "attach", "build", "develop", "blkio_config", "cap_add", "cap_drop", "cgroup_parent", "cgroup", "cpu_count", "cpu_percent",
        "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpus", "cpuset", "cpu_shares", "command", "configs", "container_name", "credential_spec",
        "depends_on", "deploy", "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "dockerfile", "domainname", "entrypoint", "provider", "environment",
        "env_file", "expose", "extends", "external_links", "extra_hosts", "group_add", "gpus", "hostname", "healthcheck", "image", "init", "ipc", "isolation", "labels",
        "label_file", "links", "logging", "log_driver", "log_opt", "mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "mac_address", "models", "net",
        "network_mode", "networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "ports", "privileged", "pull_policy", "read_only", "restart",
        "runtime", "scale", "secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits",
        "use_api_socket", "user", "userns_mode", "uts", "volume_driver", "volumes", "volumes_from", "working_dir", "post_start", "pre_stop",
    ];

    private static readonly Dictionary<string, string[]> s_orders = new(StringComparer.Ordinal)
    {
        ["services.*"] = s_service,
        ["services.*.build"] = ["context", "dockerfile", "dockerfile_inline", "entitlements", "args", "ssh", "labels", "cache_from", "cache_to", "no_cache", "additional_contexts", "pull", "extra_hosts", "isolation", "network", "target", "secrets", "shm_size", "tags", "ulimits", "platforms", "privileged"],
        ["services.*.build.secrets[]"] = ["source", "target", "uid", "gid", "mode"],
        ["services.*.develop.watch[]"] = ["path", "action", "target", "exec", "include", "ignore", "initial_sync"],
        ["services.*.blkio_config"] = ["weight", "weight_device", "device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops"],
        ["services.*.configs[]"] = ["source", "target", "uid", "gid", "mode"],
        ["services.*.secrets[]"] = ["source", "target", "uid", "gid", "mode"],
        ["services.*.depends_on.*"] = ["condition", "restart", "required"],
        ["services.*.deploy"] = ["mode", "replicas", "labels", "update_config", "rollback_config", "resources", "restart_policy", "placement", "endpoint_mode"],
        ["services.*.deploy.update_config"] = ["parallelism", "delay", "failure_action", "monitor", "max_failure_ratio", "order"],
        ["services.*.deploy.rollback_config"] = ["parallelism", "delay", "failure_action", "monitor", "max_failure_ratio", "order"],
        ["services.*.deploy.resources"] = ["limits", "reservations"],
        ["services.*.deploy.resources.limits"] = ["cpus", "memory", "pids", "devices", "generic_resources"],
        ["services.*.deploy.resources.reservations"] = ["cpus", "memory", "pids", "devices", "generic_resources"],
        ["services.*.deploy.resources.reservations.devices[]"] = ["capabilities", "driver", "count", "device_ids", "options"],
        ["services.*.gpus[]"] = ["capabilities", "driver", "count", "device_ids", "options"],
        ["services.*.deploy.restart_policy"] = ["condition", "delay", "max_attempts", "window"],
        ["services.*.deploy.placement"] = ["constraints", "preferences", "max_replicas_per_node"],
        ["services.*.devices[]"] = ["source", "target", "permissions"],
        ["services.*.env_file[]"] = ["path", "required", "format"],
        ["services.*.healthcheck"] = ["test", "timeout", "interval", "retries", "start_period", "start_interval", "disable"],
        ["services.*.logging"] = ["driver", "options"],
        ["services.*.networks.*"] = ["priority", "gw_priority", "aliases", "ipv4_address", "ipv6_address", "link_local_ips", "mac_address", "driver_opts", "interface_name"],
        ["services.*.ports[]"] = ["name", "mode", "host_ip", "target", "published", "protocol", "app_protocol"],
        ["services.*.ulimits.*"] = ["soft", "hard"],
        ["services.*.volumes[]"] = ["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs", "image"],
        ["services.*.volumes[].bind"] = ["selinux", "propagation", "create_host_path", "recursive"],
        ["services.*.volumes[].volume"] = ["labels", "nocopy", "subpath"],
        ["services.*.volumes[].tmpfs"] = ["size", "mode"],
        ["services.*.post_start[]"] = ["command", "user", "privileged", "working_dir", "environment"],
        ["services.*.pre_stop[]"] = ["command", "user", "privileged", "working_dir", "environment"],
        ["networks.*"] = ["name", "driver", "driver_opts", "ipam", "external", "internal", "attachable", "labels", "enable_ipv4", "enable_ipv6"],
        ["networks.*.ipam"] = ["driver", "config"],
        ["networks.*.ipam.config[]"] = ["subnet", "gateway", "ip_range", "aux_addresses"],
        ["volumes.*"] = ["name", "driver", "driver_opts", "external", "labels"],
        ["secrets.*"] = ["name", "file", "environment", "content", "external", "labels", "driver", "driver_opts", "template_driver"],
        ["configs.*"] = ["name", "file", "environment", "content", "external", "labels", "driver", "driver_opts", "template_driver"],
        [""] = ["name", "services", "networks", "volumes", "secrets", "configs"],
    };

    /// <summary>Groups whose keys are of the author's choice: Go writes them sorted.</summary>
    private static readonly HashSet<string> s_maps = new(StringComparer.Ordinal)
    {
        "services", "networks", "volumes", "secrets", "configs", "services.*.depends_on", "services.*.networks", "services.*.ulimits",
    };

    /// <summary>Whether the keys at a path are those of a structure and not of the author's choice.</summary>
    public static bool IsObject(string path) => s_orders.ContainsKey(path);

    /// <summary>Keys of an object at a path in the order of writing.</summary>
    public static IEnumerable<string> Keys(string path, IEnumerable<string> keys)
    {
        if (!s_orders.TryGetValue(path, out string[]? order))
        {
            return keys.Order(StringComparer.Ordinal);
        }

        return keys.OrderBy(k => Array.IndexOf(order, k) is >= 0 and var place ? place : int.MaxValue).ThenBy(k => k, StringComparer.Ordinal);
    }

    /// <summary>The path of a key's value.</summary>
    public static string Inner(string path, string key) => path.Length == 0 ? key : s_maps.Contains(path) ? path + ".*" : $"{path}.{key}";
}
