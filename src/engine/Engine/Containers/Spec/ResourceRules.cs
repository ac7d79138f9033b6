using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Which resource limits make sense and which this kernel can keep. What it cannot keep is dropped with Docker's warning.</summary>
public static class ResourceRules
{
    /// <summary>Least memory a container may be limited to, in bytes: the runtime itself needs about that much to start one.</summary>
    private const long LeastMemory = 6 << 20;

    private const long MinShares = 2;
    private const long MaxShares = 262144;

    /// <summary>Completes and checks limits, for a new container or for an update of one.</summary>
    /// <param name="asked">The limits wanted; for an update, already merged with the present ones.</param>
    /// <param name="host">What this machine can keep.</param>
    /// <param name="isUpdate">Whether a swap limit may come without a memory limit.</param>
    /// <param name="warnings">Receives what was dropped.</param>
    public static Resources Normalize(Resources asked, HostFacts host, bool isUpdate, List<string> warnings)
    {
        var r = Memory(asked, host, isUpdate, warnings);
        r = Pids(r, host, warnings);
        r = Cpu(r, host, warnings);
        r = Cpuset(r, host, warnings);
        return BlockIo(r, host, warnings);
    }

    private static Resources Memory(Resources r, HostFacts host, bool isUpdate, List<string> warnings)
    {
        Refuse(r.Memory != 0 && r.Memory < LeastMemory, "Minimum memory limit allowed is 6MB");
        // Twice the memory, half of it swap, unless something else is asked.
        r = r.Memory > 0 && r.MemorySwap == 0 ? r with { MemorySwap = r.Memory > long.MaxValue / 2 ? -1 : r.Memory * 2 } : r;
        if (r.MemorySwappiness == -1)
        {
            r = r with { MemorySwappiness = null };
        }

        if (r.Memory > 0 && !host.Controllers.Contains("memory"))
        {
            warnings.Add("Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.");
            r = r with { Memory = 0, MemorySwap = -1 };
        }

        if (r.Memory > 0 && r.MemorySwap != -1 && !host.SwapLimit)
        {
            warnings.Add("Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.");
            r = r with { MemorySwap = -1 };
        }

        Refuse(r.Memory > 0 && r.MemorySwap > 0 && r.MemorySwap < r.Memory, "Minimum memoryswap limit should be larger than memory limit, see usage");
        Refuse(r.Memory == 0 && r.MemorySwap > 0 && !isUpdate, "You should always set the Memory limit when using Memoryswap limit, see usage");
        Refuse(r.MemorySwap < -1, $"invalid memory swap limit: {r.MemorySwap}");
        return Swappiness(Reservation(r, host, warnings), host, warnings);
    }

    private static Resources Reservation(Resources r, HostFacts host, List<string> warnings)
    {
        if (r.MemoryReservation > 0 && !host.Controllers.Contains("memory"))
        {
            warnings.Add("Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.");
            r = r with { MemoryReservation = 0 };
        }

        Refuse(r.MemoryReservation != 0 && r.MemoryReservation < LeastMemory, "Minimum memory reservation allowed is 6MB");
        Refuse(r.Memory > 0 && r.MemoryReservation > r.Memory, "Minimum memory limit can not be less than memory reservation limit, see usage");
        if (r.KernelMemory > 0 || r.KernelMemoryTCP > 0)
        {
            warnings.Add("Your kernel does not support kernel memory limit capabilities or the cgroup is not mounted. Limitation discarded.");
        }

        return r with { KernelMemory = 0, KernelMemoryTCP = 0 };
    }

    private static Resources Swappiness(Resources r, HostFacts host, List<string> warnings)
    {
        if (r.MemorySwappiness is { } swappiness)
        {
            Refuse(swappiness is < 0 or > 100, $"Invalid value: {swappiness}, valid memory swappiness range is 0-100");
            if (host.UnifiedCgroups || !host.Controllers.Contains("memory"))
            {
                warnings.Add("Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.");
                r = r with { MemorySwappiness = null };
            }
        }

        if (!host.OomKillDisable)
        {
            if (r.OomKillDisable == true)
            {
                warnings.Add("Your kernel does not support OomKillDisable. OomKillDisable discarded.");
            }

            return r with { OomKillDisable = null };
        }

        if (r.OomKillDisable == true && r.Memory == 0)
        {
            warnings.Add("OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.");
        }

        return r with { OomKillDisable = r.OomKillDisable ?? false };
    }

    private static Resources Pids(Resources r, HostFacts host, List<string> warnings)
    {
        if (r.PidsLimit is null || host.Controllers.Contains("pids"))
        {
            return r;
        }

        if (r.PidsLimit > 0)
        {
            warnings.Add("Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.");
        }

        return r with { PidsLimit = null };
    }

    private static Resources Cpu(Resources r, HostFacts host, List<string> warnings)
    {
        Refuse(r.NanoCpus > 0 && r.CpuPeriod > 0, "Conflicting options: Nano CPUs and CPU Period cannot both be set");
        Refuse(r.NanoCpus > 0 && r.CpuQuota > 0, "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
        var cpu = host.Controllers.Contains("cpu");
        Refuse(r.NanoCpus > 0 && !cpu, "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted");
        Refuse(r.NanoCpus < 0 || r.NanoCpus > host.Processors * 1_000_000_000L,
            $"Range of CPUs is from 0.01 to {host.Processors}.00, as there are only {host.Processors} CPUs available");
        Refuse(r.CpuShares < 0, "shares: invalid argument");
        if (r.CpuShares > 0)
        {
            r = r with { CpuShares = Math.Clamp(r.CpuShares, MinShares, MaxShares) };
        }

        if (!cpu && (r.CpuShares > 0 || r.CpuPeriod != 0 || r.CpuQuota != 0))
        {
            warnings.Add(r.CpuShares > 0
                ? "Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded."
                : "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.");
            r = r with { CpuShares = 0, CpuPeriod = 0, CpuQuota = 0 };
        }

        Refuse(r.CpuPeriod != 0 && r.CpuPeriod is < 1000 or > 1_000_000, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
        Refuse(r.CpuQuota is > 0 and < 1000, "CPU cfs quota can not be less than 1ms (i.e. 1000)");
        Refuse(r.CpuRealtimePeriod != 0 && !host.CpuRealtime, "kernel does not support CPU real-time scheduler");
        Refuse(r.CpuRealtimeRuntime != 0 && !host.CpuRealtime, "kernel does not support CPU real-time scheduler");
        Refuse(r.CpuRealtimePeriod != 0 && r.CpuRealtimeRuntime != 0 && r.CpuRealtimeRuntime > r.CpuRealtimePeriod,
            "cpu real-time runtime cannot be higher than cpu real-time period");
        if (r.CpuPercent > 0)
        {
            warnings.Add("linux does not support CPU percent. Percent discarded.");
            r = r with { CpuPercent = 0 };
        }

        return r;
    }

    private static Resources Cpuset(Resources r, HostFacts host, List<string> warnings)
    {
        if (r.CpusetCpus.Length == 0 && r.CpusetMems.Length == 0)
        {
            return r;
        }

        if (!host.Controllers.Contains("cpuset"))
        {
            warnings.Add("Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.");
            return r with { CpusetCpus = "", CpusetMems = "" };
        }

        var cpus = CpuList.Parse(r.CpusetCpus) ?? throw EngineException.Invalid($"Invalid value {r.CpusetCpus} for cpuset cpus");
        Refuse(!cpus.IsSubsetOf(CpuList.Parse(host.Cpus)!), $"Requested CPUs are not available - requested {r.CpusetCpus}, available: {host.Cpus}");
        var mems = CpuList.Parse(r.CpusetMems) ?? throw EngineException.Invalid($"Invalid value {r.CpusetMems} for cpuset mems");
        Refuse(!mems.IsSubsetOf(CpuList.Parse(host.Mems)!), $"Requested memory nodes are not available - requested {r.CpusetMems}, available: {host.Mems}");
        return r;
    }

    private static Resources BlockIo(Resources r, HostFacts host, List<string> warnings)
    {
        Refuse(r.IOMaximumBandwidth != 0 || r.IOMaximumIOps != 0, "Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps");
        if (r.BlkioWeight > 0 && !host.BlkioWeight)
        {
            warnings.Add("Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.");
            r = r with { BlkioWeight = 0 };
        }

        Refuse(r.BlkioWeight is > 0 and < 10 or > 1000, "Range of blkio weight is from 10 to 1000");
        if (r.BlkioWeightDevice is { Count: > 0 } && !host.BlkioWeight)
        {
            warnings.Add("Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.");
            r = r with { BlkioWeightDevice = [] };
        }

        if (host.Controllers.Contains("blkio"))
        {
            return r;
        }

        Drop(r.BlkioDeviceReadBps, "Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit discarded.", warnings);
        Drop(r.BlkioDeviceWriteBps, "Your kernel does not support BPS Block I/O write limit or the cgroup is not mounted. Block I/O BPS write limit discarded.", warnings);
        Drop(r.BlkioDeviceReadIOps, "Your kernel does not support IOPS Block read limit or the cgroup is not mounted. Block I/O IOPS read limit discarded.", warnings);
        Drop(r.BlkioDeviceWriteIOps, "Your kernel does not support IOPS Block write limit or the cgroup is not mounted. Block I/O IOPS write limit discarded.", warnings);
        return r with { BlkioDeviceReadBps = [], BlkioDeviceWriteBps = [], BlkioDeviceReadIOps = [], BlkioDeviceWriteIOps = [] };
    }

    private static void Drop(IReadOnlyList<ThrottleDevice>? devices, string warning, List<string> warnings)
    {
        if (devices is { Count: > 0 })
        {
            warnings.Add(warning);
        }
    }

    private static void Refuse(bool wrong, string message)
    {
        if (wrong)
        {
            throw EngineException.Invalid(message);
        }
    }
}
