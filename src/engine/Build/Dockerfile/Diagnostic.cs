using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>How grave a diagnostic is.</summary>
public enum Severity
{
    /// <summary>The build goes on.</summary>
    Warning,

    /// <summary>There is no build.</summary>
    Error,
}

/// <summary>Something to say about a Dockerfile.</summary>
/// <param name="Severity">How grave it is.</param>
/// <param name="Number">Stable number, such as <c>DF0101</c>.</param>
/// <param name="Message">What is wrong, as BuildKit words it.</param>
/// <param name="Span">Where.</param>
public sealed record Diagnostic(Severity Severity, string Number, string Message, SourceSpan Span)
{
    /// <summary>BuildKit's name of the lint rule, or null for errors.</summary>
    public string? Rule { get; init; }

    /// <summary>What the rule is about, in one sentence; null for errors.</summary>
    public string? Description { get; init; }

    /// <summary>Page that explains the rule.</summary>
    public string? Url { get; init; }

    /// <summary>The nearest thing that would have been right; null when nothing is near.</summary>
    public string? Suggestion { get; init; }
}

/// <summary>A Dockerfile that cannot be built. The message is BuildKit's.</summary>
public sealed class DockerfileException : Exception
{
    /// <summary>Creates it from its diagnostic.</summary>
    public DockerfileException(Diagnostic diagnostic, Exception? inner = null)
        : base(Text(diagnostic), inner) => Diagnostic = diagnostic;

    /// <summary>Where and what.</summary>
    public Diagnostic Diagnostic { get; }

    private static string Text(Diagnostic diagnostic) =>
        diagnostic.Suggestion is null ? diagnostic.Message : $"{diagnostic.Message} (did you mean {diagnostic.Suggestion}?)";
}
