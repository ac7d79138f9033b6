using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>Program of a container or exec.</summary>
public sealed record ProcessSpec
{
    /// <summary>Whether it has a terminal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Terminal { get; init; }

    /// <summary>Initial size of the terminal.</summary>
    public ConsoleSize? ConsoleSize { get; init; }

    /// <summary>Who it runs as.</summary>
    public UserSpec User { get => field ?? new(); init; }

    /// <summary>Program and arguments.</summary>
    public IReadOnlyList<string> Args { get => field ?? []; init; }

    /// <summary>Windows only.</summary>
    public string? CommandLine { get; init; }

    /// <summary><c>NAME=value</c> entries.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Absolute working directory.</summary>
    public string Cwd { get => field ?? ""; init; }

    /// <summary>Capability sets.</summary>
    public CapabilitiesSpec? Capabilities { get; init; }

    /// <summary>Resource limits.</summary>
    public IReadOnlyList<RlimitSpec>? Rlimits { get; init; }

    /// <summary>Whether execve may give no privileges.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NoNewPrivileges { get; init; }

    /// <summary>AppArmor profile.</summary>
    public string? ApparmorProfile { get; init; }

    /// <summary>SELinux label.</summary>
    public string? SelinuxLabel { get; init; }

    /// <summary>-1000 to 1000.</summary>
    public int? OomScoreAdj { get; init; }

    /// <summary>Scheduling policy.</summary>
    public SchedulerSpec? Scheduler { get; init; }

    /// <summary>I/O priority.</summary>
    public IoPrioritySpec? IoPriority { get; init; }
}

/// <summary>Size of a terminal in characters.</summary>
public sealed record ConsoleSize
{
    /// <summary>Rows.</summary>
    public uint Height { get; init; }

    /// <summary>Columns.</summary>
    public uint Width { get; init; }
}

/// <summary>User and groups.</summary>
public sealed record UserSpec
{
    /// <summary>User id.</summary>
    public uint Uid { get; init; }

    /// <summary>Group id.</summary>
    public uint Gid { get; init; }

    /// <summary>File mode mask.</summary>
    public uint? Umask { get; init; }

    /// <summary>Supplementary groups.</summary>
    public IReadOnlyList<uint>? AdditionalGids { get; init; }
}

/// <summary>Capability sets, names with <c>CAP_</c>.</summary>
public sealed record CapabilitiesSpec
{
    /// <summary>Bounding.</summary>
    public IReadOnlyList<string>? Bounding { get; init; }

    /// <summary>Effective.</summary>
    public IReadOnlyList<string>? Effective { get; init; }

    /// <summary>Inheritable.</summary>
    public IReadOnlyList<string>? Inheritable { get; init; }

    /// <summary>Permitted.</summary>
    public IReadOnlyList<string>? Permitted { get; init; }

    /// <summary>Ambient.</summary>
    public IReadOnlyList<string>? Ambient { get; init; }
}

/// <summary>One resource limit.</summary>
public sealed record RlimitSpec
{
    /// <summary><c>RLIMIT_…</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Ceiling.</summary>
    public ulong Hard { get; init; }

    /// <summary>Limit in force.</summary>
    public ulong Soft { get; init; }
}

/// <summary>Scheduling policy (sched_setattr(2)).</summary>
public sealed record SchedulerSpec
{
    /// <summary><c>SCHED_OTHER</c>, <c>SCHED_FIFO</c>, …</summary>
    public string Policy { get => field ?? ""; init; }

    /// <summary>Nice.</summary>
    public int? Nice { get; init; }

    /// <summary>Priority.</summary>
    public int? Priority { get; init; }

    /// <summary>Flags.</summary>
    public IReadOnlyList<string>? Flags { get; init; }

    /// <summary>Nanoseconds.</summary>
    public ulong? Runtime { get; init; }

    /// <summary>Nanoseconds.</summary>
    public ulong? Deadline { get; init; }

    /// <summary>Nanoseconds.</summary>
    public ulong? Period { get; init; }
}

/// <summary>I/O priority (ioprio_set(2)).</summary>
public sealed record IoPrioritySpec
{
    /// <summary><c>IOPRIO_CLASS_RT</c>, <c>IOPRIO_CLASS_BE</c> or <c>IOPRIO_CLASS_IDLE</c>.</summary>
    public string Class { get => field ?? ""; init; }

    /// <summary>0 to 7.</summary>
    public int Priority { get; init; }
}
