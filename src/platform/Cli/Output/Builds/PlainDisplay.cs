using System.Globalization;
using Slipway.BuildClient;

namespace Slipway.Cli.Output.Builds;

/// <summary>Lines that stay: each begins with the number of its step.</summary>
internal sealed class PlainDisplay(TextWriter output) : BuildDisplay(output)
{
    private readonly BuildSteps _steps = new();
    private readonly HashSet<string> _toldParts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private BuildStep? _last;

    public override void Show(BuildUpdate update)
    {
        foreach (StepChange change in update.Steps)
        {
            // One that begins while another is shown waits for something to say.
            if (_steps.Step(change) is { Started: not null, Completed: null } step && _last is null)
            {
                To(step);
            }
        }

        foreach (StepPart part in update.Parts.Where(part => part.Completed is not null && _toldParts.Add(part.Step + part.Id)))
        {
            Line(part.Step, Part(part));
        }

        foreach (StepOutput printed in update.Output)
        {
            Print(printed);
        }

        _steps.Warnings.AddRange(update.Warnings);
        foreach (StepChange change in update.Steps.Where(change => change.Completed is not null && _ended.Add(change.Digest)))
        {
            Ended(_steps.Find(change.Digest)!);
        }

        Output.Flush();
    }

    public override void End() => WarningReport.Write(Output, _steps);

    public override void Fail(BuildFailedException failure) => FailureReport.Write(Output, _steps, failure);

    private void Print(StepOutput printed)
    {
        if (_steps.Find(printed.Step) is { } step)
        {
            string time = ((printed.Time ?? step.Started) - step.Started ?? TimeSpan.Zero).TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
            foreach (string line in step.Print(printed.Data.Span))
            {
                Line(step, $"{time} {line}");
            }
        }
    }

    private void Ended(BuildStep step)
    {
        if (step.Rest() is { } rest)
        {
            Line(step, rest);
        }

        TimeSpan took = (step.Completed - step.Started) ?? TimeSpan.Zero;
        Line(step, step.Error.Length > 0 ? "ERROR: " + step.Error : step.Cached ? "CACHED" : "DONE " + Seconds(took));
        _last = null;
    }

    private void Line(string digest, string text)
    {
        if (_steps.Find(digest) is { } step)
        {
            Line(step, text);
        }
    }

    private void Line(BuildStep step, string text)
    {
        To(step);
        Output.WriteLine($"#{step.Number} {text}");
    }

    // A step that others interrupted says again what it is.
    private void To(BuildStep step)
    {
        if (_last == step)
        {
            return;
        }

        if (_last is not null)
        {
            Output.WriteLine($"#{_last.Number} ...");
        }

        Output.WriteLine();
        Output.WriteLine($"#{step.Number} {step.Name}");
        _last = step;
    }

    private static string Part(StepPart part)
    {
        string amount = part.Current > 0 ? " " + Units.Size(part.Current, 4) : "";
        string seconds = part is { Started: { } from, Completed: { } to } && to - from >= TimeSpan.FromMilliseconds(50) ? " " + Seconds(to - from) : "";
        return $"{part.Name}{amount}{seconds} done";
    }
}
