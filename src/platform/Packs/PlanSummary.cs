using System.Text;

namespace Slipway.Packs;

/// <summary>A plan for people: a line for each decision, with what decided it.</summary>
public static class PlanSummary
{
    private const int Width = 12;

    /// <summary>Lines of a name and a value.</summary>
    public static string Of(PackPlan plan)
    {
        StringBuilder text = new();
        void Line(string name, string value) => text.Append(name.PadRight(Width)).Append(' ').Append(value).Append('\n');

        Line("pack", plan.Pack);
        foreach (Choice provider in plan.Providers)
        {
            Line("detected", $"{provider.Name} ({provider.Reason})");
        }

        if (plan.Framework is { } framework)
        {
            Line("framework", $"{framework.Name} ({framework.Reason})");
        }

        foreach (ToolChoice tool in plan.Tools)
        {
            Line("tool", $"{tool.Name} {tool.Version}".TrimEnd() + $" ({(tool.Requested.Length > 0 ? $"\"{tool.Requested}\" in " : "")}{tool.Reason})");
        }

        foreach (PlanPhase phase in plan.Phases)
        {
            Phase(phase, Line);
        }

        Line("start", plan.StartCommand is { } start ? $"{start} ({plan.StartReason})" : plan.StartReason.Length > 0 ? plan.StartReason : "the image's own");
        foreach ((string name, string command) in plan.Processes.Where(p => p.Value != plan.StartCommand))
        {
            Line("process", $"{name}: {command}");
        }

        Line("port", $"{plan.Port}");
        Line("images", string.Join(", ", plan.Image is { } image ? [image] : plan.BaseImages.Distinct()));
        Others(plan, Line);
        return text.ToString();
    }

    private static void Phase(PlanPhase phase, Action<string, string> line)
    {
        string[] packages = [.. phase.Packages.Concat(phase.RunPackages).Distinct()];
        if (packages.Length > 0)
        {
            line(phase.Name, "packages: " + string.Join(", ", packages));
        }

        foreach (string command in phase.Commands)
        {
            line(phase.Name, command.Trim().ReplaceLineEndings("; "));
        }
    }

    private static void Others(PackPlan plan, Action<string, string> line)
    {
        if (plan.ComposeFile is { } file)
        {
            line("file", file);
        }

        if (plan.AlsoMatching.Count > 0)
        {
            line("unused", string.Join(", ", plan.AlsoMatching.Select(c => $"{c.Name} ({c.Reason})")));
        }

        foreach (string warning in plan.Warnings)
        {
            line("note", warning);
        }
    }
}
