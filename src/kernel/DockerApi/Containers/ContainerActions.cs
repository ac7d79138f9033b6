using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Answer of <c>GET /containers/{id}/top</c>.</summary>
public sealed record ContainerTop
{
    /// <summary>Column titles.</summary>
    public IReadOnlyList<string> Titles { get => field ?? []; init; }

    /// <summary>One list of column values per process.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Processes { get => field ?? []; init; }
}

/// <summary>One entry of <c>GET /containers/{id}/changes</c>.</summary>
public sealed record FilesystemChange
{
    /// <summary>Path.</summary>
    public string Path { get => field ?? ""; init; }

    /// <summary>0 modified, 1 added, 2 deleted.</summary>
    public int Kind { get; init; }
}

/// <summary>Answer of <c>POST /containers/{id}/wait</c>.</summary>
public sealed record ContainerWaitResponse
{
    /// <summary>Exit code.</summary>
    public long StatusCode { get; init; }

    /// <summary>Set when waiting failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ContainerWaitError? Error { get; init; }
}

/// <summary>Why waiting failed.</summary>
public sealed record ContainerWaitError
{
    /// <summary>Message.</summary>
    public string Message { get => field ?? ""; init; }
}

/// <summary>Decoded <c>X-Docker-Container-Path-Stat</c> header.</summary>
public sealed record ContainerPathStat
{
    /// <summary>Name.</summary>
    [JsonPropertyName("name")]
    public string Name { get => field ?? ""; init; }

    /// <summary>Bytes.</summary>
    [JsonPropertyName("size")]
    public long Size { get; init; }

    /// <summary>Go's os.FileMode bits.</summary>
    [JsonPropertyName("mode")]
    public uint Mode { get; init; }

    /// <summary>RFC 3339.</summary>
    [JsonPropertyName("mtime")]
    public string Mtime { get => field ?? ""; init; }

    /// <summary>Link target.</summary>
    [JsonPropertyName("linkTarget")]
    public string LinkTarget { get => field ?? ""; init; }
}

/// <summary>Answer of <c>POST /containers/prune</c>.</summary>
public sealed record ContainersPruneReport
{
    /// <summary>Null when nothing was deleted.</summary>
    public IReadOnlyList<string>? ContainersDeleted { get; init; }

    /// <summary>Bytes.</summary>
    public ulong SpaceReclaimed { get; init; }
}
