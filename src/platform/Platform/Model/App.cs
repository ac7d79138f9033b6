using System.Text.Json.Serialization;

namespace Slipway.Platform.Model;

/// <summary>Where an application's source comes from.</summary>
public enum SourceKind
{
    /// <summary>An image of a registry or of the engine.</summary>
    [JsonStringEnumMemberName("image")]
    Image,

    /// <summary>A git repository, public or with a deploy key.</summary>
    [JsonStringEnumMemberName("git")]
    Git,

    /// <summary>The platform's own git remote; also directories that are sent.</summary>
    [JsonStringEnumMemberName("push")]
    Push,

    /// <summary>The text of a Dockerfile.</summary>
    [JsonStringEnumMemberName("dockerfile")]
    Dockerfile,
}

/// <summary>The source of an application.</summary>
public sealed record AppSource
{
    /// <summary>Kind.</summary>
    public SourceKind Kind { get; init; }

    /// <summary>Image reference, for <see cref="SourceKind.Image"/>.</summary>
    public string? Image { get; init; }

    /// <summary>URL of the repository, for <see cref="SourceKind.Git"/>.</summary>
    public string? Repository { get; init; }

    /// <summary>Branch that is deployed.</summary>
    public string Branch { get => field ?? "main"; init; }

    /// <summary>A commit that is deployed instead of the branch's tip; null for the tip.</summary>
    public string? Commit { get; init; }

    /// <summary>Text of the Dockerfile, for <see cref="SourceKind.Dockerfile"/>.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>Directory of the repository that is built, such as <c>/web</c>.</summary>
    public string BaseDirectory { get => field ?? "/"; init; }

    /// <summary>Patterns of paths whose changes deploy; empty for all. <c>!</c> excludes, later lines win.</summary>
    public IReadOnlyList<string> WatchPaths { get => field ?? []; init; }

    /// <summary>Whether a push deploys.</summary>
    public bool AutoDeploy { get; init; }

    /// <summary>Public half of the deploy key, or null.</summary>
    public string? DeployKey { get; init; }

    /// <summary>Private half of the deploy key, encrypted.</summary>
    public string? SealedKey { get; init; }

    /// <summary>As whom the image is pulled; null for nobody.</summary>
    public string? RegistryUser { get; init; }

    /// <summary>The password at the registry, encrypted.</summary>
    public string? SealedRegistryPassword { get; init; }
}

/// <summary>How an image is made of the source. Everything here is part of what decides whether a build is needed.</summary>
public sealed record BuildSettings
{
    /// <summary>Build pack: <c>auto</c>, <c>dockerfile</c>, <c>static</c>, or the name of a language's.</summary>
    public string Pack { get => field ?? "auto"; init; }

    /// <summary>Path of the Dockerfile below the base directory.</summary>
    public string Dockerfile { get => field ?? "Dockerfile"; init; }

    /// <summary>Path of the Compose file below the base directory; null for the usual names.</summary>
    public string? ComposeFile { get; init; }

    /// <summary>Stage of the Dockerfile; null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>Directory with the finished site, for <c>static</c>.</summary>
    public string? PublishDirectory { get; init; }

    /// <summary>Whether unknown paths of a static site answer with its first page.</summary>
    public bool Spa { get; init; }

    /// <summary>Replaces the pack's install command.</summary>
    public string? InstallCommand { get; init; }

    /// <summary>Replaces the pack's build command.</summary>
    public string? BuildCommand { get; init; }

    /// <summary>Replaces the pack's start command.</summary>
    public string? StartCommand { get; init; }
}

/// <summary>How the health of a new container is found out.</summary>
public sealed record HealthSettings
{
    /// <summary><c>auto</c> (the image's health check, else the port listens), <c>http</c>, <c>command</c>, <c>port</c> or <c>none</c>.</summary>
    public string Kind { get => field ?? "auto"; init; }

    /// <summary>Path of the request.</summary>
    public string Path { get => field ?? "/"; init; }

    /// <summary>Expected status; 0 for any below 400.</summary>
    public int Status { get; init; }

    /// <summary>Text that the body has to contain, or null.</summary>
    public string? Contains { get; init; }

    /// <summary>Command run in the container.</summary>
    public IReadOnlyList<string> Command { get => field ?? []; init; }

    /// <summary>Seconds between attempts.</summary>
    public double IntervalSeconds { get => field == 0 ? 2 : field; init; }

    /// <summary>Seconds that one attempt may take.</summary>
    public double TimeoutSeconds { get => field == 0 ? 5 : field; init; }

    /// <summary>Seconds in all until the release counts as unhealthy.</summary>
    public double DeadlineSeconds { get => field == 0 ? 60 : field; init; }
}

/// <summary>How containers of an application run.</summary>
public sealed record RunSettings
{
    /// <summary>Port that the application listens on; 0 for the image's first exposed one, else 3000.</summary>
    public int Port { get; init; }

    /// <summary>Arguments in place of the image's, or empty.</summary>
    public IReadOnlyList<string> Command { get => field ?? []; init; }

    /// <summary>Containers at once.</summary>
    public int Replicas { get => field == 0 ? 1 : field; init; }

    /// <summary>Containers of the other processes of a Procfile, by name, one of each that is not named here; and of services of a Compose file, which else says so itself.</summary>
    public IReadOnlyDictionary<string, int> Processes { get => field ?? new Dictionary<string, int>(); init; }

    /// <summary>Bytes of memory; 0 for no limit.</summary>
    public long Memory { get; init; }

    /// <summary>CPUs; 0 for no limit.</summary>
    public double Cpus { get; init; }

    /// <summary>Volumes as <c>name:/path[:ro]</c>; they outlive releases.</summary>
    public IReadOnlyList<string> Volumes { get => field ?? []; init; }

    /// <summary>Health barrier.</summary>
    public HealthSettings Health { get => field ?? new(); init; }

    /// <summary>Command run in a container of the new image before it is started, such as a migration.</summary>
    public IReadOnlyList<string> PreDeploy { get => field ?? []; init; }

    /// <summary>Command run in the new container when it serves.</summary>
    public IReadOnlyList<string> PostDeploy { get => field ?? []; init; }

    /// <summary>Seconds between SIGTERM and SIGKILL.</summary>
    public int StopGraceSeconds { get => field == 0 ? 30 : field; init; }

    /// <summary>Seconds for which requests at the old release may go on.</summary>
    public int DrainSeconds { get => field == 0 ? 30 : field; init; }
}

/// <summary>A container of a process that no route leads to.</summary>
/// <param name="Process">Name of the process in the Procfile.</param>
/// <param name="Name">The container, as the engine knows it.</param>
public sealed record ProcessContainer(string Process, string Name);

/// <summary>What is built and run: one source, one image, containers of it.</summary>
public sealed record App
{
    /// <summary>Name of the process that serves, as a Procfile has it.</summary>
    public const string Web = "web";

    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Unique name; a DNS label.</summary>
    public required string Name { get; init; }

    /// <summary>Environment.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>Server it runs on.</summary>
    public required string ServerId { get; init; }

    /// <summary>Server it is built on; null lets the platform choose.</summary>
    public string? BuildServerId { get; init; }

    /// <summary>Source.</summary>
    public required AppSource Source { get; init; }

    /// <summary>Build.</summary>
    public BuildSettings Build { get => field ?? new(); init; }

    /// <summary>Containers.</summary>
    public RunSettings Run { get => field ?? new(); init; }

    /// <summary>Addresses; empty for <c>NAME.localhost</c>.</summary>
    public IReadOnlyList<Domain> Domains { get => field ?? []; init; }

    /// <summary>Variables.</summary>
    public IReadOnlyList<Variable> Variables { get => field ?? []; init; }

    /// <summary>Secret of webhooks, encrypted.</summary>
    public string SealedWebhookSecret { get => field ?? ""; init; }

    /// <summary>The release that serves; null before the first.</summary>
    public string? ReleaseId { get; init; }

    /// <summary>Containers that serve, as the engine knows them by name.</summary>
    public IReadOnlyList<string> Containers { get => field ?? []; init; }

    /// <summary>Containers of the release's other processes.</summary>
    public IReadOnlyList<ProcessContainer> Processes { get => field ?? []; init; }

    /// <summary>All containers, those that serve first.</summary>
    public IReadOnlyList<string> AllContainers => [.. Containers, .. Processes.Select(container => container.Name)];

    /// <summary>What serves, of an application with a Compose file.</summary>
    public IReadOnlyList<AppService> Services { get => field ?? []; init; }

    /// <summary>Name that leads to them and their port, as <c>host:port</c>; empty before the first release.</summary>
    public string Target { get => field ?? ""; init; }

    /// <summary>Whether it was stopped on purpose.</summary>
    public bool Stopped { get; init; }

    /// <summary>Whether pushes do not deploy because of a rollback.</summary>
    public bool Pinned { get; init; }

    /// <summary>Highest release number so far.</summary>
    public int LastRelease { get; init; }

    /// <summary>Highest deployment number so far.</summary>
    public int LastDeployment { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>One of its services.</summary>
    /// <exception cref="PlatformException">There is none of that name.</exception>
    internal AppService Service(string name) => Services.FirstOrDefault(service => service.Name == name)
        ?? throw new PlatformException(Refusal.NotFound, Services.Count == 0 ? "the application has no services" : $"there is no service {name}; there are {string.Join(", ", Services.Select(service => service.Name))}");

    /// <summary>Containers of a process or a service; of all of them for null. The main service is the one that serves.</summary>
    public IReadOnlyList<string> ContainersOf(string? process) =>
        process is null ? AllContainers
        : Services.Count > 0 ? (Services.FirstOrDefault(service => service.Name == process) ?? (process == Web ? Services.FirstOrDefault(service => service.Main) : null) ?? Service(process)).Containers
        : process == Web ? Containers : [.. Processes.Where(container => container.Process == process).Select(container => container.Name)];

    /// <summary>One container of a process, counted from 1; null when there is none.</summary>
    public string? ContainerOf(string process, int replica) => ContainersOf(process).ElementAtOrDefault(replica - 1);
}
