namespace Slipway.Client;

/// <summary>What to attach to.</summary>
public sealed record AttachOptions
{
    /// <summary>Whether output from now on is wanted.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>Whether output of the past is sent first.</summary>
    public bool Logs { get; init; }

    /// <summary>Whether the connection feeds standard input.</summary>
    public bool Stdin { get; init; }

    /// <summary>Whether standard output is wanted.</summary>
    public bool Stdout { get; init; } = true;

    /// <summary>Whether standard error is wanted.</summary>
    public bool Stderr { get; init; } = true;

    /// <summary>Key sequence that detaches; null takes the engine's.</summary>
    public string? DetachKeys { get; init; }
}

/// <summary>Which part of a log is wanted.</summary>
public sealed record LogOptions
{
    /// <summary>Whether to go on with new lines until the container ends.</summary>
    public bool Follow { get; init; }

    /// <summary>Whether standard output is wanted.</summary>
    public bool Stdout { get; init; } = true;

    /// <summary>Whether standard error is wanted.</summary>
    public bool Stderr { get; init; } = true;

    /// <summary>Unix time, or null for the beginning.</summary>
    public string? Since { get; init; }

    /// <summary>Unix time, or null for the end.</summary>
    public string? Until { get; init; }

    /// <summary>Whether each line starts with its time.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Whether each line carries the driver's extra attributes.</summary>
    public bool Details { get; init; }

    /// <summary>Number of lines from the end, or null (<c>all</c>).</summary>
    public string? Tail { get; init; }
}
