using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>The lint rules that need no expansion: casing, names of stages, deprecated forms.</summary>
internal sealed class SpellingLint
{
    private const int MaxFindings = 1000;

    private readonly List<(LintRule Rule, SourceSpan Span, string Message, string? Check)> findings = [];
    private readonly List<(string Name, SourceSpan Span, string? Check)> lower = [];
    private readonly List<(string Name, SourceSpan Span, string? Check)> upper = [];
    private readonly List<(string Name, SourceSpan Span, string? Check)> mixed = [];
    private readonly HashSet<string> stages = new(StringComparer.Ordinal);
    private int lowerCount;
    private int upperCount;

    internal void Look(Instruction instruction, LogicalLine line)
    {
        if (line.EmptyContinuation)
        {
            Add(LintRule.NoEmptyContinuation, instruction, "Empty continuation line");
        }

        if (instruction is FromInstruction from)
        {
            From(from);
            Describe(instruction, line, from.Stage.Length > 0 ? [from.Stage] : []);
        }
        else if (instruction is PairsInstruction { Keyword: Keyword.Arg } arguments)
        {
            Describe(instruction, line, [.. arguments.Pairs.Select(pair => pair.Key)]);
        }
        else if (instruction.Keyword == Keyword.Maintainer)
        {
            Add(LintRule.MaintainerDeprecated, instruction, "Maintainer instruction is deprecated in favor of using label");
        }

        if (stages.Count > 0 || instruction.Keyword != Keyword.Arg)
        {
            Count(instruction);
        }
    }

    /// <summary>All findings, once the majority of casings is known.</summary>
    internal IReadOnlyList<(LintRule Rule, SourceSpan Span, string Message, string? Check)> Finish()
    {
        var majorityLower = lowerCount > upperCount;
        foreach (var (name, span, check) in mixed.Concat(majorityLower ? upper : lower))
        {
            var message = $"Command '{name}' should match the case of the command majority ({(majorityLower ? "lowercase" : "uppercase")})";
            findings.Add((LintRule.ConsistentInstructionCasing, span, message, check));
        }

        return findings;
    }

    private void From(FromInstruction from)
    {
        if (from.Stage.Length == 0)
        {
            return;
        }

        if (from.StageAsWritten != from.Stage)
        {
            Add(LintRule.StageNameCasing, from, $"Stage name '{from.StageAsWritten}' should be lowercase");
        }

        var (fromUpper, asUpper) = (IsUpper(from.Name), IsUpper(from.As));
        if (fromUpper != asUpper || IsLower(from.Name) != IsLower(from.As))
        {
            Add(LintRule.FromAsCasing, from, $"'{from.As}' and '{from.Name}' keywords' casing do not match");
        }

        if (from.Stage is "context" or "scratch")
        {
            Add(LintRule.ReservedStageName, from, $"Stage name should not use the same name as reserved stage {GoText.Quote(from.Stage)}");
        }

        if (!stages.Add(from.Stage))
        {
            Add(LintRule.DuplicateStageName, from, $"Duplicate stage name {GoText.Quote(from.Stage)}, stage names should be unique");
        }
    }

    private void Describe(Instruction instruction, LogicalLine line, List<string> names)
    {
        if (line.Described is { } described && names.Count > 0 && !names.Contains(described))
        {
            Add(LintRule.InvalidDefinitionDescription, instruction, $"Comment for {instruction.Keyword.ToString().ToUpperInvariant()} should follow the format: `# {(names.Count == 1 ? names[0] : "<arg_key>")} <description>`");
        }
    }

    private void Count(Instruction instruction)
    {
        var place = (instruction.Name, instruction.Span, instruction.Check);
        var list = mixed;
        if (IsLower(instruction.Name))
        {
            lowerCount++;
            list = lower;
        }
        else if (IsUpper(instruction.Name))
        {
            upperCount++;
            list = upper;
        }

        if (list.Count < MaxFindings)
        {
            list.Add(place);
        }
    }

    private void Add(LintRule rule, Instruction instruction, string message)
    {
        if (findings.Count < MaxFindings)
        {
            findings.Add((rule, instruction.Span, message, instruction.Check));
        }
    }

    private static bool IsLower(string name) => !name.Any(char.IsUpper);

    private static bool IsUpper(string name) => !name.Any(char.IsLower);
}
