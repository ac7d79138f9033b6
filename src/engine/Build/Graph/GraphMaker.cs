using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>Makes the graph of what a build has to do: text → stages → operations. Stages that the target does not need are not in it.</summary>
public static class GraphMaker
{
    /// <summary>Makes the graph.</summary>
    /// <param name="file">The Dockerfile.</param>
    /// <param name="options">What the request says.</param>
    /// <param name="resolver">Finds the configs of base images.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="DockerfileException">The Dockerfile cannot be built; also when warnings are to be errors.</exception>
    public static async Task<BuildGraph> MakeAsync(
        ParsedDockerfile file, GraphOptions options, ImageConfigResolver resolver, CancellationToken cancellation = default)
    {
        var context = new GraphContext(file, options);
        GlobalArguments.Read(context);
        var planner = new StagePlanner(context);
        var target = planner.Run();
        var reachable = await ResolveAsync(planner, target, new StageSources(context, resolver), cancellation).ConfigureAwait(false);

        var walker = new StageWalker(context);
        foreach (var plan in planner.Plans.Where(plan => reachable.Contains(plan) && !plan.Walked).ToArray())
        {
            cancellation.ThrowIfCancellationRequested();
            walker.Walk(plan);
        }

        context.Lint.ThrowIfErrors();
        context.CloseLocals();
        return Finish(context, planner, reachable, target, walker);
    }

    private static async Task<HashSet<StagePlan>> ResolveAsync(
        StagePlanner planner, StagePlan target, StageSources sources, CancellationToken cancellation)
    {
        while (true)
        {
            var reachable = StageCycles.Reachable(target);
            await sources.ResolveAsync(planner.Plans.Where(reachable.Contains), cancellation).ConfigureAwait(false);
            var more = false;
            foreach (var plan in planner.Plans.Where(reachable.Contains).ToArray())
            {
                more |= StageTriggers.Find(planner, plan);
            }

            if (!more)
            {
                return reachable;
            }
        }
    }

    private static BuildGraph Finish(
        GraphContext context, StagePlanner planner, HashSet<StagePlan> reachable, StagePlan target, StageWalker walker)
    {
        var operations = Order(target.State!);
        return new()
        {
            Operations = operations, Result = target.State!, Config = target.Image!.Finish(context.Options), BaseConfig = target.BaseImage,
            Steps = [.. walker.Steps.Select((step, i) => step with { Number = i + 1, Total = walker.Steps.Count })],
            Stages = [.. planner.Plans.Where(plan => plan.Text is not null && reachable.Contains(plan)).Select(plan => plan.Title)],
            Warnings = context.Lint.Warnings, SourceDateEpoch = context.Epoch,
        };
    }

    // Inputs before users, without recursion.
    private static List<Operation> Order(Operation result)
    {
        var order = new List<Operation>();
        var seen = new HashSet<Operation>(ReferenceEqualityComparer.Instance);
        var stack = new Stack<(Operation Operation, bool InputsDone)>([(result, false)]);
        while (stack.TryPop(out var frame))
        {
            if (frame.InputsDone)
            {
                frame.Operation.Id = order.Count;
                order.Add(frame.Operation);
            }
            else if (seen.Add(frame.Operation))
            {
                stack.Push((frame.Operation, true));
                foreach (var input in frame.Operation.Inputs.Reverse())
                {
                    stack.Push((input, false));
                }
            }
        }

        return order;
    }
}
