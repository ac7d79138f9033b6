using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>Reads Dockerfiles.</summary>
public static class DockerfileParser
{
    /// <summary>Largest file in bytes.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Most stages of a file.</summary>
    public const int MaxStages = 20_000;

    /// <summary>Reads a file and checks each instruction.</summary>
    /// <param name="text">Its bytes, UTF-8. They are kept, not copied.</param>
    /// <param name="fileName">Its name in messages.</param>
    /// <exception cref="DockerfileException">It is malformed.</exception>
    public static ParsedDockerfile Parse(ReadOnlyMemory<byte> text, string fileName = "Dockerfile")
    {
        if (text.IsEmpty)
        {
            throw Fail(text, new SyntaxFault("the Dockerfile cannot be empty", FaultNumber.File), 1, 1);
        }

        if (text.Length > MaxBytes)
        {
            throw new DockerfileException(new(
                Severity.Error, FaultNumber.Limit, $"dockerfile greater than max allowed size of {MaxBytes}", SourceSpan.Lines(1, 1)));
        }

        return new Reading(text, fileName).Run();
    }

    private static DockerfileException Fail(ReadOnlyMemory<byte> text, SyntaxFault fault, int first, int last, string prefix = "") =>
        new(new Diagnostic(Severity.Error, fault.Number, prefix + fault.Message, SourceFinder.Find(text, SourceSpan.Lines(first, last), fault.Near))
        {
            Suggestion = fault.Suggestion,
        });

    private sealed class Reading(ReadOnlyMemory<byte> text, string fileName)
    {
        private readonly List<Statement> statements = [];
        private readonly List<(FromInstruction From, int First)> stages = [];
        private readonly Dictionary<int, string> checks = [];
        private readonly SpellingLint spelling = new();
        private readonly Directives directives = new();

        internal ParsedDockerfile Run()
        {
            var lines = new LogicalLineReader(text, directives);
            while (Next(lines) is { } line)
            {
                Take(line);
            }

            if (statements.Count == 0)
            {
                throw Fail(text, new SyntaxFault("file with no instructions", FaultNumber.File), 1, Math.Max(1, lines.Line));
            }

            if (stages.Count == 0)
            {
                throw Fail(text, new SyntaxFault("dockerfile contains no stages to build", FaultNumber.Stages), 1, 1);
            }

            return new()
            {
                FileName = fileName, Text = text, Syntax = directives.Syntax, Check = directives.Check, Escape = directives.Escape,
                Statements = [.. statements], GlobalArguments = stages[0].First - 1, Findings = spelling.Finish(), Checks = checks,
                Stages = [.. stages.Select((stage, i) =>
                    new StageText(stage.From, stage.First, i + 1 < stages.Count ? stages[i + 1].First - 1 : statements.Count))],
            };
        }

        private LogicalLine? Next(LogicalLineReader lines)
        {
            try
            {
                return lines.Read();
            }
            catch (SyntaxFault fault)
            {
                throw Fail(text, fault, lines.Line, lines.Line);
            }
        }

        private void Take(LogicalLine line)
        {
            try
            {
                var instruction = new InstructionReader(directives.Escape).Read(line);
                if (instruction is FromInstruction from)
                {
                    stages.Add((from, statements.Count + 1));
                    if (stages.Count > MaxStages)
                    {
                        throw new SyntaxFault($"dockerfile has more than {MaxStages} stages", FaultNumber.Limit);
                    }
                }
                else if (stages.Count == 0 && instruction.Keyword != Keyword.Arg)
                {
                    throw new SyntaxFault("no build stage in current context", FaultNumber.Stages, instruction.Name);
                }

                spelling.Look(instruction, line);
                if (line.Check is not null)
                {
                    checks[statements.Count] = line.Check;
                }

                statements.Add(new(line.Offset, line.Line, instruction.Keyword));
            }
            catch (SyntaxFault fault)
            {
                var prefix = fault.Message.StartsWith("no build stage", StringComparison.Ordinal)
                    ? "" : $"dockerfile parse error on line {line.Line}: ";
                throw Fail(text, fault, line.Line, line.EndLine, prefix);
            }
        }
    }
}
