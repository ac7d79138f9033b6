using System.Globalization;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>Titles of operations, as BuildKit's progress has them: <c>[linux/arm64 build 2/5] RUN make</c>.</summary>
internal static class StepTitle
{
    /// <summary>The title of a stage's next step.</summary>
    internal static string Next(GraphContext context, StagePlan plan, string text, Platform platform, bool trigger = false)
    {
        text = Redaction.Apply(text);
        if (plan.StepCount == 0)
        {
            return text;
        }

        plan.StepsDone++;
        var total = plan.StepCount.ToString(CultureInfo.InvariantCulture);
        var number = plan.StepsDone.ToString(CultureInfo.InvariantCulture).PadLeft(total.Length);
        var prefix = (context.Options.MultiplePlatforms ? platform + " " : "") + (plan.Title.Length > 0 ? plan.Title + " " : "");
        return $"[{prefix}{number}/{total}] {(trigger ? "ONBUILD " : "")}{text}";
    }
}
