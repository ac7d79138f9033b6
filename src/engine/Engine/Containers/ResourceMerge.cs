using Slipway.DockerApi;

namespace Slipway.Engine.Containers;

/// <summary>Lays the limits of an update over those of a container: what the update leaves at zero or null stays.</summary>
internal static class ResourceMerge
{
    /// <summary>The container's host configuration with the update's limits.</summary>
    internal static HostConfig Apply(HostConfig now, Resources asked) => now with
    {
        CpuShares = Or(asked.CpuShares, now.CpuShares),
        Memory = Or(asked.Memory, now.Memory),
        MemorySwap = Or(asked.MemorySwap, now.MemorySwap),
        MemoryReservation = Or(asked.MemoryReservation, now.MemoryReservation),
        NanoCpus = Or(asked.NanoCpus, asked.CpuPeriod != 0 || asked.CpuQuota != 0 ? 0 : now.NanoCpus),
        CpuPeriod = Or(asked.CpuPeriod, asked.NanoCpus != 0 ? 0 : now.CpuPeriod),
        CpuQuota = Or(asked.CpuQuota, asked.NanoCpus != 0 ? 0 : now.CpuQuota),
        CpuRealtimePeriod = Or(asked.CpuRealtimePeriod, now.CpuRealtimePeriod),
        CpuRealtimeRuntime = Or(asked.CpuRealtimeRuntime, now.CpuRealtimeRuntime),
        CpusetCpus = asked.CpusetCpus.Length > 0 ? asked.CpusetCpus : now.CpusetCpus,
        CpusetMems = asked.CpusetMems.Length > 0 ? asked.CpusetMems : now.CpusetMems,
        BlkioWeight = asked.BlkioWeight != 0 ? asked.BlkioWeight : now.BlkioWeight,
        PidsLimit = asked.PidsLimit ?? now.PidsLimit,
    };

    private static long Or(long asked, long now) => asked != 0 ? asked : now;
}
