using System.Globalization;
using System.Text;
using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>The output of <c>docker build --check</c>, and a diagnostic as text with its source lines.</summary>
public static class CheckReport
{
    private const int MaxLines = 40;

    /// <summary>What <c>docker build --check</c> prints.</summary>
    /// <param name="text">The Dockerfile.</param>
    /// <param name="fileName">Its name.</param>
    /// <param name="warnings">The violations.</param>
    /// <param name="error">What makes it unbuildable, if anything.</param>
    public static string Format(ReadOnlyMemory<byte> text, string fileName, IReadOnlyList<Diagnostic> warnings, Diagnostic? error = null)
    {
        if (warnings.Count == 0 && error is null)
        {
            return "Check complete, no warnings found.\n";
        }

        var output = new StringBuilder();
        if (warnings.Count > 0)
        {
            var found = warnings.Count == 1 ? "1 warning has been found!" : $"{warnings.Count} warnings have been found!";
            output.Append("Check complete, ").Append(found).Append('\n');
        }

        var lines = Encoding.UTF8.GetString(text.Span).Split('\n');
        foreach (var warning in warnings)
        {
            output.Append("\nWARNING: ").Append(warning.Rule).Append(warning.Url is null ? "" : " - " + warning.Url).Append('\n')
                .Append(warning.Message).Append('\n');
            Source(output, lines, fileName, warning.Span);
        }

        if (error is not null)
        {
            output.Append(warnings.Count > 0 ? "\n" : "").Append("ERROR: ").Append(new DockerfileException(error).Message).Append('\n');
            Source(output, lines, fileName, error.Span);
        }

        return output.ToString();
    }

    /// <summary>One diagnostic: <c>Dockerfile:3:5: error DF0200: …</c>, and the lines.</summary>
    public static string Explain(ReadOnlyMemory<byte> text, string fileName, Diagnostic diagnostic)
    {
        var severity = diagnostic.Severity == Severity.Error ? "error" : "warning";
        var output = new StringBuilder();
        output.Append(
            CultureInfo.InvariantCulture,
            $"{fileName}:{diagnostic.Span.Line}:{diagnostic.Span.Column}: {severity} {diagnostic.Number}: {new DockerfileException(diagnostic).Message}\n");
        Source(output, Encoding.UTF8.GetString(text.Span).Split('\n'), fileName, diagnostic.Span);
        return output.ToString();
    }

    // The lines with some around them, as docker prints them: an arrow marks the ones meant.
    private static void Source(StringBuilder output, string[] lines, string fileName, SourceSpan span)
    {
        var (first, last) = (Math.Clamp(span.Line, 1, lines.Length), Math.Clamp(span.EndLine, 1, lines.Length));
        last = Math.Min(last, first + MaxLines);
        for (var (padded, wanted) = (0, first == last ? 4 : 2); padded < wanted && (first > 1 || last < lines.Length);)
        {
            padded += first > 1 ? 1 : 0;
            first -= first > 1 ? 1 : 0;
            padded += last < lines.Length ? 1 : 0;
            last += last < lines.Length ? 1 : 0;
        }

        output.Append(CultureInfo.InvariantCulture, $"{fileName}:{span.Line}\n--------------------\n");
        for (var number = first; number <= last; number++)
        {
            var mark = number >= span.Line && number <= span.EndLine ? ">>>" : "   ";
            output.Append(CultureInfo.InvariantCulture, $" {number,3} | {mark} {lines[number - 1].TrimEnd('\r')}\n");
        }

        output.Append("--------------------\n");
    }
}
