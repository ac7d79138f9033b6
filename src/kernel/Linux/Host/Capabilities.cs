using System.Globalization;

namespace Slipway.Linux;

/// <summary>capabilities(7): names, numbers and what this process has.</summary>
public static class Capabilities
{
    private static readonly string[] Names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
        "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>All names; the index is the capability's number.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>What this process may do now.</summary>
    public static IReadOnlySet<string> Effective => Of("CapEff:");

    /// <summary>What this process can give to its children at most.</summary>
    public static IReadOnlySet<string> Bounding => Of("CapBnd:");

    /// <summary>The number of "CAP_CHOWN"; null when there is no such capability.</summary>
    public static int? Number(string name)
    {
        var index = Array.IndexOf(Names, name);
        return index < 0 ? null : index;
    }

    private static HashSet<string> Of(string key)
    {
        var line = File.ReadLines("/proc/thread-self/status").First(l => l.StartsWith(key, StringComparison.Ordinal));
        var bits = ulong.Parse(line.AsSpan(key.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return Names.Where((_, number) => (bits >> number & 1) != 0).ToHashSet(StringComparer.Ordinal);
    }
}
