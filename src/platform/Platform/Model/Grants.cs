namespace Slipway.Platform.Model;

/// <summary>What a token may do.</summary>
[Flags]
public enum Abilities
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Look at everything but secrets.</summary>
    Read = 1,

    /// <summary>Change applications.</summary>
    Write = 2,

    /// <summary>Start deployments.</summary>
    Deploy = 4,

    /// <summary>See values of variables that are no secrets.</summary>
    ReadSensitive = 8,

    /// <summary>Everything, tokens and servers included.</summary>
    Root = 16 | Read | Write | Deploy | ReadSensitive,
}

/// <summary>A token: only its hash is kept.</summary>
public sealed record AccessToken
{
    /// <summary>Identity.</summary>
    public required string Id { get; init; }

    /// <summary>Name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the token, in hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>What it may do.</summary>
    public Abilities Abilities { get; init; }

    /// <summary>When it ends to be valid; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }
}

/// <summary>Something that somebody did.</summary>
/// <param name="Id">Identity; sorts by time.</param>
/// <param name="Time">When.</param>
/// <param name="Actor">Who: a token's name, <c>web</c>, a webhook.</param>
/// <param name="Action">What, such as <c>app.create</c>.</param>
/// <param name="Subject">To what.</param>
/// <param name="Detail">Further words; never a secret.</param>
public sealed record AuditEntry(string Id, DateTimeOffset Time, string Actor, string Action, string Subject, string Detail);
