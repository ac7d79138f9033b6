using System.Globalization;
using System.Text;
using Slipway.Build.Dockerfile;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>Makes plans of the stages: names, bases, platforms, and what copies from what.</summary>
internal sealed class StagePlanner(GraphContext context)
{
    private readonly Dictionary<string, StagePlan> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StagePlan> outside = new(StringComparer.Ordinal);

    /// <summary>The stages in the order of the file, then what only <c>--from</c> names.</summary>
    internal List<StagePlan> Plans { get; } = [];

    /// <summary>Plans every stage and its dependencies.</summary>
    internal StagePlan Run()
    {
        foreach (var stage in context.File.Stages)
        {
            Add(context.At(stage.From.Span, () => Plan(stage)));
        }

        var target = Target();
        foreach (var plan in Plans.ToArray())
        {
            Connect(plan);
        }

        StageCycles.Refuse(context, Plans);
        if (Plans.Count == 1)
        {
            Plans[0].Title = "";
        }

        return target;
    }

    /// <summary>The sources of an instruction: the stage of <c>--from</c>, or one entry per mount. Null when it has none.</summary>
    internal StagePlan?[]? SourcesOf(Instruction instruction)
    {
        if (instruction is CopyInstruction { From.Length: > 0 } copy)
        {
            return [CopyFrom(copy)];
        }

        if (instruction is not RunInstruction { Mounts.Count: > 0 } run)
        {
            return null;
        }

        var sources = run.Mounts.Select(mount => MountText.FromOf(mount) is { } from ? Find(from, run.Span) : null).ToArray();
        return sources.Any(source => source is not null) ? sources : null;
    }

    /// <summary>Adds the triggers that a stage inherits in front of its own instructions.</summary>
    /// <returns>Whether they depend on further stages.</returns>
    internal bool AddTriggers(StagePlan plan, IEnumerable<string> expressions)
    {
        var more = false;
        foreach (var expression in expressions)
        {
            var instruction = context.At(plan.Span, () => Trigger(expression, plan));
            var sources = context.At(plan.Span, () => SourcesOf(instruction)) ?? [];
            plan.Triggers.Add((instruction, sources));
            plan.Dependencies.AddRange(sources.OfType<StagePlan>().Select(source => (source, plan.Span)));
            plan.StepCount += IsStep(instruction.Keyword) ? 1 : 0;
            more |= sources.Length > 0;
        }

        return more;
    }

    /// <summary>What a stage's own <c>ONBUILD</c> instructions leave.</summary>
    internal IEnumerable<string> TriggersOf(StagePlan plan)
    {
        for (var i = plan.Text?.First ?? 0; i < plan.Text?.End; i++)
        {
            if (context.File.Statements[i].Keyword == Keyword.Onbuild)
            {
                yield return ((TextInstruction)context.File.Read(i)).Value;
            }
        }
    }

    private static Instruction Trigger(string expression, StagePlan plan)
    {
        var reader = new LogicalLineReader(Encoding.UTF8.GetBytes(expression), new Directives('\\'));
        var line = reader.Read();
        if (line is null || reader.Read() is not null)
        {
            throw new SyntaxFault("onbuild trigger should be a single expression", FaultNumber.Arguments);
        }

        var placed = new LogicalLine
        {
            Text = line.Text, Line = plan.Span.Line, EndLine = plan.Span.EndLine, Offset = 0, EmptyContinuation = false, Heredocs = line.Heredocs,
        };
        return new InstructionReader('\\').Read(placed) switch
        {
            { Keyword: Keyword.Onbuild or Keyword.From or Keyword.Maintainer } other =>
                throw new SyntaxFault($"{other.Name} isn't allowed as an ONBUILD trigger", FaultNumber.Arguments),
            var instruction => instruction,
        };
    }

    private static bool IsStep(Keyword keyword) => keyword is Keyword.Add or Keyword.Copy or Keyword.Run or Keyword.Workdir;

    private StagePlan Plan(StageText stage)
    {
        var from = stage.From;
        var name = context.Expander.Expand(from.Base, context.Globals.Get);
        ReportMissing(name, from);
        if (name.Text.Length == 0)
        {
            throw new SyntaxFault($"base name ({from.Base}) should not be blank", FaultNumber.Stages, from.Base);
        }

        var steps = 0;
        for (var i = stage.First; i < stage.End; i++)
        {
            steps += IsStep(context.File.Statements[i].Keyword) ? 1 : 0;
        }

        var plan = new StagePlan
        {
            Name = from.Stage, Title = from.Stage.Length > 0 ? from.Stage : string.Create(CultureInfo.InvariantCulture, $"stage-{Plans.Count}"),
            BaseName = name.Text, Span = from.Span, Text = stage, Check = from.Check, Platform = Platform(from),
            StepCount = steps, IgnoreCache = context.Options.NoCache
                || context.Options.NoCacheStages.Contains(from.Stage, StringComparer.OrdinalIgnoreCase),
        };
        if (from.Stage.Length > 0 && NamedContext(from.Stage) is { } replacement)
        {
            (plan.Context, plan.ContextName, plan.Replaced) = (replacement, from.Stage, true);
        }

        return plan;
    }

    private Platform? Platform(FromInstruction from)
    {
        if (from.Platform.Length == 0)
        {
            return null;
        }

        var text = context.Expander.Expand(from.Platform, context.Globals.Get);
        ReportMissing(text, from);
        if (text.Text.Length == 0)
        {
            var near = text.Missing.Select(name => Nearest.Find(name, context.Globals.Names)).FirstOrDefault(found => found is not null);
            throw new SyntaxFault($"empty platform value from expression {from.Platform}", FaultNumber.Value, from.Platform, near);
        }

        try
        {
            var platform = Oci.Platform.Parse(text.Text);
            LintPlatform(from, text, platform);
            return platform;
        }
        catch (FormatException error)
        {
            throw new SyntaxFault($"failed to parse platform {from.Platform}: {error.Message}", FaultNumber.Value, from.Platform);
        }
    }

    private void LintPlatform(FromInstruction from, Expansion text, Platform platform)
    {
        if (text.Used.SetEquals(["TARGETPLATFORM"]) && text.Missing.Count == 0 && text.Text == context.Globals.Get("TARGETPLATFORM"))
        {
            context.Lint.Report(
                LintRule.RedundantTargetPlatform, from.Span,
                $"Setting platform to predefined {from.Platform} in FROM is redundant as this is the default behavior", from.Check);
        }

        var constant = text.Used.Count == 0 && text.Missing.Count == 0;
        if (constant && !from.Stage.Contains(platform.Os, StringComparison.Ordinal)
            && !from.Stage.Contains(platform.Architecture, StringComparison.Ordinal))
        {
            context.Lint.Report(
                LintRule.FromPlatformFlagConstDisallowed, from.Span,
                $"FROM --platform flag should not use constant value {GoText.Quote(text.Text)}", from.Check);
        }
    }

    private void ReportMissing(Expansion text, FromInstruction from)
    {
        foreach (var name in text.Missing.Where(name => !context.DeclaredGlobals.Contains(name)))
        {
            var near = Nearest.Find(name, context.Globals.Names);
            context.Lint.Report(
                LintRule.UndefinedArgInFrom, from.Span,
                $"FROM argument '{name}' is not declared" + (near is null ? "" : $" (did you mean {near}?)"), from.Check, near);
        }
    }

    private void Add(StagePlan plan)
    {
        Plans.Add(plan);
        if (!plan.Replaced && byName.TryGetValue(plan.BaseName, out var found))
        {
            plan.Base = found;
        }

        if (plan.Base is null && !plan.Replaced && NamedContext(plan.BaseName) is { } replacement)
        {
            (plan.Context, plan.ContextName) = (replacement, plan.BaseName);
        }

        plan.StepCount += plan.Text is not null && plan.BaseName != "scratch" && plan.Base is null ? 1 : 0;
        if (plan.Name.Length > 0)
        {
            byName[plan.Name] = plan;
        }
    }

    private StagePlan Target()
    {
        var wanted = context.Options.Target;
        if (wanted.Length == 0)
        {
            return Plans[^1];
        }

        if (byName.TryGetValue(wanted.ToLowerInvariant(), out var found))
        {
            return found;
        }

        return int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < Plans.Count
            ? Plans[number]
            : throw context.File.Locate(
                new SyntaxFault(
                    $"target stage {GoText.Quote(wanted)} could not be found", FaultNumber.Stages, suggestion: Nearest.Find(wanted, byName.Keys)),
                context.File.Stages[^1].From.Span);
    }

    private void Connect(StagePlan plan)
    {
        for (var i = plan.Text?.First ?? 0; i < plan.Text?.End && !plan.Replaced; i++)
        {
            if (context.File.Statements[i].Keyword is not (Keyword.Copy or Keyword.Run))
            {
                continue;
            }

            var instruction = context.File.Read(i);
            if (context.At(instruction.Span, () => SourcesOf(instruction)) is { } sources)
            {
                plan.Sources[i] = sources;
                plan.Dependencies.AddRange(sources.OfType<StagePlan>().Select(source => (source, instruction.Span)));
            }
        }
    }

    private StagePlan CopyFrom(CopyInstruction copy)
    {
        if (context.Expander.Expand(copy.From, static _ => null).Text != copy.From)
        {
            throw new SyntaxFault(
                "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
                FaultNumber.Stages, copy.From);
        }

        if (!int.TryParse(copy.From, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            return Find(copy.From, copy.Span);
        }

        return index >= 0 && index < context.File.Stages.Count
            ? Plans[index]
            : throw new SyntaxFault($"invalid stage index {index}", FaultNumber.Stages, copy.From);
    }

    // A stage of that name, or a new plan for the image or context that it must be.
    private StagePlan Find(string name, SourceSpan span)
    {
        if (byName.TryGetValue(name.ToLowerInvariant(), out var found))
        {
            return found;
        }

        if (!outside.TryGetValue(name, out var plan))
        {
            outside[name] = plan = new StagePlan { Name = "", Title = "", BaseName = name, Span = span };
            if (NamedContext(name) is { } replacement)
            {
                (plan.Context, plan.ContextName) = (replacement, name);
            }

            Plans.Add(plan);
        }

        return plan;
    }

    private string? NamedContext(string name)
    {
        if (name is "scratch" or "context")
        {
            return null;
        }

        foreach (var candidate in Candidates(name))
        {
            if (context.Options.NamedContexts.TryGetValue(candidate, out var value))
            {
                return value;
            }
        }

        return null;
    }

    // docker.io/library/alpine:latest is found under alpine, too.
    private static IEnumerable<string> Candidates(string name)
    {
        yield return name;
        if (Reference.TryParse(name, out var reference, out _))
        {
            yield return reference.Familiar;
            yield return reference.TagNameOnly().ToString();
            yield return reference.TagNameOnly().Familiar;
        }
    }
}
