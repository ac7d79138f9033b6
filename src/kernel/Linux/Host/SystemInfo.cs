using System.Globalization;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>True values about the machine.</summary>
public static class SystemInfo
{
    private const int ClockTicksName = 2;

    /// <summary>The kernel's release ("6.1.0-13-amd64").</summary>
    public static string KernelRelease => ReadLine("/proc/sys/kernel/osrelease");
    /// <summary>The kernel's build ("#1 SMP PREEMPT_DYNAMIC …").</summary>
    public static string KernelVersion => ReadLine("/proc/sys/kernel/version");
    /// <summary>uname -m: "x86_64" or "aarch64".</summary>
    public static string Machine => FileCalls.IsArm ? "aarch64" : "x86_64";
    /// <summary>The host's name in this UTS namespace.</summary>
    public static string HostName => ReadLine("/proc/sys/kernel/hostname");
    /// <summary>Usable main memory in bytes.</summary>
    public static long MemoryTotal => KiloBytes("MemTotal:");
    /// <summary>Swap space in bytes.</summary>
    public static long SwapTotal => KiloBytes("SwapTotal:");
    /// <summary>Processors that this process may use.</summary>
    public static int CpuCount => Environment.ProcessorCount;
    /// <summary>PRETTY_NAME of os-release(5), or "Linux".</summary>
    public static string OsName => OsRelease("PRETTY_NAME") ?? "Linux";
    /// <summary>VERSION_ID of os-release(5), or empty.</summary>
    public static string OsVersion => OsRelease("VERSION_ID") ?? "";
    /// <summary>Clock ticks per second in /proc (USER_HZ).</summary>
    public static long ClockTicks { get; } = ProcessCalls.SystemConfiguration(ClockTicksName);
    /// <summary>The kernel filters system calls.</summary>
    public static bool HasSeccomp => File.Exists("/proc/sys/kernel/seccomp/actions_avail");
    /// <summary>AppArmor is switched on.</summary>
    public static bool HasAppArmor =>
        File.Exists("/sys/module/apparmor/parameters/enabled") && ReadLine("/sys/module/apparmor/parameters/enabled") == "Y";

    /// <summary>A value of os-release(5); null when it is not there.</summary>
    public static string? OsRelease(string key)
    {
        var path = File.Exists("/etc/os-release") ? "/etc/os-release" : "/usr/lib/os-release";
        return !File.Exists(path)
            ? null
            : File.ReadLines(path).FirstOrDefault(l => l.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..].Trim('"', '\'');
    }

    private static long KiloBytes(string key)
    {
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    private static string ReadLine(string path) => File.ReadAllText(path).TrimEnd('\n');
}
