using System.Text.Json.Serialization;

namespace Slipway.Platform.Model;

/// <summary>An image with its configuration, never changed; what can be rolled back to.</summary>
public sealed record Release
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Application.</summary>
    public required string AppId { get; init; }

    /// <summary>Number, from 1, per application.</summary>
    public int Number { get; init; }

    /// <summary>Name under which the engine has the image.</summary>
    public required string Image { get; init; }

    /// <summary>The image's id.</summary>
    public required string ImageId { get; init; }

    /// <summary>Hash of everything that went into the build; empty for images that were not built here.</summary>
    public string BuildKey { get => field ?? ""; init; }

    /// <summary>Commit, or null.</summary>
    public string? Commit { get; init; }

    /// <summary>The commit's first line, or null.</summary>
    public string? CommitMessage { get; init; }

    /// <summary>Port that the containers listen on.</summary>
    public int Port { get; init; }

    /// <summary>Argument vectors of processes that run beside the one that serves, by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Processes { get => field ?? new Dictionary<string, IReadOnlyList<string>>(); init; }

    /// <summary>Containers' settings.</summary>
    public required RunSettings Run { get; init; }

    /// <summary>Variables.</summary>
    public IReadOnlyList<Variable> Variables { get => field ?? []; init; }

    /// <summary>Services of its Compose file, each after those that it needs; empty for applications of one image.</summary>
    public IReadOnlyList<ReleaseService> Services { get => field ?? []; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>Whether its image was removed by the cleanup, so that it cannot be rolled back to.</summary>
    public bool Removed { get; init; }
}

/// <summary>How far a deployment is.</summary>
public enum DeploymentState
{
    /// <summary>Waits.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>Makes an image.</summary>
    [JsonStringEnumMemberName("building")]
    Building,

    /// <summary>Brings the release into service.</summary>
    [JsonStringEnumMemberName("deploying")]
    Deploying,

    /// <summary>Serves.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,

    /// <summary>Did not get there; the release before it serves.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Ended by a user.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>A later one took its place before it began.</summary>
    [JsonStringEnumMemberName("superseded")]
    Superseded,
}

/// <summary>What a deployment does.</summary>
public enum DeploymentKind
{
    /// <summary>Source to service.</summary>
    [JsonStringEnumMemberName("deploy")]
    Deploy,

    /// <summary>The image that serves, with the present settings.</summary>
    [JsonStringEnumMemberName("redeploy")]
    Redeploy,

    /// <summary>A release of the past, image and settings.</summary>
    [JsonStringEnumMemberName("rollback")]
    Rollback,
}

/// <summary>A release becoming live.</summary>
public sealed record Deployment
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Application.</summary>
    public required string AppId { get; init; }

    /// <summary>Number, from 1, per application.</summary>
    public int Number { get; init; }

    /// <summary>What it does.</summary>
    public DeploymentKind Kind { get; init; }

    /// <summary>How far it is.</summary>
    public DeploymentState State { get; init; }

    /// <summary>What asked for it: <c>api</c>, <c>web</c>, <c>push</c>, <c>webhook</c>.</summary>
    public string Trigger { get => field ?? "api"; init; }

    /// <summary>Who asked for it.</summary>
    public string Actor { get => field ?? ""; init; }

    /// <summary>Whether caches are not used.</summary>
    public bool Force { get; init; }

    /// <summary>Commit that is asked for, later the one that was taken.</summary>
    public string? Commit { get; init; }

    /// <summary>The release, once there is one.</summary>
    public string? ReleaseId { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>Whether it has ended.</summary>
    public bool Ended => State >= DeploymentState.Succeeded;
}
