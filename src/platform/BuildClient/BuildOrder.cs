using Slipway.DockerApi;

namespace Slipway.BuildClient;

/// <summary>What is to be built, and what becomes of it, in BuildKit's terms.</summary>
public sealed record BuildOrder
{
    /// <summary>A local directory, or an address that the engine fetches (git or an archive). Empty when <see cref="ContextStream"/> is given.</summary>
    public string Context { get; init; } = "";

    /// <summary>A context as a tar stream; null for none. Stays the caller's.</summary>
    public Stream? ContextStream { get; init; }

    /// <summary>Path of the Dockerfile: a local file when the context is a directory, otherwise inside the context. Empty for the usual one.</summary>
    public string Dockerfile { get; init; } = "";

    /// <summary>The Dockerfile itself, in place of a file; null for none.</summary>
    public byte[]? DockerfileText { get; init; }

    /// <summary>Names of the image, for the outputs that have none of their own.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The stage to build; empty for the last.</summary>
    public string Target { get; init; } = "";

    /// <summary>Platforms such as <c>linux/amd64</c>; none for the engine's own.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>Build arguments.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Annotations of the image's manifest; keys may have the prefixes that <c>buildx --annotation</c> knows.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Further contexts by name: directories, addresses, <c>docker-image://…</c>, <c>oci-layout://…</c>.</summary>
    public IReadOnlyDictionary<string, string> Contexts { get; init; } = new Dictionary<string, string>();

    /// <summary>Secrets that RUN may mount.</summary>
    public IReadOnlyList<BuildSecret> Secrets { get; init; } = [];

    /// <summary>Agents that RUN may reach.</summary>
    public IReadOnlyList<BuildAgent> Agents { get; init; } = [];

    /// <summary>Caches that results are taken from.</summary>
    public IReadOnlyList<BuildOption> CacheFrom { get; init; } = [];

    /// <summary>Caches that results are written to.</summary>
    public IReadOnlyList<BuildOption> CacheTo { get; init; } = [];

    /// <summary>Where the result goes; none when only its cache is wanted.</summary>
    public IReadOnlyList<BuildOption> Outputs { get; init; } = [];

    /// <summary>Attestations: <c>provenance</c> or <c>sbom</c> with their options as comma-separated fields.</summary>
    public IReadOnlyDictionary<string, string> Attestations { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether everything is done anew.</summary>
    public bool NoCache { get; init; }

    /// <summary>Stages that are done anew.</summary>
    public IReadOnlyList<string> NoCacheFilter { get; init; } = [];

    /// <summary>Whether base images are looked for in their registry first.</summary>
    public bool Pull { get; init; }

    /// <summary>Network of RUN: <c>default</c>, <c>none</c>, <c>host</c>.</summary>
    public string Network { get; init; } = "";

    /// <summary>Lines of <c>/etc/hosts</c> as <c>name=address</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    /// <summary>Size of <c>/dev/shm</c> in bytes; 0 for the usual one.</summary>
    public long SharedMemory { get; init; }

    /// <summary>Limits as <c>name=soft:hard</c>.</summary>
    public IReadOnlyList<string> Ulimits { get; init; } = [];

    /// <summary>Control group below which RUN runs; empty for the engine's.</summary>
    public string CgroupParent { get; init; } = "";

    /// <summary>What RUN may do beyond the usual, such as <c>network.host</c>.</summary>
    public IReadOnlyList<string> Entitlements { get; init; } = [];

    /// <summary>Limits of RUN that only this engine knows, by their name in the API (<c>memory</c>, <c>cpu-shares</c> …).</summary>
    public IReadOnlyDictionary<string, string> Limits { get; init; } = new Dictionary<string, string>();

    /// <summary>Credentials for registries, asked by host (<c>https://index.docker.io/v1/</c> for Docker Hub) when the engine needs them.</summary>
    public Func<string, AuthConfig?> Credentials { get; init; } = _ => null;
}

/// <summary>A secret: a file, or the value of a variable.</summary>
/// <param name="Id">What RUN names it by.</param>
/// <param name="File">The file; null for a variable.</param>
/// <param name="Value">The value; null for a file.</param>
public sealed record BuildSecret(string Id, string? File, string? Value);

/// <summary>An ssh agent, or keys that one is started for.</summary>
/// <param name="Id">What RUN names it by; usually <c>default</c>.</param>
/// <param name="Paths">The agent's socket, or files with keys; none for the agent of <c>SSH_AUTH_SOCK</c>.</param>
public sealed record BuildAgent(string Id, IReadOnlyList<string> Paths);

/// <summary>An output or a cache: its type and its options, as in <c>type=registry,ref=…</c>.</summary>
/// <param name="Type">The type.</param>
/// <param name="Options">The options without the type.</param>
public sealed record BuildOption(string Type, IReadOnlyDictionary<string, string> Options);

/// <summary>What came of a build.</summary>
/// <param name="Id">The build's id.</param>
/// <param name="Told">What the engine's exporters say: <c>containerimage.digest</c>, <c>containerimage.config.digest</c>, <c>image.name</c> …</param>
public sealed record BuildOutcome(string Id, IReadOnlyDictionary<string, string> Told);

/// <summary>A build failed.</summary>
/// <param name="message">Why.</param>
/// <param name="source">Where in the Dockerfile; null when no line of it is the cause.</param>
/// <param name="inner">What it was caused by.</param>
public sealed class BuildFailedException(string message, BuildFailurePlace? source, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Where in the Dockerfile; null when no line of it is the cause.</summary>
    public BuildFailurePlace? Place { get; } = source;
}

/// <summary>Lines of a Dockerfile that a build failed at.</summary>
/// <param name="File">The Dockerfile's name.</param>
/// <param name="Text">Its text.</param>
/// <param name="First">The first line, from 1.</param>
/// <param name="Last">The last line.</param>
public sealed record BuildFailurePlace(string File, string Text, int First, int Last);
