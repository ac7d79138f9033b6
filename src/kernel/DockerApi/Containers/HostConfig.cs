using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>How a container is bound to its host, resource limits included (Engine API <c>HostConfig</c>).</summary>
public sealed record HostConfig : Resources
{
    /// <summary><c>source:destination[:options]</c> bind mounts and named volumes.</summary>
    public IReadOnlyList<string>? Binds { get; init; }

    /// <summary>File the client wrote the id to; unused by the engine.</summary>
    public string ContainerIDFile { get => field ?? ""; init; }

    /// <summary>Log driver and its options.</summary>
    public LogConfig LogConfig { get => field ?? new(); init; }

    /// <summary><c>default</c>, <c>none</c>, <c>host</c>, <c>bridge</c>, <c>container:ID</c> or a network's name.</summary>
    public string NetworkMode { get => field ?? ""; init; }

    /// <summary>Host ports per container port, keyed <c>port/protocol</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? PortBindings { get; init; }

    /// <summary>What happens when the container ends.</summary>
    public RestartPolicy RestartPolicy { get => field ?? new(); init; }

    /// <summary>Whether the container is removed when it ends.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>Driver of volumes named in <c>Binds</c>.</summary>
    public string VolumeDriver { get => field ?? ""; init; }

    /// <summary><c>container</c> or <c>container:ro</c> whose mounts are taken over.</summary>
    public IReadOnlyList<string>? VolumesFrom { get; init; }

    /// <summary>Initial terminal height and width in characters.</summary>
    public IReadOnlyList<uint>? ConsoleSize { get; init; }

    /// <summary>Values handed to the OCI runtime unchanged.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Capabilities added to the default set; <c>ALL</c> is allowed.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? CapAdd { get; init; }

    /// <summary>Capabilities dropped from the default set.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? CapDrop { get; init; }

    /// <summary><c>private</c> or <c>host</c>; empty takes the daemon's default.</summary>
    public string CgroupnsMode { get => field ?? ""; init; }

    /// <summary>Name servers of the container.</summary>
    public IReadOnlyList<string>? Dns { get; init; }

    /// <summary><c>options</c> entries of resolv.conf.</summary>
    public IReadOnlyList<string>? DnsOptions { get; init; }

    /// <summary>Search domains of resolv.conf.</summary>
    public IReadOnlyList<string>? DnsSearch { get; init; }

    /// <summary><c>name:address</c> lines for /etc/hosts.</summary>
    public IReadOnlyList<string>? ExtraHosts { get; init; }

    /// <summary>Supplementary groups, names or numbers.</summary>
    public IReadOnlyList<string>? GroupAdd { get; init; }

    /// <summary><c>none</c>, <c>private</c>, <c>shareable</c>, <c>host</c> or <c>container:ID</c>.</summary>
    public string IpcMode { get => field ?? ""; init; }

    /// <summary>Cgroup of another container to join; only for compatibility.</summary>
    public string Cgroup { get => field ?? ""; init; }

    /// <summary><c>container:alias</c> legacy links.</summary>
    public IReadOnlyList<string>? Links { get; init; }

    /// <summary>OOM killer preference, -1000 to 1000.</summary>
    public int OomScoreAdj { get; init; }

    /// <summary><c>container:ID</c>, <c>host</c> or empty for a namespace of its own.</summary>
    public string PidMode { get => field ?? ""; init; }

    /// <summary>Whether the container gets every capability and device.</summary>
    public bool Privileged { get; init; }

    /// <summary>Whether each exposed port gets a free host port.</summary>
    public bool PublishAllPorts { get; init; }

    /// <summary>Whether the root file system is mounted read-only.</summary>
    public bool ReadonlyRootfs { get; init; }

    /// <summary>Security options such as <c>no-new-privileges</c> or <c>seccomp=PROFILE</c>.</summary>
    public IReadOnlyList<string>? SecurityOpt { get; init; }

    /// <summary>Storage driver options of this container, such as <c>size</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? StorageOpt { get; init; }

    /// <summary>Paths to mount options of tmpfs mounts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }

    /// <summary><c>host</c> or empty.</summary>
    public string UTSMode { get => field ?? ""; init; }

    /// <summary><c>host</c> or empty.</summary>
    public string UsernsMode { get => field ?? ""; init; }

    /// <summary>Bytes of /dev/shm; zero takes the default.</summary>
    public long ShmSize { get; init; }

    /// <summary>Namespaced kernel parameters.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Sysctls { get; init; }

    /// <summary>Name of the OCI runtime; absent takes the default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Runtime { get; init; }

    /// <summary>Windows only; <c>default</c> or empty here.</summary>
    public string Isolation { get => field ?? ""; init; }

    /// <summary>Mounts in structured form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Mount>? Mounts { get; init; }

    /// <summary>Paths hidden from the container; null takes the default, empty hides none.</summary>
    public IReadOnlyList<string>? MaskedPaths { get; init; }

    /// <summary>Paths made read-only; null takes the default, empty none.</summary>
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    /// <summary>Whether an init process reaps children; null takes the daemon's default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Init { get; init; }
}
