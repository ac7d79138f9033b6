using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary><c>ARG</c> inside a stage.</summary>
internal static class ArgumentMaker
{
    /// <summary>Declares arguments: given values are stronger than defaults, and a name alone takes the value from before the first stage.</summary>
    internal static void Declare(StageSteps steps, PairsInstruction instruction)
    {
        var (context, plan) = (steps.Context, steps.Plan);
        foreach (var pair in instruction.Pairs)
        {
            SecretNames.Report(context.Lint, "ARG", pair.Key, instruction);
            var given = context.Options.BuildArgs.TryGetValue(pair.Key, out var value);
            if (!given)
            {
                value = pair.Value is null ? context.Globals.Get(pair.Key) : steps.Expand(pair.Value, instruction);
            }

            if (value is not null)
            {
                plan.Variables = plan.Variables.Set(pair.Key, value);
            }

            plan.Arguments.Add(new Pair(pair.Key, value));
        }
    }

    /// <summary>The history entry of the arguments declared last.</summary>
    internal static string History(StagePlan plan, int count) =>
        "ARG " + string.Join(' ', plan.Arguments.TakeLast(count).Select(argument =>
            argument.Value is null ? argument.Key : $"{argument.Key}={argument.Value}"));

    /// <summary>The arguments as a RUN's history entry names them: <c>|2 A=1 B=2 </c>.</summary>
    internal static string Prefix(StagePlan plan)
    {
        var names = plan.Arguments.Select(argument => argument.Key).Distinct(StringComparer.Ordinal).ToList();
        return names.Count == 0
            ? ""
            : $"|{names.Count} {string.Join(' ', names.Select(name => $"{name}={plan.Variables.Get(name)}"))} ";
    }
}
