namespace Slipway.Platform.Api;

/// <summary>A command to run in a container.</summary>
/// <param name="Command">Argument vector.</param>
/// <param name="Replica">Which container, from 1.</param>
/// <param name="Process">Of which process; null for the one that serves.</param>
public sealed record ExecInput(IReadOnlyList<string>? Command, int? Replica, string? Process);

/// <summary>The first message of a websocket: what to run.</summary>
public sealed record ExecOrder
{
    /// <summary>Argument vector.</summary>
    public IReadOnlyList<string> Command { get => field ?? []; init; }

    /// <summary>Which container, from 1.</summary>
    public int? Replica { get; init; }

    /// <summary>Of which process; null for the one that serves.</summary>
    public string? Process { get; init; }

    /// <summary>Whether it gets a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Whether it gets standard input.</summary>
    public bool Stdin { get; init; }

    /// <summary>Height of the terminal in characters; 0 when it is not known.</summary>
    public int Rows { get; init; }

    /// <summary>Width of the terminal in characters; 0 when it is not known.</summary>
    public int Columns { get; init; }

    /// <summary>User in the container; empty for the image's.</summary>
    public string User { get => field ?? ""; init; }

    /// <summary>Directory in the container; empty for the image's.</summary>
    public string WorkingDirectory { get => field ?? ""; init; }
}

/// <summary>What the client of a command says besides input.</summary>
public sealed record ExecControl
{
    /// <summary>New height of the terminal; 0 when it stays.</summary>
    public int Rows { get; init; }

    /// <summary>New width of the terminal; 0 when it stays.</summary>
    public int Columns { get; init; }

    /// <summary>Whether there is no more input.</summary>
    public bool End { get; init; }
}

/// <summary>The last message of a websocket.</summary>
/// <param name="ExitCode">The command's exit code; null when it was not run.</param>
/// <param name="Error">Why it was not run, or null.</param>
public sealed record ExecEnd(int? ExitCode, string? Error);

/// <summary>What a command did.</summary>
/// <param name="ExitCode">Exit code.</param>
/// <param name="Output">The beginning of its output.</param>
public sealed record ExecView(int ExitCode, string Output);
