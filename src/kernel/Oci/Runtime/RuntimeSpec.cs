using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>The <c>config.json</c> of an OCI bundle for Linux (OCI runtime-spec, config.md).</summary>
public sealed record RuntimeSpec
{
    /// <summary>Version of the specification.</summary>
    public string OciVersion { get => field ?? ""; init; }

    /// <summary>Program to run.</summary>
    public ProcessSpec? Process { get; init; }

    /// <summary>Root file system.</summary>
    public RootSpec? Root { get; init; }

    /// <summary>Host name; needs a UTS namespace.</summary>
    public string? Hostname { get; init; }

    /// <summary>NIS domain name.</summary>
    public string? Domainname { get; init; }

    /// <summary>Mounts in order.</summary>
    public IReadOnlyList<MountSpec>? Mounts { get; init; }

    /// <summary>Programs run at points of the life cycle.</summary>
    public HooksSpec? Hooks { get; init; }

    /// <summary>Free metadata.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>The Linux part.</summary>
    public LinuxSpec? Linux { get; init; }
}

/// <summary>Root file system of a container.</summary>
public sealed record RootSpec
{
    /// <summary>Absolute, or relative to the bundle.</summary>
    public string Path { get => field ?? ""; init; }

    /// <summary>Whether it is read-only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Readonly { get; init; }
}

/// <summary>One mount.</summary>
public sealed record MountSpec
{
    /// <summary>Absolute path in the container.</summary>
    public string Destination { get => field ?? ""; init; }

    /// <summary>File system type.</summary>
    public string? Type { get; init; }

    /// <summary>Device, directory or name.</summary>
    public string? Source { get; init; }

    /// <summary>Mount options.</summary>
    public IReadOnlyList<string>? Options { get; init; }

    /// <summary>Ids of an id-mapped mount.</summary>
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }

    /// <summary>Ids of an id-mapped mount.</summary>
    public IReadOnlyList<IdMapping>? GidMappings { get; init; }
}

/// <summary>Programs run at points of the life cycle.</summary>
public sealed record HooksSpec
{
    /// <summary>Deprecated.</summary>
    public IReadOnlyList<HookSpec>? Prestart { get; init; }

    /// <summary>In the runtime's namespaces, after they were made.</summary>
    public IReadOnlyList<HookSpec>? CreateRuntime { get; init; }

    /// <summary>In the container's namespaces, before pivot_root.</summary>
    public IReadOnlyList<HookSpec>? CreateContainer { get; init; }

    /// <summary>In the container, before the program.</summary>
    public IReadOnlyList<HookSpec>? StartContainer { get; init; }

    /// <summary>After the program was started.</summary>
    public IReadOnlyList<HookSpec>? Poststart { get; init; }

    /// <summary>After the container was deleted.</summary>
    public IReadOnlyList<HookSpec>? Poststop { get; init; }
}

/// <summary>One hook.</summary>
public sealed record HookSpec
{
    /// <summary>Absolute path of the program.</summary>
    public string Path { get => field ?? ""; init; }

    /// <summary>Arguments with argv[0].</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Environment.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Seconds.</summary>
    public int? Timeout { get; init; }
}

/// <summary>A range of mapped ids.</summary>
public sealed record IdMapping
{
    /// <summary>First id inside.</summary>
    [JsonPropertyName("containerID")]
    public uint ContainerID { get; init; }

    /// <summary>First id outside.</summary>
    [JsonPropertyName("hostID")]
    public uint HostID { get; init; }

    /// <summary>How many.</summary>
    public uint Size { get; init; }
}
