namespace Slipway.Build.Graph;

/// <summary>Finds what <c>ONBUILD</c> left for a stage: in its base image's config, or in the stage that it begins with.</summary>
internal static class StageTriggers
{
    /// <summary>Adds a stage's triggers once.</summary>
    /// <returns>Whether they need stages that may not be resolved yet.</returns>
    internal static bool Find(StagePlanner planner, StagePlan plan)
    {
        if (plan.TriggersFound || plan.Text is null || plan.Replaced)
        {
            return false;
        }

        plan.TriggersFound = true;
        var expressions = plan.Base is null
            ? plan.BaseImage?.Config?.OnBuild ?? []
            : [.. planner.TriggersOf(plan.Base)];
        return expressions.Count > 0 && planner.AddTriggers(plan, expressions);
    }
}
