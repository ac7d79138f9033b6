using Slipway.DockerApi;
using Slipway.Engine.Networks;

namespace Slipway.Engine.Containers;

/// <summary>Where a container is in its life. The names are Docker's <c>State.Status</c> in lower case.</summary>
public enum ContainerStatus
{
    /// <summary>Made, never started.</summary>
    Created,

    /// <summary>Its process runs.</summary>
    Running,

    /// <summary>Its process exists but is frozen.</summary>
    Paused,

    /// <summary>Ended, and waiting to be started again by its restart policy.</summary>
    Restarting,

    /// <summary>Its process ended.</summary>
    Exited,

    /// <summary>Being removed.</summary>
    Removing,

    /// <summary>Its removal failed half-way; only removal is possible.</summary>
    Dead,
}

/// <summary>The last thing that is known about a container's process.</summary>
public sealed record TaskState
{
    /// <summary>Where the container is in its life.</summary>
    public ContainerStatus Status { get; init; }

    /// <summary>Process id of the container's init in the host's pid namespace; 0 when there is none. Display only: signals go through a pidfd.</summary>
    public int Pid { get; init; }

    /// <summary>Start time of <see cref="Pid"/> in clock ticks since boot (proc_pid_stat(5) field 22), to tell it from a reused pid.</summary>
    public ulong StartTicks { get; init; }

    /// <summary>Process id of the container's conmon.</summary>
    public int MonitorPid { get; init; }

    /// <summary>Exit code of the last run: 0-255, 128 + signal when killed.</summary>
    public int ExitCode { get; init; }

    /// <summary>Why the last start failed, or empty.</summary>
    public string Error { get; init; } = "";

    /// <summary>Whether the kernel's OOM killer struck in the last run.</summary>
    public bool OomKilled { get; init; }

    /// <summary>When the last run began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last run ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>One mount of a container, resolved when the container was created.</summary>
public sealed record ContainerMount
{
    /// <summary><c>bind</c>, <c>volume</c>, <c>tmpfs</c> or <c>image</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Volume name for <c>volume</c>; for <c>image</c> its id, before it has been found its reference; otherwise empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>Host path of a bind mount or of the volume's data; empty for tmpfs.</summary>
    public string Source { get; init; } = "";

    /// <summary>Absolute, clean path inside the container.</summary>
    public required string Destination { get; init; }

    /// <summary>Volume driver, <c>local</c> for volumes.</summary>
    public string Driver { get; init; } = "";

    /// <summary>Options as given in the short syntax, such as <c>z,ro</c>.</summary>
    public string Mode { get; init; } = "";

    /// <summary>Whether the container may write.</summary>
    public bool ReadWrite { get; init; } = true;

    /// <summary>Mount propagation, such as <c>rprivate</c>.</summary>
    public string Propagation { get; init; } = "";

    /// <summary>Path inside the volume that is mounted instead of its root.</summary>
    public string Subpath { get; init; } = "";

    /// <summary>Whether the image's content is kept out of a new volume.</summary>
    public bool NoCopy { get; init; }

    /// <summary>Whether the volume was made for this container without a name, and goes with it.</summary>
    public bool Anonymous { get; init; }

    /// <summary>For <c>image</c>: digest of the manifest whose layers are mounted; null until the image has been found.</summary>
    public string? ManifestDigest { get; init; }

    /// <summary>For <c>image</c>: the top of its layers; null for an image without layers.</summary>
    public string? ChainId { get; init; }

    /// <summary>The mount as it was asked for through the Mounts API, if it was.</summary>
    public Mount? Spec { get; init; }
}

/// <summary>
/// Everything that is kept about a container: one immutable document, replaced as a whole. It is a row of
/// <see cref="State.StateRoom.Containers"/>, keyed by id.
/// </summary>
public sealed record ContainerRecord
{
    /// <summary>64 lower-case hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Name without a leading slash.</summary>
    public required string Name { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The image as the creator named it.</summary>
    public string ImageName { get; init; } = "";

    /// <summary>Digest of the image's config.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>Digest of the image's manifest for the container's platform.</summary>
    public string ManifestDigest { get; init; } = "";

    /// <summary>ChainID of the image's top layer; null for an image without layers.</summary>
    public string? ChainId { get; init; }

    /// <summary>Operating system of the image, <c>linux</c>.</summary>
    public string Platform { get; init; } = "linux";

    /// <summary>The program that is run.</summary>
    public string Path { get; init; } = "";

    /// <summary>Its arguments, without the program itself.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Configuration merged with the image's.</summary>
    public required ContainerConfig Config { get; init; }

    /// <summary>Host configuration with defaults filled in.</summary>
    public required HostConfig HostConfig { get; init; }

    /// <summary>Endpoints asked for at creation.</summary>
    public NetworkingConfig? NetworkingConfig { get; init; }

    /// <summary>Connections to networks, the one it was created with first.</summary>
    public IReadOnlyList<EndpointRecord> Endpoints { get => field ?? []; init; }

    /// <summary>Ports published on the host while it runs.</summary>
    public IReadOnlyList<PublishedPort> Ports { get => field ?? []; init; }

    /// <summary>Mounts, parents before children.</summary>
    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];

    /// <summary>State of its process.</summary>
    public TaskState State { get; init; } = new();

    /// <summary>How often the restart policy has restarted it.</summary>
    public int RestartCount { get; init; }

    /// <summary>Whether the last stop was asked for by a user, so that <c>unless-stopped</c> leaves it down.</summary>
    public bool HasBeenManuallyStopped { get; init; }

    /// <summary>Whether it was running when last seen, so that a restart policy applies after a reboot.</summary>
    public bool HasBeenStarted { get; init; }

    /// <summary>Result of its health checks, or null when it has none.</summary>
    public DockerApi.Health? Health { get; init; }
}
