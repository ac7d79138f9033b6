using System.Globalization;
using Slipway.Compose.Files;
using Slipway.DockerApi;

namespace Slipway.Compose.Plan;

/// <summary>How a container is bound to its host, in the Engine API's words.</summary>
internal static class HostRequest
{
    public static HostConfig Of(NewContainer container)
    {
        Mapping map = container.Service.Map;
        Mapping? limits = map.Map("deploy").Map("resources").Map("limits");
        (List<string> binds, List<Mount> mounts) = MountRequest.Of(container);
        string? cpus = map.Text("cpus") ?? limits.Text("cpus");
        return new HostConfig
        {
            Binds = binds.Count > 0 ? binds : null,
            Mounts = mounts.Count > 0 ? mounts : null,
            NetworkMode = NetworkRequest.Mode(container),
            PortBindings = PortRequest.Bindings(map),
            RestartPolicy = Restart(map),
            LogConfig = new LogConfig { Type = map.Map("logging").Text("driver") ?? "", Config = map.Map("logging").Map("options") is not null ? map.Map("logging").Pairs("options") : null },
            Annotations = Pairs(map, "annotations"),
            CapAdd = List(map, "cap_add"),
            CapDrop = List(map, "cap_drop"),
            CgroupnsMode = map.Text("cgroup") ?? "",
            CgroupParent = map.Text("cgroup_parent") ?? "",
            Dns = List(map, "dns"),
            DnsOptions = List(map, "dns_opt"),
            DnsSearch = List(map, "dns_search"),
            ExtraHosts = [.. map.Texts("extra_hosts").Select(h => h.IndexOf('=', StringComparison.Ordinal) is > 0 and var cut ? $"{h[..cut]}:{h[(cut + 1)..]}" : h)],
            GroupAdd = List(map, "group_add"),
            IpcMode = Shared(container, "ipc"),
            PidMode = Shared(container, "pid"),
            UTSMode = map.Text("uts") ?? "",
            UsernsMode = map.Text("userns_mode") ?? "",
            OomScoreAdj = (int)(map.Number("oom_score_adj") ?? 0),
            OomKillDisable = map.Flag("oom_kill_disable") ? true : null,
            Privileged = map.Flag("privileged"),
            ReadonlyRootfs = map.Flag("read_only"),
            SecurityOpt = List(map, "security_opt"),
            StorageOpt = Pairs(map, "storage_opt"),
            Tmpfs = Tmpfs(map),
            ShmSize = map.Number("shm_size") ?? 0,
            Sysctls = Pairs(map, "sysctls"),
            Runtime = map.Text("runtime"),
            Isolation = map.Text("isolation") ?? "",
            Init = map.Has("init") ? map.Flag("init") : null,
            VolumesFrom = VolumesFrom(container),
            CpuShares = map.Number("cpu_shares") ?? 0,
            CpuPeriod = map.Number("cpu_period") ?? 0,
            CpuQuota = map.Number("cpu_quota") ?? 0,
            CpuRealtimePeriod = map.Number("cpu_rt_period") ?? 0,
            CpuRealtimeRuntime = map.Number("cpu_rt_runtime") ?? 0,
            CpuCount = map.Number("cpu_count") ?? 0,
            CpusetCpus = map.Text("cpuset") ?? "",
            NanoCpus = cpus is null ? 0 : (long)(decimal.Parse(cpus, NumberStyles.Float, CultureInfo.InvariantCulture) * 1_000_000_000m),
            Memory = map.Number("mem_limit") ?? limits.Number("memory") ?? 0,
            MemoryReservation = map.Number("mem_reservation") ?? map.Map("deploy").Map("resources").Map("reservations").Number("memory") ?? 0,
            MemorySwap = map.Number("memswap_limit") ?? 0,
            MemorySwappiness = map.Number("mem_swappiness"),
            PidsLimit = map.Number("pids_limit") ?? limits.Number("pids"),
            BlkioWeight = (ushort)(map.Map("blkio_config").Number("weight") ?? 0),
            BlkioWeightDevice = [.. map.Map("blkio_config").Items("weight_device").OfType<Mapping>().Select(d => new WeightDevice { Path = d.Text("path") ?? "", Weight = (ushort)(d.Number("weight") ?? 0) })],
            BlkioDeviceReadBps = Rates(map, "device_read_bps"),
            BlkioDeviceWriteBps = Rates(map, "device_write_bps"),
            BlkioDeviceReadIOps = Rates(map, "device_read_iops"),
            BlkioDeviceWriteIOps = Rates(map, "device_write_iops"),
            Devices = [.. map.Items("devices").OfType<Mapping>().Select(d => new DeviceMapping { PathOnHost = d.Text("source") ?? "", PathInContainer = d.Text("target") ?? d.Text("source") ?? "", CgroupPermissions = d.Text("permissions") ?? "rwm" })],
            DeviceCgroupRules = List(map, "device_cgroup_rules"),
            DeviceRequests = Requests([.. map.Items("gpus"), .. map.Map("deploy").Map("resources").Map("reservations").Items("devices")]),
            Ulimits = Ulimits(map.Map("ulimits")),
        };
    }

    private static string Shared(NewContainer container, string key) => container.Service.Map.Text(key) is { } mode ? NetworkRequest.Shared(mode, container) : "";

    private static IReadOnlyList<string>? List(Mapping map, string key) => map.Items(key).Count > 0 ? map.Texts(key) : null;

    private static IReadOnlyDictionary<string, string>? Pairs(Mapping map, string key) => map.Map(key) is { Count: > 0 } ? map.Pairs(key) : null;

    private static RestartPolicy Restart(Mapping map)
    {
        if (map.Text("restart") is { } text)
        {
            string[] parts = text.Split(':');
            return new RestartPolicy { Name = parts[0], MaximumRetryCount = parts.Length > 1 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int most) ? most : 0 };
        }

        Mapping? policy = map.Map("deploy").Map("restart_policy");
        return policy is null ? new RestartPolicy() : new RestartPolicy
        {
            Name = policy.Text("condition") switch { "none" => "no", "on-failure" => "on-failure", "unless-stopped" => "unless-stopped", _ => "always" },
            MaximumRetryCount = policy.Text("condition") == "on-failure" ? (int)(policy.Number("max_attempts") ?? 0) : 0,
        };
    }

    private static Dictionary<string, string>? Tmpfs(Mapping map)
    {
        Dictionary<string, string> mounts = map.Texts("tmpfs").Select(t => t.Split(':', 2)).ToDictionary(p => p[0], p => p.Length > 1 ? p[1] : "", StringComparer.Ordinal);
        return mounts.Count > 0 ? mounts : null;
    }

    private static List<string>? VolumesFrom(NewContainer container)
    {
        List<string> sources = [];
        foreach (string from in container.Service.Map.Texts("volumes_from"))
        {
            string[] parts = from.Split(':');
            bool named = parts[0] == "container";
            string id = named ? parts[1] : container.ContainerOf(parts[0]) ?? throw new ComposeException($"service {container.Service.Name}: {parts[0]} has no container");
            string mode = string.Join(':', parts.Skip(named ? 2 : 1));
            sources.Add(mode.Length > 0 ? $"{id}:{mode}" : id);
        }

        return sources.Count > 0 ? sources : null;
    }

    private static List<ThrottleDevice> Rates(Mapping map, string key) =>
        [.. map.Map("blkio_config").Items(key).OfType<Mapping>().Select(d => new ThrottleDevice { Path = d.Text("path") ?? "", Rate = (ulong)(d.Number("rate") ?? 0) })];

    private static List<DeviceRequest>? Requests(IEnumerable<Node> devices)
    {
        List<DeviceRequest> requests = [.. devices.OfType<Mapping>().Select(d => new DeviceRequest
        {
            Driver = d.Text("driver") ?? "",
            Count = (int)(d.Number("count") ?? (d.Items("device_ids").Count > 0 ? 0 : -1)),
            DeviceIDs = d.Items("device_ids").Count > 0 ? d.Texts("device_ids") : null,
            Capabilities = [d.Items("capabilities").Count > 0 ? d.Texts("capabilities") : ["gpu"]],
            Options = Pairs(d, "options"),
        })];
        return requests.Count > 0 ? requests : null;
    }

    private static List<Ulimit> Ulimits(Mapping? limits) => [.. limits?.Entries.Select(e => e.Value is Mapping both
        ? new Ulimit { Name = e.Key, Soft = both.Number("soft") ?? 0, Hard = both.Number("hard") ?? 0 }
        : new Ulimit { Name = e.Key, Soft = limits.Number(e.Key) ?? 0, Hard = limits.Number(e.Key) ?? 0 }) ?? []];
}
