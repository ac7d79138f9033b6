using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>
/// A Dockerfile whose every instruction has been read and found well-formed. It keeps the bytes and where each instruction begins, and reads
/// an instruction again when a stage needs it, so that a million lines take little memory.
/// </summary>
public sealed class ParsedDockerfile
{
    /// <summary>Its name in messages.</summary>
    public required string FileName { get; init; }

    /// <summary>Its bytes.</summary>
    public required ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>Value of the <c>syntax</c> directive; this builder understands every <c>docker/dockerfile</c> itself.</summary>
    public string? Syntax { get; init; }

    /// <summary>Value of the <c>check</c> directive.</summary>
    public string? Check { get; init; }

    /// <summary>Escape character.</summary>
    public required char Escape { get; init; }

    internal Statement[] Statements { get; init; } = [];

    /// <summary>Arguments before the first stage, in number the first statements.</summary>
    internal int GlobalArguments { get; init; }

    internal IReadOnlyList<StageText> Stages { get; init; } = [];

    /// <summary>Violations of rules about spelling, found while reading.</summary>
    internal IReadOnlyList<(LintRule Rule, SourceSpan Span, string Message, string? Check)> Findings { get; init; } = [];

    /// <summary>Options of <c># check=</c> comments above single statements.</summary>
    internal IReadOnlyDictionary<int, string> Checks { get; init; } = new Dictionary<int, string>();

    /// <summary>Reads a statement again.</summary>
    internal Instruction Read(int index)
    {
        var statement = Statements[index];
        var check = Checks.GetValueOrDefault(index);
        var line = new LogicalLineReader(Text, new Directives(Escape), statement.Offset, statement.Line - 1, check).Read()!;
        return new InstructionReader(Escape).Read(line);
    }

    /// <summary>A fault with its place in the file.</summary>
    internal DockerfileException Locate(SyntaxFault fault, SourceSpan span, string prefix = "", Exception? inner = null) =>
        new(new Diagnostic(Severity.Error, fault.Number, prefix + fault.Message, SourceFinder.Find(Text, span, fault.Near))
        {
            Suggestion = fault.Suggestion,
        }, inner);
}

/// <summary>Where an instruction begins.</summary>
/// <param name="Offset">Byte of its first line.</param>
/// <param name="Line">Number of that line, from 1.</param>
/// <param name="Keyword">Which it is.</param>
internal readonly record struct Statement(int Offset, int Line, Keyword Keyword);

/// <summary>A stage: its <c>FROM</c> and the statements below it.</summary>
/// <param name="From">The instruction.</param>
/// <param name="First">Number of the first statement behind it.</param>
/// <param name="End">Number behind its last statement.</param>
internal sealed record StageText(FromInstruction From, int First, int End);
