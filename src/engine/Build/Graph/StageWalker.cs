using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>Walks the instructions of one stage after the other and turns them into operations and config.</summary>
internal sealed class StageWalker(GraphContext context)
{
    private const int MaxInstructions = 100_000;

    /// <summary>Every instruction walked, in order.</summary>
    internal List<BuildStep> Steps { get; } = [];

    /// <summary>Walks a stage; what it needs must have been walked.</summary>
    internal void Walk(StagePlan plan)
    {
        Begin(plan);
        var steps = new StageSteps(context, plan);
        Note(plan, plan.Text!.From);
        foreach (var (instruction, sources) in plan.Triggers)
        {
            context.At(plan.Span, () => steps.Take(instruction, sources, trigger: true));
        }

        for (var i = plan.Text.First; i < plan.Text.End; i++)
        {
            var instruction = context.File.Read(i);
            var sources = plan.Sources.GetValueOrDefault(i) ?? [];
            context.At(instruction.Span, () => steps.Take(instruction, sources, trigger: false));
            Note(plan, instruction);
        }

        plan.State = steps.State;
    }

    private void Begin(StagePlan plan)
    {
        if (plan.Base is { } parent)
        {
            plan.Image = parent.Image! with { Config = parent.Image!.Config with { OnBuild = null } };
            plan.BaseImage = parent.BaseImage;
            plan.Variables = parent.Variables;
            plan.Platform = parent.Platform;
            plan.WorkdirSet = parent.WorkdirSet;
            plan.Arguments.AddRange(parent.Arguments);
            plan.Source = parent.State;
            return;
        }

        plan.Image = plan.Image! with { Config = plan.Image!.Config with { OnBuild = null } };
        foreach (var entry in plan.Image.Environment)
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            plan.Variables = plan.Variables.Set(entry[..equals], entry[(equals + 1)..]);
        }
    }

    private void Note(StagePlan plan, Instruction instruction)
    {
        if (Steps.Count >= MaxInstructions)
        {
            throw context.File.Locate(
                new SyntaxFault($"build has more than {MaxInstructions} instructions", FaultNumber.Limit), instruction.Span);
        }

        plan.State ??= plan.Source;
        Steps.Add(new(
            0, 0, Redaction.Apply(instruction.Text), plan.Title, plan.State!, plan.Image!.Execution(), plan.Image.History.Count));
    }
}
