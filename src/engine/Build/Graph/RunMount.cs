namespace Slipway.Build.Graph;

/// <summary>What <c>RUN --mount</c> mounts.</summary>
public enum RunMountKind
{
    /// <summary>A tree, or a part of it.</summary>
    Bind,

    /// <summary>A directory that lives from build to build.</summary>
    Cache,

    /// <summary>Memory.</summary>
    Tmpfs,

    /// <summary>A secret as a file or an environment variable.</summary>
    Secret,

    /// <summary>The socket of an ssh agent.</summary>
    Ssh,
}

/// <summary>How cache mounts of concurrent commands share.</summary>
public enum CacheSharing
{
    /// <summary>All at once.</summary>
    Shared,

    /// <summary>Each with its own copy.</summary>
    Private,

    /// <summary>One after the other.</summary>
    Locked,
}

/// <summary>One mount of a command.</summary>
public sealed class RunMount
{
    /// <summary>What it is.</summary>
    public required RunMountKind Kind { get; init; }

    /// <summary>Absolute path in the command's tree; null for a secret that is only a variable.</summary>
    public required string? Target { get; init; }

    /// <summary>Bind: the tree. Cache: the tree it starts with, or null for an empty one.</summary>
    public Operation? From { get; init; }

    /// <summary>Absolute clean path in <see cref="From"/>; <c>/</c> is all of it.</summary>
    public string SourcePath { get; init; } = "/";

    /// <summary>Whether writing fails. What is written to a writable bind mount is thrown away.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Cache, secret and ssh: its id.</summary>
    public string? Id { get; init; }

    /// <summary>Cache: how concurrent commands share it.</summary>
    public CacheSharing Sharing { get; init; }

    /// <summary>Secret, ssh: whether the build fails without it.</summary>
    public bool Required { get; init; }

    /// <summary>Permission bits of a secret, an agent socket or a new cache directory; null is the kind's own.</summary>
    public int? Mode { get; init; }

    /// <summary>Owner of a secret, an agent socket or a new cache directory.</summary>
    public int UserId { get; init; }

    /// <summary>Group of a secret, an agent socket or a new cache directory.</summary>
    public int GroupId { get; init; }

    /// <summary>Tmpfs: largest size in bytes; 0 is unlimited.</summary>
    public long Size { get; init; }

    /// <summary>Secret: variable that holds it; null for a file alone.</summary>
    public string? EnvironmentVariable { get; init; }
}
