using Slipway.Build.Graph;
using Slipway.Oci;

namespace Slipway.Build.Dockerfile;

/// <summary>One instruction, read but not expanded.</summary>
internal abstract class Instruction
{
    /// <summary>Which.</summary>
    internal required Keyword Keyword { get; init; }

    /// <summary>Its name as written.</summary>
    internal required string Name { get; init; }

    /// <summary>Its text, continued lines joined.</summary>
    internal required string Text { get; init; }

    /// <summary>Where it stands.</summary>
    internal required SourceSpan Span { get; init; }

    /// <summary>Options of a <c># check=</c> comment above it.</summary>
    internal string? Check { get; init; }
}

/// <summary><c>FROM</c>.</summary>
internal sealed class FromInstruction : Instruction
{
    internal required string Base { get; init; }

    /// <summary>In lower case; empty for none.</summary>
    internal required string Stage { get; init; }

    internal required string StageAsWritten { get; init; }

    /// <summary><c>AS</c> as written; empty for none.</summary>
    internal required string As { get; init; }

    internal required string Platform { get; init; }
}

/// <summary>A name with a value.</summary>
/// <param name="Key">Name.</param>
/// <param name="Value">Value; null when an argument has no default.</param>
/// <param name="Legacy">Whether it is written <c>KEY value</c>.</param>
internal readonly record struct Pair(string Key, string? Value, bool Legacy = false);

/// <summary><c>ARG</c>, <c>ENV</c>, <c>LABEL</c>.</summary>
internal sealed class PairsInstruction : Instruction
{
    internal required IReadOnlyList<Pair> Pairs { get; init; }
}

/// <summary><c>COPY</c>, <c>ADD</c>.</summary>
internal sealed class CopyInstruction : Instruction
{
    internal required IReadOnlyList<string> Sources { get; init; }

    internal required IReadOnlyList<Heredoc> Contents { get; init; }

    internal required string Destination { get; init; }

    internal string From { get; init; } = "";

    internal string Chown { get; init; } = "";

    internal string Chmod { get; init; } = "";

    internal string Checksum { get; init; } = "";

    internal bool Link { get; init; }

    internal bool Parents { get; init; }

    internal bool? KeepGitDir { get; init; }

    internal bool? Unpack { get; init; }

    internal IReadOnlyList<string> Excludes { get; init; } = [];
}

/// <summary><c>RUN</c>.</summary>
internal sealed class RunInstruction : Instruction
{
    /// <summary>The arguments of the exec form, or one line.</summary>
    internal required IReadOnlyList<string> Command { get; init; }

    internal required bool ShellForm { get; init; }

    internal required IReadOnlyList<Heredoc> Heredocs { get; init; }

    /// <summary>The values of <c>--mount</c>.</summary>
    internal required IReadOnlyList<string> Mounts { get; init; }

    internal required RunNetwork Network { get; init; }

    internal required bool Insecure { get; init; }
}

/// <summary><c>CMD</c>, <c>ENTRYPOINT</c>.</summary>
internal sealed class CommandInstruction : Instruction
{
    internal required IReadOnlyList<string> Command { get; init; }

    internal required bool ShellForm { get; init; }
}

/// <summary><c>HEALTHCHECK</c>.</summary>
internal sealed class HealthInstruction : Instruction
{
    internal required HealthTest Test { get; init; }
}

/// <summary><c>EXPOSE</c>, <c>VOLUME</c>, <c>SHELL</c>.</summary>
internal sealed class WordsInstruction : Instruction
{
    internal required IReadOnlyList<string> Words { get; init; }
}

/// <summary><c>USER</c>, <c>WORKDIR</c>, <c>STOPSIGNAL</c>, <c>MAINTAINER</c>, and <c>ONBUILD</c> with its expression.</summary>
internal sealed class TextInstruction : Instruction
{
    internal required string Value { get; init; }
}
