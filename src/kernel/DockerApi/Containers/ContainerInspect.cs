using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Answer of <c>GET /containers/{id}/json</c>.</summary>
public sealed record ContainerInspect
{
    /// <summary>64 hex digits.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>RFC 3339 with nanoseconds.</summary>
    public string Created { get => field ?? ""; init; }

    /// <summary>Program that runs.</summary>
    public string Path { get => field ?? ""; init; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Args { get => field ?? []; init; }

    /// <summary>State of the process.</summary>
    public ContainerState State { get => field ?? new(); init; }

    /// <summary>Digest of the image.</summary>
    public string Image { get => field ?? ""; init; }

    /// <summary>Host path of resolv.conf.</summary>
    public string ResolvConfPath { get => field ?? ""; init; }

    /// <summary>Host path of the hostname file.</summary>
    public string HostnamePath { get => field ?? ""; init; }

    /// <summary>Host path of the hosts file.</summary>
    public string HostsPath { get => field ?? ""; init; }

    /// <summary>Host path of the log; empty when there is none.</summary>
    public string LogPath { get => field ?? ""; init; }

    /// <summary>Name with a leading slash.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Restarts by the restart policy.</summary>
    public int RestartCount { get; init; }

    /// <summary>Storage driver.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary><c>linux</c>.</summary>
    public string Platform { get => field ?? ""; init; }

    /// <summary>Platform manifest the container was made from (API 1.48).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OciDescriptor? ImageManifestDescriptor { get; init; }

    /// <summary>SELinux label of mounts.</summary>
    public string MountLabel { get => field ?? ""; init; }

    /// <summary>SELinux label of the process.</summary>
    public string ProcessLabel { get => field ?? ""; init; }

    /// <summary>AppArmor profile.</summary>
    public string AppArmorProfile { get => field ?? ""; init; }

    /// <summary>Running execs; null when there are none.</summary>
    public IReadOnlyList<string>? ExecIDs { get; init; }

    /// <summary>Host part as stored.</summary>
    public HostConfig HostConfig { get => field ?? new(); init; }

    /// <summary>Storage driver's view.</summary>
    public DriverData GraphDriver { get => field ?? new(); init; }

    /// <summary>Bytes written by the container; only on request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRw { get; init; }

    /// <summary>Bytes of the whole root file system; only on request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRootFs { get; init; }

    /// <summary>Mounts.</summary>
    public IReadOnlyList<MountPoint> Mounts { get => field ?? []; init; }

    /// <summary>Config as stored.</summary>
    public ContainerConfig Config { get => field ?? new(); init; }

    /// <summary>Addresses and ports.</summary>
    public NetworkSettings NetworkSettings { get => field ?? new(); init; }
}

/// <summary>State of a container's process.</summary>
public sealed record ContainerState
{
    /// <summary><c>created</c>, <c>running</c>, <c>paused</c>, <c>restarting</c>, <c>removing</c>, <c>exited</c> or <c>dead</c>.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>True also while paused.</summary>
    public bool Running { get; init; }

    /// <summary>Paused.</summary>
    public bool Paused { get; init; }

    /// <summary>Restarting.</summary>
    public bool Restarting { get; init; }

    /// <summary>Whether a process was ended by the OOM killer.</summary>
    public bool OOMKilled { get; init; }

    /// <summary>Dead.</summary>
    public bool Dead { get; init; }

    /// <summary>Process id on the host; zero when not running.</summary>
    public int Pid { get; init; }

    /// <summary>Exit code of the last run.</summary>
    public int ExitCode { get; init; }

    /// <summary>Why the start failed.</summary>
    public string Error { get => field ?? ""; init; }

    /// <summary>RFC 3339; year 1 when never started.</summary>
    public string StartedAt { get => field ?? ""; init; }

    /// <summary>RFC 3339; year 1 when never ended.</summary>
    public string FinishedAt { get => field ?? ""; init; }

    /// <summary>Result of the health test, if there is one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Health? Health { get; init; }
}

/// <summary>Health of a container.</summary>
public sealed record Health
{
    /// <summary><c>none</c>, <c>starting</c>, <c>healthy</c> or <c>unhealthy</c>.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>Failures in a row.</summary>
    public int FailingStreak { get; init; }

    /// <summary>Latest results, oldest first.</summary>
    public IReadOnlyList<HealthcheckResult>? Log { get; init; }
}

/// <summary>Outcome of one health test.</summary>
public sealed record HealthcheckResult
{
    /// <summary>RFC 3339.</summary>
    public string Start { get => field ?? ""; init; }

    /// <summary>RFC 3339.</summary>
    public string End { get => field ?? ""; init; }

    /// <summary>0 healthy, 1 unhealthy, other values are errors.</summary>
    public int ExitCode { get; init; }

    /// <summary>Output, at most 4096 bytes.</summary>
    public string Output { get => field ?? ""; init; }
}

/// <summary>What a storage driver says about an object.</summary>
public sealed record DriverData
{
    /// <summary>Driver-specific values.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>Driver name.</summary>
    public string Name { get => field ?? ""; init; }
}
