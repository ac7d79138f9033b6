using Slipway.Build.Dockerfile;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>A stage, or an image or context that <c>--from</c> names, on its way into the graph.</summary>
internal sealed class StagePlan
{
    /// <summary>As progress shows it; empty when the file has one stage only.</summary>
    internal required string Title { get; set; }

    /// <summary>Its name in lower case; empty for none.</summary>
    internal required string Name { get; init; }

    /// <summary>Image or stage it begins with, expanded.</summary>
    internal required string BaseName { get; init; }

    /// <summary>Where it is named.</summary>
    internal required SourceSpan Span { get; init; }

    /// <summary>Options of a <c># check=</c> comment above it.</summary>
    internal string? Check { get; init; }

    /// <summary>The stage's text; null for what only <c>--from</c> names.</summary>
    internal StageText? Text { get; init; }

    /// <summary>The stage it begins with, if it is one.</summary>
    internal StagePlan? Base { get; set; }

    /// <summary>Platform that <c>--platform</c> asks for.</summary>
    internal Platform? Platform { get; set; }

    /// <summary>The named context that takes the stage's place, or its image's.</summary>
    internal string? Context { get; set; }

    /// <summary>Name of that context.</summary>
    internal string ContextName { get; set; } = "";

    /// <summary>Whether the context is the stage itself, so that its instructions are not walked.</summary>
    internal bool Replaced { get; set; }

    /// <summary>Whether cached results are ignored.</summary>
    internal bool IgnoreCache { get; init; }

    /// <summary>Stages that its instructions copy from or mount, with the instruction.</summary>
    internal List<(StagePlan Stage, SourceSpan Span)> Dependencies { get; } = [];

    /// <summary>The same by statement: one entry per source or mount, null where there is no stage.</summary>
    internal Dictionary<int, StagePlan?[]> Sources { get; } = [];

    /// <summary>Triggers of the base, which run first, with their sources.</summary>
    internal List<(Instruction Instruction, StagePlan?[] Sources)> Triggers { get; } = [];

    /// <summary>Whether the triggers have been looked for.</summary>
    internal bool TriggersFound { get; set; }

    /// <summary>The operation it begins with when it has no base stage.</summary>
    internal Operation? Source { get; set; }

    /// <summary>Its tree, once walked.</summary>
    internal Operation? State { get; set; }

    /// <summary>Its config, once walked.</summary>
    internal ImageDraft? Image { get; set; }

    /// <summary>Config of the image it stands on; null for scratch.</summary>
    internal ImageConfig? BaseImage { get; set; }

    /// <summary>Its variables, once walked.</summary>
    internal Variables Variables { get; set; } = Variables.Empty;

    /// <summary>Build arguments declared so far, in order.</summary>
    internal List<Pair> Arguments { get; } = [];

    /// <summary>Whether a WORKDIR of the file was seen.</summary>
    internal bool WorkdirSet { get; set; }

    /// <summary>Steps that progress counts.</summary>
    internal int StepCount { get; set; }

    /// <summary>Steps counted so far.</summary>
    internal int StepsDone { get; set; }

    /// <summary>Whether its tree is complete.</summary>
    internal bool Walked => State is not null;
}
