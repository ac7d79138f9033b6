using Slipway.Platform.Deploys;
using Slipway.Platform.Model;

namespace Slipway.Platform.Api;

/// <summary>An application as the API shows it: no secrets.</summary>
public sealed record AppView
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Project's name.</summary>
    public required string Project { get; init; }

    /// <summary>Environment's name.</summary>
    public required string Environment { get; init; }

    /// <summary>Server's name.</summary>
    public required string Server { get; init; }

    /// <summary>How it is: <c>none</c>, <c>running</c>, <c>degraded</c>, <c>exited</c>, <c>stopped</c> or <c>unreachable</c>.</summary>
    public required string State { get; init; }

    /// <summary>Containers.</summary>
    public required IReadOnlyList<ContainerStatus> Containers { get; init; }

    /// <summary>Services, of an application with a Compose file.</summary>
    public IReadOnlyList<ServiceView> Services { get => field ?? []; init; }

    /// <summary>Addresses.</summary>
    public required IReadOnlyList<string> Urls { get; init; }

    /// <summary>Source.</summary>
    public required AppSource Source { get; init; }

    /// <summary>Build settings.</summary>
    public required BuildSettings Build { get; init; }

    /// <summary>Run settings.</summary>
    public required RunSettings Run { get; init; }

    /// <summary>Domains.</summary>
    public required IReadOnlyList<Domain> Domains { get; init; }

    /// <summary>The release that serves, or null.</summary>
    public ReleaseView? Release { get; init; }

    /// <summary>The latest deployment, or null.</summary>
    public Deployment? Deployment { get; init; }

    /// <summary>Whether pushes do not deploy because of a rollback.</summary>
    public bool Pinned { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }
}

/// <summary>A service as the API shows it.</summary>
/// <param name="Name">Name.</param>
/// <param name="State"><c>running</c>, <c>degraded</c>, <c>exited</c> or <c>stopped</c>.</param>
/// <param name="Image">Image.</param>
/// <param name="Containers">Containers.</param>
/// <param name="Urls">Addresses.</param>
public sealed record ServiceView(string Name, string State, string Image, IReadOnlyList<ContainerStatus> Containers, IReadOnlyList<string> Urls);

/// <summary>A release as the API shows it.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Number">Number.</param>
/// <param name="Image">Image.</param>
/// <param name="Commit">Commit, or null.</param>
/// <param name="CommitMessage">Its first line, or null.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Serves">Whether it serves.</param>
/// <param name="CanRollBack">Whether it can be rolled back to.</param>
public sealed record ReleaseView(string Id, int Number, string Image, string? Commit, string? CommitMessage, DateTimeOffset Created, bool Serves, bool CanRollBack)
{
    internal static ReleaseView Of(App app, Release release) =>
        new(release.Id, release.Number, release.Image, release.Commit, release.CommitMessage, release.Created, release.Id == app.ReleaseId, !release.Removed && release.Id != app.ReleaseId);
}

/// <summary>A variable as the API shows it.</summary>
/// <param name="Key">Name.</param>
/// <param name="Value">Value; null for secrets and for callers who may not see it.</param>
/// <param name="Build">Whether builds get it.</param>
/// <param name="Run">Whether containers get it.</param>
/// <param name="Literal">Whether nothing in it is expanded.</param>
/// <param name="Secret">Whether its value is never shown.</param>
public sealed record VariableView(string Key, string? Value, bool Build, bool Run, bool Literal, bool Secret);

/// <summary>A variable as it is set.</summary>
public sealed record VariableInput
{
    /// <summary>Value.</summary>
    public string Value { get => field ?? ""; init; }

    /// <summary>Whether builds get it.</summary>
    public bool? Build { get; init; }

    /// <summary>Whether containers get it.</summary>
    public bool? Run { get; init; }

    /// <summary>Whether nothing in it is expanded.</summary>
    public bool Literal { get; init; }

    /// <summary>Whether its value is never shown again.</summary>
    public bool Secret { get; init; }
}

/// <summary>A domain as it is set.</summary>
public sealed record DomainInput
{
    /// <summary>Host name.</summary>
    public string Host { get => field ?? ""; init; }

    /// <summary>Service that answers; null for the main one.</summary>
    public string? Service { get; init; }

    /// <summary>Port of the service; 0 for its usual one.</summary>
    public int Port { get; init; }

    /// <summary>Path prefix.</summary>
    public string Path { get => field ?? "/"; init; }

    /// <summary><c>none</c>, <c>internal</c> or <c>acme</c>.</summary>
    public string Tls { get => field ?? "none"; init; }

    /// <summary>Whether the prefix is taken away.</summary>
    public bool StripPath { get; init; }

    /// <summary>Address to redirect to, or null.</summary>
    public string? RedirectTo { get; init; }

    /// <summary>User for basic authentication, or null.</summary>
    public string? User { get; init; }

    /// <summary>Password; null keeps the present one.</summary>
    public string? Password { get; init; }
}

/// <summary>A login at a registry.</summary>
public sealed record RegistryLogin
{
    /// <summary>Name.</summary>
    public string User { get => field ?? ""; init; }

    /// <summary>Password or token.</summary>
    public string Password { get => field ?? ""; init; }
}

/// <summary>A new application.</summary>
public sealed record AppInput
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Project.</summary>
    public string? Project { get; init; }

    /// <summary>Environment.</summary>
    public string? Environment { get; init; }

    /// <summary>Server.</summary>
    public string? Server { get; init; }

    /// <summary>Source.</summary>
    public AppSource Source { get => field ?? new(); init; }

    /// <summary>Build settings.</summary>
    public BuildSettings? Build { get; init; }

    /// <summary>Run settings.</summary>
    public RunSettings? Run { get; init; }
}

/// <summary>What is to change of an application; what is missing stays.</summary>
public sealed record AppPatch
{
    /// <summary>Source, as a whole.</summary>
    public AppSource? Source { get; init; }

    /// <summary>Build settings, as a whole.</summary>
    public BuildSettings? Build { get; init; }

    /// <summary>Run settings, as a whole.</summary>
    public RunSettings? Run { get; init; }

    /// <summary>Name of the server that builds; empty lets the platform choose.</summary>
    public string? BuildServer { get; init; }
}

/// <summary>What a deployment is to be.</summary>
public sealed record DeployInput
{
    /// <summary>Whether caches are not used and containers are replaced in any case.</summary>
    public bool Force { get; init; }

    /// <summary>A commit in place of the branch's tip.</summary>
    public string? Commit { get; init; }

    /// <summary>Number of the release, for a rollback; null for the one before.</summary>
    public int? Release { get; init; }
}

/// <summary>How many containers; what is missing stays.</summary>
public sealed record ScaleInput
{
    /// <summary>Containers that serve.</summary>
    public int? Replicas { get; init; }

    /// <summary>Containers by the name of a process; <c>web</c> are those that serve.</summary>
    public IReadOnlyDictionary<string, int> Processes { get => field ?? new Dictionary<string, int>(); init; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', [.. Replicas is { } web ? (string[])[$"{App.Web}={web}"] : [], .. Processes.Select(pair => $"{pair.Key}={pair.Value}")]);

    /// <summary>The application with these numbers.</summary>
    /// <param name="app">As it is.</param>
    /// <param name="serving">The release that says which processes there are; null when nothing was deployed yet.</param>
    /// <exception cref="PlatformException">There is no such process.</exception>
    internal App Of(App app, Release? serving)
    {
        var counts = new SortedDictionary<string, int>(app.Run.Processes.ToDictionary(), StringComparer.Ordinal);
        IReadOnlyList<string> known = serving is { Services.Count: > 0 } ? [.. serving.Services.Select(service => service.Name)] : [App.Web, .. serving?.Processes.Keys ?? []];
        var web = serving is { Services.Count: > 0 } ? null : App.Web;
        foreach (var (process, count) in Processes.Where(pair => pair.Key != web))
        {
            counts[process] = serving is null || known.Contains(process) ? count
                : throw new PlatformException(Refusal.Invalid, $"there is no process \"{process}\"; there are: {string.Join(", ", known)}");
        }

        return app with { Run = app.Run with { Replicas = Replicas ?? (web is not null && Processes.TryGetValue(web, out var serve) ? serve : app.Run.Replicas), Processes = counts } };
    }
}

/// <summary>A new token.</summary>
public sealed record TokenInput
{
    /// <summary>Name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary><c>read</c>, <c>write</c>, <c>deploy</c>, <c>readSensitive</c>, <c>root</c>.</summary>
    public IReadOnlyList<string> Abilities { get => field ?? []; init; }

    /// <summary>Days that it is valid; null for ever.</summary>
    public int? Days { get; init; }
}

/// <summary>A token as the API shows it.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">Name.</param>
/// <param name="Abilities">What it may do.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">When it ends.</param>
/// <param name="Token">The token itself, once, when it is made.</param>
public sealed record TokenView(string Id, string Name, string Abilities, DateTimeOffset Created, DateTimeOffset? Expires, string? Token);

/// <summary>What a check of a server found.</summary>
/// <param name="Reachable">Whether its engine answers.</param>
/// <param name="Version">The engine's version.</param>
/// <param name="Proxy">Whether its proxy runs and has the routes.</param>
/// <param name="Problem">What is wrong, or null.</param>
public sealed record ServerCheck(bool Reachable, string? Version, bool Proxy, string? Problem);

/// <summary>The webhook of an application.</summary>
/// <param name="Urls">Address per host.</param>
/// <param name="Secret">Secret to enter there.</param>
public sealed record WebhookView(IReadOnlyDictionary<string, string> Urls, string Secret);

/// <summary>The deploy key of an application.</summary>
/// <param name="PublicKey">What the git host is told.</param>
public sealed record DeployKeyView(string PublicKey);
