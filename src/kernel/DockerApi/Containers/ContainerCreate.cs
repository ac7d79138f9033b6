using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

/// <summary>Body of <c>POST /containers/create</c>: the container's config with its host and network part beside it.</summary>
public sealed record ContainerCreateRequest : ContainerConfig
{
    /// <summary>How the container is bound to its host.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HostConfig? HostConfig { get; init; }

    /// <summary>Networks to join.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NetworkingConfig? NetworkingConfig { get; init; }
}

/// <summary>Answer of <c>POST /containers/create</c>.</summary>
public sealed record ContainerCreateResponse
{
    /// <summary>Id of the new container.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>What could not be served as asked; never null.</summary>
    public IReadOnlyList<string> Warnings { get => field ?? []; init; }
}

/// <summary>Endpoints a new container gets, keyed by network.</summary>
public sealed record NetworkingConfig
{
    /// <summary>Settings per network name or id.</summary>
    public IReadOnlyDictionary<string, EndpointSettings?>? EndpointsConfig { get; init; }
}

/// <summary>Optional body of <c>POST /commit</c>: config of the new image.</summary>
public sealed record CommitRequestConfig : ContainerConfig
{
}
