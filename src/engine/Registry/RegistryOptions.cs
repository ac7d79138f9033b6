namespace Slipway.Registry;

/// <summary>What the registry is told at start.</summary>
public sealed record RegistryOptions
{
    /// <summary>File with users and bcrypt hashes (htpasswd -B); null lets everybody do everything, which only loopback addresses may.</summary>
    public string? UsersFile { get; init; }

    /// <summary>Whether connections are encrypted, for addresses that the registry names.</summary>
    public bool Tls { get; init; }

    /// <summary>Whether changes are refused.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Bytes that the blobs of one repository may take; 0 for no bound.</summary>
    public long Quota { get; init; }

    /// <summary>Which tags are kept.</summary>
    public IReadOnlyList<RetentionRule> Retention { get; init; } = [];

    /// <summary>Where changes and refusals are noted; null for nowhere.</summary>
    public string? AuditFile { get; init; }

    /// <summary>Copies of other registries; null for none.</summary>
    public PullThrough? Copies { get; init; }

    /// <summary>What our own engine proves itself with: it may do everything, and blobs that it has need not be sent. New at each start.</summary>
    public required string EngineKey { get; init; }
}

/// <summary>Of the tags that fit a pattern, keeps the newest.</summary>
/// <param name="Pattern">Repository and tag with <c>*</c> for any text: <c>team/*:build-*</c>.</param>
/// <param name="Keep">How many are kept in each repository.</param>
public sealed record RetentionRule(string Pattern, int Keep);
