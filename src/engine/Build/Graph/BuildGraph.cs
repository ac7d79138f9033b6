using Slipway.Build.Dockerfile;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>What a Dockerfile asks for: the needed operations, what they lead to, and the image's config.</summary>
public sealed class BuildGraph
{
    /// <summary>Every needed operation; inputs stand before their users.</summary>
    public required IReadOnlyList<Operation> Operations { get; init; }

    /// <summary>The tree of the image.</summary>
    public required Operation Result { get; init; }

    /// <summary>
    /// The image's config without <c>rootfs</c> and times: platform, execution, author, and the history of base and target. A history entry
    /// without <see cref="HistoryEntry.Created"/> gets the time of the build.
    /// </summary>
    public required ImageConfig Config { get; init; }

    /// <summary>The base image's config, null for <c>scratch</c>: its layers come first.</summary>
    public required ImageConfig? BaseConfig { get; init; }

    /// <summary>The instructions of the needed stages in the order of the file, numbered as the classic builder does.</summary>
    public required IReadOnlyList<BuildStep> Steps { get; init; }

    /// <summary>The stages that are needed, in the order of the file.</summary>
    public required IReadOnlyList<string> Stages { get; init; }

    /// <summary>What lint rules and deprecated spellings say, ordered by place.</summary>
    public required IReadOnlyList<Diagnostic> Warnings { get; init; }

    /// <summary>The value of <c>SOURCE_DATE_EPOCH</c> in seconds, when the build has one.</summary>
    public long? SourceDateEpoch { get; init; }
}

/// <summary>One instruction as the classic builder prints it, with what is true after it.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Total">Of how many.</param>
/// <param name="Text">The instruction, continuation lines joined: <c>RUN make</c>.</param>
/// <param name="Stage">Stage it belongs to.</param>
/// <param name="State">The tree after it.</param>
/// <param name="Config">How a container of the image would run after it.</param>
/// <param name="HistoryLength">How many history entries the stage's image has after it, the base's included.</param>
public sealed record BuildStep(
    int Number, int Total, string Text, string Stage, Operation State, ExecutionConfig Config, int HistoryLength)
{
    /// <summary><c>Step 1/5 : FROM debian</c>.</summary>
    public string Heading => $"Step {Number}/{Total} : {Text}";
}
