using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Build;

/// <summary>What a build was asked for, apart from its context.</summary>
public sealed record BuildRequest
{
    /// <summary>Path of the Dockerfile in the context.</summary>
    public string Dockerfile { get; init; } = "Dockerfile";

    /// <summary>Names of the image; none for a nameless one.</summary>
    public IReadOnlyList<Reference> Names { get; init; } = [];

    /// <summary>The stage to build; null or empty for the last.</summary>
    public string? Target { get; init; }

    /// <summary>Build arguments; a null value leaves the Dockerfile's default.</summary>
    public IReadOnlyDictionary<string, string?> Arguments { get; init; } = new Dictionary<string, string?>();

    /// <summary>Labels that the image gets.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether everything is done anew.</summary>
    public bool NoCache { get; init; }

    /// <summary>Stages that are done anew.</summary>
    public IReadOnlyList<string> NoCacheFilter { get; init; } = [];

    /// <summary>Images whose layers may be taken instead of doing a step.</summary>
    public IReadOnlyList<string> CacheFrom { get; init; } = [];

    /// <summary>Whether base images are looked for in their registry first.</summary>
    public bool PullFirst { get; init; }

    /// <summary>Limits, network, shared memory and extra hosts of RUN.</summary>
    public HostConfig Host { get; init; } = new();

    /// <summary>Whether a RUN may ask for the host's network by itself; with that network for all it may anyway.</summary>
    public bool AllowHostNetwork { get; init; }

    /// <summary>The platform to build for; null for this machine's.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Further named contexts, as <see cref="Graph.GraphOptions.NamedContexts"/> has them.</summary>
    public IReadOnlyDictionary<string, string> Contexts { get; init; } = new Dictionary<string, string>();

    /// <summary>What the context leaves out, for warnings; null when that is not known.</summary>
    public IgnorePatterns? Ignore { get; init; }

    /// <summary>Gets an image from its registry with this client's credentials; null for the builder's own way.</summary>
    public Func<Reference, Platform?, CancellationToken, Task>? Pull { get; init; }

    /// <summary>Secrets by id; asked when a RUN mounts one.</summary>
    public Func<string, CancellationToken, Task<byte[]?>>? Secrets { get; init; }

    /// <summary>The client's ssh agents; null for none.</summary>
    public ForwardedAgents? Agents { get; init; }
}

/// <summary>Agents of a client, which commands reach through a socket.</summary>
/// <param name="Has">Whether there is one of this id.</param>
/// <param name="Forward">Connects a connection with one until either side ends it.</param>
public sealed record ForwardedAgents(Func<string, CancellationToken, Task<bool>> Has, Func<string, Stream, CancellationToken, Task> Forward);

/// <summary>What a build gave.</summary>
/// <param name="Image">The image's id.</param>
/// <param name="Warnings">What is wrong with the Dockerfile without being an error.</param>
public sealed record BuildResult(Digest Image, IReadOnlyList<string> Warnings)
{
    /// <summary>Of a build that told about its result by itself.</summary>
    public static BuildResult None { get; } = new(default, []);
}
