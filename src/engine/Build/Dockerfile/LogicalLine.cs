namespace Slipway.Build.Dockerfile;

/// <summary>An instruction's text: its lines joined, and the heredocs below it.</summary>
internal sealed class LogicalLine
{
    /// <summary>Continued lines joined, without leading spaces.</summary>
    internal required string Text { get; init; }

    /// <summary>First line, from 1.</summary>
    internal required int Line { get; init; }

    /// <summary>Last line, heredocs included.</summary>
    internal required int EndLine { get; set; }

    /// <summary>Where the first line begins.</summary>
    internal required int Offset { get; init; }

    /// <summary>Whether an empty line stands between continued ones.</summary>
    internal required bool EmptyContinuation { get; init; }

    /// <summary>The heredocs, in order.</summary>
    internal List<Heredoc> Heredocs { get; set; } = [];

    /// <summary>First word of the comment right above; null when there is none.</summary>
    internal string? Described { get; init; }

    /// <summary>Options of a <c># check=</c> comment right above; else null.</summary>
    internal string? Check { get; init; }
}
