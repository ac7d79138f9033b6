namespace Slipway.Platform;

/// <summary>Why something cannot be done; the API maps it to a status.</summary>
public enum Refusal
{
    /// <summary>There is no such thing, or it is not the caller's to see.</summary>
    NotFound,

    /// <summary>The request makes no sense.</summary>
    Invalid,

    /// <summary>It does not fit the present state.</summary>
    Conflict,

    /// <summary>Nobody is known by what was shown.</summary>
    Unauthorized,

    /// <summary>The caller may not.</summary>
    Forbidden,

    /// <summary>Too many wait already.</summary>
    Busy,

    /// <summary>Another party (engine, proxy, git host) does not do its part.</summary>
    Unavailable,

    /// <summary>It is larger than allowed.</summary>
    TooLarge,
}

/// <summary>The platform refuses something; the message is for the user.</summary>
public sealed class PlatformException(Refusal refusal, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public Refusal Refusal { get; } = refusal;
}
