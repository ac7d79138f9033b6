using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>The Linux part (OCI runtime-spec, config-linux.md).</summary>
public sealed record LinuxSpec
{
    /// <summary>User namespace mapping.</summary>
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }

    /// <summary>User namespace mapping.</summary>
    public IReadOnlyList<IdMapping>? GidMappings { get; init; }

    /// <summary>Namespaced kernel parameters.</summary>
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }

    /// <summary>cgroup limits.</summary>
    public ResourcesSpec? Resources { get; init; }

    /// <summary>cgroup, in the runtime's notation.</summary>
    public string? CgroupsPath { get; init; }

    /// <summary>Namespaces to create or join.</summary>
    public IReadOnlyList<NamespaceSpec>? Namespaces { get; init; }

    /// <summary>Device nodes to create.</summary>
    public IReadOnlyList<DeviceSpec>? Devices { get; init; }

    /// <summary>System call filter.</summary>
    public SeccompSpec? Seccomp { get; init; }

    /// <summary>Propagation of the root mount.</summary>
    public string? RootfsPropagation { get; init; }

    /// <summary>Paths hidden from the container.</summary>
    public IReadOnlyList<string>? MaskedPaths { get; init; }

    /// <summary>Paths made read-only.</summary>
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    /// <summary>SELinux label of mounts.</summary>
    public string? MountLabel { get; init; }

    /// <summary>Clock offsets of a time namespace, by clock.</summary>
    public IReadOnlyDictionary<string, TimeOffset>? TimeOffsets { get; init; }

    /// <summary>Execution domain.</summary>
    public PersonalitySpec? Personality { get; init; }

    /// <summary>Cache and bandwidth allocation.</summary>
    public IntelRdtSpec? IntelRdt { get; init; }
}

/// <summary>One namespace.</summary>
public sealed record NamespaceSpec
{
    /// <summary><c>pid</c>, <c>network</c>, <c>mount</c>, <c>ipc</c>, <c>uts</c>, <c>user</c>, <c>cgroup</c> or <c>time</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Namespace to join; absent creates one.</summary>
    public string? Path { get; init; }
}

/// <summary>One device node.</summary>
public sealed record DeviceSpec
{
    /// <summary>Path in the container.</summary>
    public string Path { get => field ?? ""; init; }

    /// <summary><c>c</c>, <c>b</c>, <c>u</c> or <c>p</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Major.</summary>
    public long Major { get; init; }

    /// <summary>Minor.</summary>
    public long Minor { get; init; }

    /// <summary>Permission bits.</summary>
    public uint? FileMode { get; init; }

    /// <summary>Uid.</summary>
    public uint? Uid { get; init; }

    /// <summary>Gid.</summary>
    public uint? Gid { get; init; }
}

/// <summary>A clock offset.</summary>
public sealed record TimeOffset
{
    /// <summary>Seconds.</summary>
    public long Secs { get; init; }

    /// <summary>Nanoseconds.</summary>
    public uint Nanosecs { get; init; }
}

/// <summary>Execution domain (personality(2)).</summary>
public sealed record PersonalitySpec
{
    /// <summary><c>LINUX</c> or <c>LINUX32</c>.</summary>
    public string Domain { get => field ?? ""; init; }

    /// <summary>Flags.</summary>
    public IReadOnlyList<string>? Flags { get; init; }
}

/// <summary>Intel RDT.</summary>
public sealed record IntelRdtSpec
{
    /// <summary>Class of service.</summary>
    [JsonPropertyName("closID")]
    public string? ClosID { get; init; }

    /// <summary>L3cache schema.</summary>
    [JsonPropertyName("l3CacheSchema")]
    public string? L3CacheSchema { get; init; }

    /// <summary>Mem bw schema.</summary>
    [JsonPropertyName("memBwSchema")]
    public string? MemBwSchema { get; init; }
}

/// <summary>System call filter (seccomp(2)).</summary>
public sealed record SeccompSpec
{
    /// <summary><c>SCMP_ACT_…</c>.</summary>
    public string DefaultAction { get => field ?? ""; init; }

    /// <summary>errno of <c>SCMP_ACT_ERRNO</c>.</summary>
    public uint? DefaultErrnoRet { get; init; }

    /// <summary><c>SCMP_ARCH_…</c>.</summary>
    public IReadOnlyList<string>? Architectures { get; init; }

    /// <summary><c>SECCOMP_FILTER_FLAG_…</c>.</summary>
    public IReadOnlyList<string>? Flags { get; init; }

    /// <summary>Socket for notifications.</summary>
    public string? ListenerPath { get; init; }

    /// <summary>Opaque data for the listener.</summary>
    public string? ListenerMetadata { get; init; }

    /// <summary>Rules.</summary>
    public IReadOnlyList<SeccompRule>? Syscalls { get; init; }
}

/// <summary>One rule of a filter.</summary>
public sealed record SeccompRule
{
    /// <summary>System calls.</summary>
    public IReadOnlyList<string> Names { get => field ?? []; init; }

    /// <summary><c>SCMP_ACT_…</c>.</summary>
    public string Action { get => field ?? ""; init; }

    /// <summary>errno of <c>SCMP_ACT_ERRNO</c>.</summary>
    public uint? ErrnoRet { get; init; }

    /// <summary>Conditions on arguments.</summary>
    public IReadOnlyList<SeccompArg>? Args { get; init; }
}

/// <summary>A condition on one argument.</summary>
public sealed record SeccompArg
{
    /// <summary>Which argument.</summary>
    public uint Index { get; init; }

    /// <summary>Compared value.</summary>
    public ulong Value { get; init; }

    /// <summary>Second value, for masks.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong ValueTwo { get; init; }

    /// <summary><c>SCMP_CMP_…</c>.</summary>
    public string Op { get => field ?? ""; init; }
}
