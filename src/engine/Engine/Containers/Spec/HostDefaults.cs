using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>What a host configuration means where it says nothing.</summary>
internal static class HostDefaults
{
    /// <summary>Fills in every default, so that the record alone says how the container runs.</summary>
    public static HostConfig Complete(HostConfig asked, EngineOptions options, HostFacts host) => asked with
    {
        NetworkMode = asked.NetworkMode is "" or "default" ? "bridge" : asked.NetworkMode,
        IpcMode = asked.IpcMode.Length > 0 ? asked.IpcMode : "private",
        CgroupnsMode = CgroupNamespace(asked, host),
        ShmSize = asked.ShmSize != 0 ? asked.ShmSize : options.ShmSize,
        RestartPolicy = asked.RestartPolicy.Name.Length > 0 ? asked.RestartPolicy : asked.RestartPolicy with { Name = "no" },
        Runtime = string.IsNullOrEmpty(asked.Runtime) ? options.DefaultRuntime : asked.Runtime,
        LogConfig = asked.LogConfig.Type.Length > 0
            ? asked.LogConfig
            : new LogConfig { Type = options.LogDriver, Config = Merge(options.LogOptions, asked.LogConfig.Config) },
        MaskedPaths = asked.Privileged ? null : asked.MaskedPaths ?? DefaultPaths.Masked(host),
        ReadonlyPaths = asked.Privileged ? null : asked.ReadonlyPaths ?? DefaultPaths.ReadOnly,
        PidsLimit = asked.PidsLimit ?? (options.PidsLimit > 0 ? options.PidsLimit : null),
        ConsoleSize = asked.ConsoleSize is { Count: 2 } ? asked.ConsoleSize : [0, 0],
    };

    /// <summary>The same configuration with other resources.</summary>
    public static HostConfig WithResources(HostConfig config, Resources r) => config with
    {
        Memory = r.Memory, MemorySwap = r.MemorySwap, MemoryReservation = r.MemoryReservation, MemorySwappiness = r.MemorySwappiness,
        KernelMemory = r.KernelMemory, KernelMemoryTCP = r.KernelMemoryTCP, OomKillDisable = r.OomKillDisable, PidsLimit = r.PidsLimit,
        CpuShares = r.CpuShares, NanoCpus = r.NanoCpus, CpuPeriod = r.CpuPeriod, CpuQuota = r.CpuQuota, CpuPercent = r.CpuPercent,
        CpuRealtimePeriod = r.CpuRealtimePeriod, CpuRealtimeRuntime = r.CpuRealtimeRuntime, CpusetCpus = r.CpusetCpus, CpusetMems = r.CpusetMems,
        BlkioWeight = r.BlkioWeight, BlkioWeightDevice = r.BlkioWeightDevice, BlkioDeviceReadBps = r.BlkioDeviceReadBps,
        BlkioDeviceWriteBps = r.BlkioDeviceWriteBps, BlkioDeviceReadIOps = r.BlkioDeviceReadIOps, BlkioDeviceWriteIOps = r.BlkioDeviceWriteIOps,
    };

    // On the v1 hierarchies the host's view is the default; with v2 even privileged containers get their own.
    private static string CgroupNamespace(HostConfig asked, HostFacts host) =>
        asked.CgroupnsMode.Length > 0 ? asked.CgroupnsMode : host.UnifiedCgroups ? "private" : "host";

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> defaults, IReadOnlyDictionary<string, string>? own)
    {
        var all = new Dictionary<string, string>(defaults);
        foreach (var (key, value) in own ?? new Dictionary<string, string>())
        {
            all[key] = value;
        }

        return all;
    }
}
