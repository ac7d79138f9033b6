namespace Slipway.Engine.Containers.Spec;

/// <summary>Kernel files that a container must not see or write although they are not namespaced.</summary>
public static class DefaultPaths
{
    private static readonly string[] AlwaysMasked =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ];

    /// <summary>Made read-only.</summary>
    public static IReadOnlyList<string> ReadOnly { get; } = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>Hidden: hardware, keys and counters that leak what other processes do (power, interrupts and thermal side channels).</summary>
    public static IReadOnlyList<string> Masked(HostFacts host) => [.. AlwaysMasked, .. host.ThermalPaths];
}
