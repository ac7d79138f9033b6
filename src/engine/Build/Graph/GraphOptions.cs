using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>An image that a Dockerfile names, as it was found.</summary>
/// <param name="Reference">The reference that was asked for, or the one it was replaced by.</param>
/// <param name="Digest">Digest of the manifest or of the config: whatever pins the content.</param>
/// <param name="Config">The config for the wanted platform.</param>
public sealed record ResolvedImage(Reference Reference, Digest Digest, ImageConfig Config);

/// <summary>An image that a Dockerfile names cannot be had.</summary>
/// <param name="message">Why not.</param>
/// <param name="inner">What was thrown where it was looked for.</param>
internal sealed class UnavailableImageException(string message, Exception inner) : Exception(message, inner);

/// <summary>Finds an image and its config. Called concurrently for different images, once for each pair of image and platform.</summary>
/// <exception cref="UnavailableImageException">It cannot be had; the instruction that names it is told with it.</exception>
/// <exception cref="Exception">Whatever else it throws ends the making of the graph.</exception>
public delegate ValueTask<ResolvedImage> ImageConfigResolver(ImageSource image, CancellationToken cancellation);

/// <summary>What a build request says besides the Dockerfile.</summary>
public sealed record GraphOptions
{
    /// <summary>Name of the Dockerfile in messages.</summary>
    public string FileName { get; init; } = "Dockerfile";

    /// <summary>Stage to build, by name or number; empty is the last.</summary>
    public string Target { get; init; } = "";

    /// <summary><c>--build-arg</c>. A null value (<c>--build-arg NAME</c> without a value) unsets a default.</summary>
    public IReadOnlyDictionary<string, string?> BuildArgs { get; init; } = new Dictionary<string, string?>();

    /// <summary><c>--label</c>: added to the image, stronger than the Dockerfile's.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// <c>--build-context</c>: name → <c>docker-image://ref</c>, a git or http address, or
    /// anything else for a local directory that the client sends under the name. A name replaces a stage, an image or a <c>--from</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> NamedContexts { get; init; } = new Dictionary<string, string>();

    /// <summary>The id of the image that is here and that a name means by its id; null for all other names.</summary>
    public Func<string, Digest?> FindId { get; init; } = static _ => null;

    /// <summary>Platform of the image.</summary>
    public Platform TargetPlatform { get; init; } = Platform.Host;

    /// <summary>Platform of this machine.</summary>
    public Platform BuildPlatform { get; init; } = Platform.Host;

    /// <summary>Whether one of several platforms is built: names then start with it.</summary>
    public bool MultiplePlatforms { get; init; }

    /// <summary><c>--no-cache</c>.</summary>
    public bool NoCache { get; init; }

    /// <summary><c>--no-cache-filter</c>: stages that are built anew.</summary>
    public IReadOnlyCollection<string> NoCacheStages { get; init; } = [];

    /// <summary>Whether <c>RUN --security=insecure</c> is allowed.</summary>
    public bool AllowInsecure { get; init; }

    /// <summary>Whether <c>RUN --network=host</c> is allowed.</summary>
    public bool AllowHostNetwork { get; init; }

    /// <summary>The context's <c>.dockerignore</c>, for the rule about copying ignored files; null when it is not known.</summary>
    public IgnorePatterns? Ignore { get; init; }

    /// <summary>
    /// <c>--check</c> options that override the file's <c># check=</c> directive, in its syntax (<c>skip=…;error=true</c>); null takes the file's.
    /// </summary>
    public string? Check { get; init; }
}
