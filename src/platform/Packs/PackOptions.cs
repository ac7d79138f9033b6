namespace Slipway.Packs;

/// <summary>What somebody decided about a build, as opposed to what the source says. Everything may be left out.</summary>
public sealed record PackOptions
{
    /// <summary>The port an application is told unless it, its pack or somebody says otherwise.</summary>
    public const int UsualPort = 3000;

    /// <summary><c>auto</c>, <c>dockerfile</c>, <c>static</c>, <c>compose</c> or <c>image</c>.</summary>
    public string Pack { get; init; } = "auto";

    /// <summary>
    /// Variables of the build: <c>NIXPACKS_*</c> steer the plan; the others are declared as build arguments (<see cref="PackPlan.BuildArguments"/>)
    /// and are visible to the commands of the build only.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of secrets that the commands of the build get as variables by secret mounts; their values never come here.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>Replaces the commands that install dependencies. Null or empty: as detected; a single space: none.</summary>
    public string? InstallCommand { get; init; }

    /// <summary>Replaces the commands that build. Null or empty: as detected; a single space: none.</summary>
    public string? BuildCommand { get; init; }

    /// <summary>Replaces the command that starts the application. Null or empty: as detected.</summary>
    public string? StartCommand { get; init; }

    /// <summary>The directory of the repository that holds the application.</summary>
    public string BaseDirectory { get; init; } = "/";

    /// <summary>The directory that is served as a static site, relative to the base directory; with <c>auto</c>, of what the build made.</summary>
    public string? PublishDirectory { get; init; }

    /// <summary>A static site answers unknown paths with its <c>index.html</c>. Null: as detected.</summary>
    public bool? SinglePage { get; init; }

    /// <summary>Path of the Dockerfile relative to the base directory.</summary>
    public string DockerfilePath { get; init; } = "Dockerfile";

    /// <summary>A pasted Dockerfile, used instead of a file.</summary>
    public string? DockerfileText { get; init; }

    /// <summary>The stage of the Dockerfile to build; null for the last.</summary>
    public string? DockerfileTarget { get; init; }

    /// <summary>Path of the Compose file relative to the base directory; null to look for the usual names.</summary>
    public string? ComposeFile { get; init; }

    /// <summary>The image of pack <c>image</c>.</summary>
    public string? Image { get; init; }

    /// <summary>The port the application is to listen on. Null: what the source says, else the pack's usual one.</summary>
    public int? Port { get; init; }

    /// <summary>Tells the caches of applications apart; usually the application's id.</summary>
    public string CacheKey { get; init; } = "";

    /// <summary>Certificates of further authorities (PEM), such as a company's own: the commands of the build trust them, the image does not have them.</summary>
    public string? Certificates { get; init; }

    /// <summary>False for builders without BuildKit: leaves mounts out of the Dockerfile (slower rebuilds, no secrets).</summary>
    public bool Mounts { get; init; } = true;
}
