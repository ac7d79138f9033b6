using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Build.Dockerfile;

namespace Slipway.BuildKit.Builds;

/// <summary>The answer to <c>frontend.lint</c>, as clients read it.</summary>
internal static class LintJson
{
    internal static byte[] Write(string fileName, byte[] dockerfile, IReadOnlyList<Diagnostic> warnings, Diagnostic? error) => JsonSerializer.SerializeToUtf8Bytes(
        new LintReport(
            [.. warnings.Select(warning => new LintWarning(warning.Rule ?? "", warning.Description ?? "", warning.Url ?? "", warning.Message, Place(warning)))],
            [new FailureFile(fileName, dockerfile, "Dockerfile")],
            error is null ? null : new LintError(new DockerfileException(error).Message, Place(error))),
        LintJsonContext.Default.LintReport);

    private static LintPlace Place(Diagnostic diagnostic) =>
        new(0, [new FailureRange(new FailurePosition(diagnostic.Span.Line), new FailurePosition(diagnostic.Span.EndLine))]);
}

/// <summary>All of it.</summary>
internal sealed record LintReport(IReadOnlyList<LintWarning> Warnings, IReadOnlyList<FailureFile> Sources, [property: JsonPropertyName("buildError")] LintError? Error);

/// <summary>One rule that is not kept.</summary>
internal sealed record LintWarning(string RuleName, string Description, string Url, string Detail, LintPlace Location);

/// <summary>What makes the Dockerfile unbuildable.</summary>
internal sealed record LintError(string Message, LintPlace Location);

/// <summary>Where.</summary>
internal sealed record LintPlace(int SourceIndex, IReadOnlyList<FailureRange> Ranges);

/// <summary>JSON of it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LintReport))]
internal sealed partial class LintJsonContext : JsonSerializerContext;
