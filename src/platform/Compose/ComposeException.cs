using Slipway.Compose.Files;

namespace Slipway.Compose;

/// <summary>What failed, as far as callers tell it apart.</summary>
public enum FailureCause
{
    /// <summary>Anything.</summary>
    Any,

    /// <summary>A file of the application is missing.</summary>
    File,

    /// <summary>An image could not be pulled.</summary>
    Pull,

    /// <summary>An image could not be built.</summary>
    Build,

    /// <summary>A command of a service failed.</summary>
    Hook,
}

/// <summary>An application cannot be read or run as it is; the message names file, line and key where there are any.</summary>
public sealed class ComposeException : Exception
{
    /// <summary>A failure that has no place in a file.</summary>
    public ComposeException(string message)
        : base(message)
    {
    }

    /// <summary>A failure at a place in a file.</summary>
    /// <param name="at">The place.</param>
    /// <param name="path">The key, such as <c>services.web.image</c>; empty for none.</param>
    /// <param name="reason">What is wrong.</param>
    public ComposeException(Position at, string path, string reason)
        : base(path.Length > 0 ? $"{at}: {path}: {reason}" : $"{at}: {reason}") => At = at;

    /// <summary>A failure of something else.</summary>
    public ComposeException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Where it is wrong; null for failures outside of files.</summary>
    public Position? At { get; }

    /// <summary>What failed.</summary>
    public FailureCause Cause { get; init; }
}
