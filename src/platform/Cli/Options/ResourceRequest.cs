using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Limits of CPU, memory, processes and devices, for create and update.</summary>
internal static class ResourceRequest
{
    public static JsonObject Build(FlagValues flags)
    {
        JsonObject resources = Common(flags);
        resources["CgroupParent"] = flags.String("cgroup-parent");
        resources["MemorySwappiness"] = flags.IntOrNull("memory-swappiness");
        resources["KernelMemory"] = flags.Has("kernel-memory") ? flags.Bytes("kernel-memory") : null;
        resources["OomKillDisable"] = flags.Bool("oom-kill-disable");
        resources["OomScoreAdj"] = flags.Int("oom-score-adj");
        resources["CpuCount"] = flags.Int("cpu-count");
        resources["CpuPercent"] = flags.Int("cpu-percent");
        resources["IOMaximumBandwidth"] = flags.Bytes("io-maxbandwidth");
        resources["IOMaximumIOps"] = flags.Int("io-maxiops");
        resources["BlkioWeightDevice"] = Array(flags, "blkio-weight-device", DeviceOptions.Weight);
        resources["BlkioDeviceReadBps"] = Array(flags, "device-read-bps", t => DeviceOptions.Throttle(t, bytes: true));
        resources["BlkioDeviceWriteBps"] = Array(flags, "device-write-bps", t => DeviceOptions.Throttle(t, bytes: true));
        resources["BlkioDeviceReadIOps"] = Array(flags, "device-read-iops", t => DeviceOptions.Throttle(t, bytes: false));
        resources["BlkioDeviceWriteIOps"] = Array(flags, "device-write-iops", t => DeviceOptions.Throttle(t, bytes: false));
        resources["Ulimits"] = Array(flags, "ulimit", UlimitOption.Read);
        resources["DeviceCgroupRules"] = JsonBuild.StringsOrNull(flags.List("device-cgroup-rule"));
        resources["Devices"] = JsonBuild.Array(flags.List("device").Where(d => !DeviceOptions.IsCdi(d)).Select(DeviceOptions.Device));
        resources["DeviceRequests"] = Requests(flags);
        return resources;
    }

    /// <summary>The limits that <c>update</c> can change; absent means unchanged.</summary>
    public static JsonObject Update(FlagValues flags)
    {
        JsonObject changes = [];
        foreach ((string name, JsonNode? value) in Common(flags).ToList())
        {
            if (value is JsonValue number && number.ToJsonString() is not ("0" or "\"\""))
            {
                changes[name] = number.DeepClone();
            }
        }

        if (flags.Has("restart"))
        {
            changes["RestartPolicy"] = RestartOption.Read(flags.String("restart"));
        }

        return changes;
    }

    private static JsonObject Common(FlagValues flags) => new()
    {
        ["CpuShares"] = flags.Int("cpu-shares"),
        ["Memory"] = flags.Bytes("memory"),
        ["NanoCpus"] = flags.StringOrNull("cpus") is { } cpus ? CpuCount.Parse(cpus) : 0,
        ["BlkioWeight"] = flags.Int("blkio-weight"),
        ["CpuPeriod"] = flags.Int("cpu-period"),
        ["CpuQuota"] = flags.Int("cpu-quota"),
        ["CpuRealtimePeriod"] = flags.Int("cpu-rt-period"),
        ["CpuRealtimeRuntime"] = flags.Int("cpu-rt-runtime"),
        ["CpusetCpus"] = flags.String("cpuset-cpus"),
        ["CpusetMems"] = flags.String("cpuset-mems"),
        ["MemoryReservation"] = flags.Bytes("memory-reservation"),
        ["MemorySwap"] = flags.Bytes("memory-swap"),
        ["PidsLimit"] = flags.IntOrNull("pids-limit"),
    };

    private static JsonArray? Requests(FlagValues flags)
    {
        List<JsonNode?> requests = [.. flags.List("gpus").Select(DeviceOptions.Gpus)];
        List<string> cdi = [.. flags.List("device").Where(DeviceOptions.IsCdi)];
        if (cdi.Count > 0)
        {
            requests.Add(new JsonObject { ["Driver"] = "cdi", ["DeviceIDs"] = JsonBuild.Strings(cdi) });
        }

        return requests.Count > 0 ? JsonBuild.Array(requests) : null;
    }

    private static JsonArray? Array(FlagValues flags, string name, Func<string, JsonObject> read) =>
        flags.Has(name) ? JsonBuild.Array(flags.List(name).Select(read)) : null;
}
