using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>Who needs whom among stages; without recursion, since a file may have thousands of them in a row.</summary>
internal static class StageCycles
{
    /// <summary>Fails when stages copy from each other in a circle.</summary>
    internal static void Refuse(GraphContext context, List<StagePlan> plans)
    {
        var done = new HashSet<StagePlan>();
        foreach (var root in plans)
        {
            Visit(context, root, done);
        }
    }

    /// <summary>A stage and all that it needs.</summary>
    internal static HashSet<StagePlan> Reachable(StagePlan target)
    {
        var found = new HashSet<StagePlan>();
        var waiting = new Stack<StagePlan>([target]);
        while (waiting.TryPop(out var plan))
        {
            if (!found.Add(plan))
            {
                continue;
            }

            if (plan.Base is not null)
            {
                waiting.Push(plan.Base);
            }

            foreach (var (stage, _) in plan.Dependencies)
            {
                waiting.Push(stage);
            }
        }

        return found;
    }

    private static void Visit(GraphContext context, StagePlan root, HashSet<StagePlan> done)
    {
        var path = new HashSet<StagePlan>();
        var stack = new Stack<(StagePlan Plan, int Next)>();
        stack.Push((root, 0));
        while (stack.TryPop(out var frame))
        {
            if (frame.Next == 0 && !done.Add(frame.Plan))
            {
                continue;
            }

            path.Add(frame.Plan);
            if (frame.Next >= frame.Plan.Dependencies.Count)
            {
                path.Remove(frame.Plan);
                continue;
            }

            var (stage, span) = frame.Plan.Dependencies[frame.Next];
            stack.Push((frame.Plan, frame.Next + 1));
            if (path.Contains(stage))
            {
                throw context.File.Locate(
                    new SyntaxFault($"circular dependency detected on stage: {Name(root)}", FaultNumber.Stages, "--from"), span);
            }

            stack.Push((stage, 0));
        }
    }

    private static string Name(StagePlan plan) => plan.Title.Length > 0 ? plan.Title : plan.BaseName;
}
