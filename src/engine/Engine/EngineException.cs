namespace Slipway.Engine;

/// <summary>The closed set of ways in which an operation of the engine can fail. The API maps each to a status code in one place.</summary>
public enum ErrorKind
{
    /// <summary>The named object does not exist.</summary>
    NotFound,

    /// <summary>The request itself is wrong; repeating it cannot succeed.</summary>
    InvalidArgument,

    /// <summary>The request contradicts the present state of the object.</summary>
    Conflict,

    /// <summary>The object already is in the state that was asked for.</summary>
    NotModified,

    /// <summary>Credentials are missing or wrong.</summary>
    Unauthorized,

    /// <summary>The caller, or the engine's configuration, does not allow it.</summary>
    Forbidden,

    /// <summary>It cannot be done now: a full disk, a missing program, an engine that is no swarm manager.</summary>
    Unavailable,

    /// <summary>Well-formed, but something this engine or this kernel does not do.</summary>
    NotImplemented,

    /// <summary>Stored data does not match its digest or cannot be read.</summary>
    Damaged,

    /// <summary>The caller went away or the daemon is shutting down.</summary>
    Cancelled,

    /// <summary>A fault of the engine or of a component that it uses.</summary>
    Internal,
}

/// <summary>A failure that the caller is told about: its kind, and a message as Docker words it.</summary>
public sealed class EngineException : Exception
{
    /// <summary>Creates a failure of the given kind.</summary>
    public EngineException(ErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>What kind of failure it is.</summary>
    public ErrorKind Kind { get; }

    /// <summary>A <see cref="ErrorKind.NotFound"/> failure.</summary>
    public static EngineException NotFound(string message) => new(ErrorKind.NotFound, message);

    /// <summary>An <see cref="ErrorKind.InvalidArgument"/> failure.</summary>
    public static EngineException Invalid(string message, Exception? inner = null) => new(ErrorKind.InvalidArgument, message, inner);

    /// <summary>A <see cref="ErrorKind.Conflict"/> failure.</summary>
    public static EngineException Conflict(string message) => new(ErrorKind.Conflict, message);
}
