using System.Globalization;
using Slipway.BuildClient;

namespace Slipway.Cli.Output.Builds;

/// <summary>The end of a failed build: what the failing step printed, where it stands in the Dockerfile, and the error.</summary>
internal static class FailureReport
{
    private const int Around = 2;

    public static void Write(TextWriter output, BuildSteps steps, BuildFailedException failure)
    {
        foreach (BuildStep step in steps.All.Where(step => step.Error.Length > 0 && !step.Error.Contains("context canceled", StringComparison.Ordinal)))
        {
            step.Rest();
            output.WriteLine($"------\n > {step.Name}:");
            foreach (string line in step.Lines)
            {
                output.WriteLine(line);
            }

            output.WriteLine("------");
        }

        WarningReport.Write(output, steps);
        if (failure.Place is { } place)
        {
            Excerpt(output, place);
        }

        output.WriteLine("ERROR: failed to build: failed to solve: " + failure.Message);
        output.Flush();
    }

    /// <summary>The lines, with their neighbours.</summary>
    public static void Excerpt(TextWriter output, BuildFailurePlace place)
    {
        const string Rule = "--------------------";
        string[] lines = place.Text.Split('\n');
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{place.File}:{place.First}\n{Rule}"));
        for (int number = Math.Max(1, place.First - Around); number <= Math.Min(lines.Length, place.Last + Around); number++)
        {
            if (number == lines.Length && lines[^1].Length == 0)
            {
                break;
            }

            string mark = number >= place.First && number <= place.Last ? ">>>" : "   ";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{number,4} | {mark} {lines[number - 1].TrimEnd('\r')}").TrimEnd());
        }

        output.WriteLine(Rule);
    }
}

/// <summary>What is wrong with a Dockerfile without stopping the build.</summary>
internal static class WarningReport
{
    public static void Write(TextWriter output, BuildSteps steps)
    {
        if (steps.Warnings.Count == 0)
        {
            return;
        }

        output.WriteLine($"\n {steps.Warnings.Count} warning{(steps.Warnings.Count == 1 ? "" : "s")} found:");
        foreach (StepWarning warning in steps.Warnings)
        {
            output.WriteLine($" - {warning.Short}");
        }

        output.Flush();
    }
}
