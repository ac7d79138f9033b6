namespace Slipway.DockerApi;

/// <summary>What the engine does when a container ends.</summary>
public sealed record RestartPolicy
{
    /// <summary>Empty or <c>no</c>, <c>always</c>, <c>unless-stopped</c>, <c>on-failure</c>.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Restarts before <c>on-failure</c> gives up; zero is unlimited.</summary>
    public int MaximumRetryCount { get; init; }
}

/// <summary>A host address and port that lead to a container port.</summary>
public sealed record PortBinding
{
    /// <summary>Host address; empty means all.</summary>
    public string HostIp { get => field ?? ""; init; }

    /// <summary>Host port or range; empty lets the engine choose.</summary>
    public string HostPort { get => field ?? ""; init; }
}

/// <summary>Log driver and its options.</summary>
public sealed record LogConfig
{
    /// <summary>Driver name; empty takes the daemon's default.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string>? Config { get; init; }
}

/// <summary>A host device made available in a container.</summary>
public sealed record DeviceMapping
{
    /// <summary>Path of the device on the host.</summary>
    public string PathOnHost { get => field ?? ""; init; }

    /// <summary>Path inside; empty is the same path.</summary>
    public string PathInContainer { get => field ?? ""; init; }

    /// <summary>Any of <c>r</c>, <c>w</c>, <c>m</c>; empty means all.</summary>
    public string CgroupPermissions { get => field ?? ""; init; }
}

/// <summary>Devices asked for from a driver (such as GPUs or CDI).</summary>
public sealed record DeviceRequest
{
    /// <summary>Driver name.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary>How many; -1 for all.</summary>
    public int Count { get; init; }

    /// <summary>Ids of particular devices.</summary>
    public IReadOnlyList<string>? DeviceIDs { get; init; }

    /// <summary>OR of ANDs of capabilities.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Capabilities { get; init; }

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }
}

/// <summary>A resource limit (setrlimit); -1 is unlimited.</summary>
public sealed record Ulimit
{
    /// <summary>Name without <c>RLIMIT_</c>, lower case, such as <c>nofile</c>.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Ceiling of the soft limit.</summary>
    public long Hard { get; init; }

    /// <summary>Limit in force.</summary>
    public long Soft { get; init; }
}

/// <summary>A rate limit for one block device.</summary>
public sealed record ThrottleDevice
{
    /// <summary>Device path.</summary>
    public string Path { get => field ?? ""; init; }

    /// <summary>Bytes or operations per second.</summary>
    public ulong Rate { get; init; }
}

/// <summary>A block I/O weight for one device.</summary>
public sealed record WeightDevice
{
    /// <summary>Device path.</summary>
    public string Path { get => field ?? ""; init; }

    /// <summary>10 to 1000.</summary>
    public ushort Weight { get; init; }
}
