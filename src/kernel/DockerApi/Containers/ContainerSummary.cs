using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>One entry of <c>GET /containers/json</c>.</summary>
public sealed record ContainerSummary
{
    /// <summary>Id.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>Names with leading slash.</summary>
    public IReadOnlyList<string> Names { get => field ?? []; init; }

    /// <summary>Image name as given, or its id.</summary>
    public string Image { get => field ?? ""; init; }

    /// <summary>Digest of the image.</summary>
    public string ImageID { get => field ?? ""; init; }

    /// <summary>Platform manifest (API 1.48).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OciDescriptor? ImageManifestDescriptor { get; init; }

    /// <summary>Program and arguments joined by blanks.</summary>
    public string Command { get => field ?? ""; init; }

    /// <summary>Unix seconds.</summary>
    public long Created { get; init; }

    /// <summary>Published and exposed ports; never null.</summary>
    public IReadOnlyList<PortSummary> Ports { get => field ?? []; init; }

    /// <summary>Bytes written by the container; only with <c>size</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long SizeRw { get; init; }

    /// <summary>Bytes of the whole root file system; only with <c>size</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long SizeRootFs { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get => field ?? new Dictionary<string, string>(); init; }

    /// <summary><c>created</c>, <c>running</c>, <c>paused</c>, …</summary>
    public string State { get => field ?? ""; init; }

    /// <summary>For people, such as <c>Up 2 minutes (healthy)</c>.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>Host config.</summary>
    public ContainerSummaryHostConfig HostConfig { get => field ?? new(); init; }

    /// <summary>Network settings.</summary>
    public ContainerSummaryNetworks NetworkSettings { get => field ?? new(); init; }

    /// <summary>Mounts.</summary>
    public IReadOnlyList<MountPoint> Mounts { get => field ?? []; init; }
}

/// <summary>Host part of a list entry.</summary>
public sealed record ContainerSummaryHostConfig
{
    /// <summary>Network mode.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NetworkMode { get; init; }

    /// <summary>Annotations.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>Networks of a list entry.</summary>
public sealed record ContainerSummaryNetworks
{
    /// <summary>Networks.</summary>
    public IReadOnlyDictionary<string, EndpointSettings> Networks { get => field ?? new Dictionary<string, EndpointSettings>(); init; }
}

/// <summary>A port of a list entry.</summary>
public sealed record PortSummary
{
    /// <summary>Host address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IP { get; init; }

    /// <summary>Container port.</summary>
    public ushort PrivatePort { get; init; }

    /// <summary>Host port.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ushort PublicPort { get; init; }

    /// <summary><c>tcp</c>, <c>udp</c> or <c>sctp</c>.</summary>
    public string Type { get => field ?? ""; init; }
}
