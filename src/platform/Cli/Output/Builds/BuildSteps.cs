using System.Text;
using Slipway.BuildClient;

namespace Slipway.Cli.Output.Builds;

/// <summary>One step of a build as it is now.</summary>
internal sealed class BuildStep(int number, string digest, string name)
{
    private const int KeptLines = 100;

    private readonly Queue<string> _lines = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private string _begun = "";

    /// <summary>In the order in which steps began, from 1.</summary>
    public int Number => number;

    public string Digest => digest;

    public string Name => name;

    public DateTimeOffset? Started { get; set; }

    public DateTimeOffset? Completed { get; set; }

    public bool Cached { get; set; }

    public string Error { get; set; } = "";

    /// <summary>Its parts, as they were last told.</summary>
    public Dictionary<string, StepPart> Parts { get; } = new(StringComparer.Ordinal);

    /// <summary>The last lines that it printed.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Takes output; returns the lines that are complete now.</summary>
    public List<string> Print(ReadOnlySpan<byte> data)
    {
        char[] text = new char[_decoder.GetCharCount(data, flush: false)];
        string all = _begun + new string(text, 0, _decoder.GetChars(data, text, flush: false));
        string[] parts = all.Split('\n');
        _begun = parts[^1];
        List<string> lines = [.. parts[..^1].Select(Visible)];
        foreach (string line in lines)
        {
            if (_lines.Count == KeptLines)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(line);
        }

        return lines;
    }

    /// <summary>The line that has no end yet, when nothing more comes; null when there is none.</summary>
    public string? Rest()
    {
        if (_begun.Length == 0)
        {
            return null;
        }

        string rest = Visible(_begun);
        _begun = "";
        _lines.Enqueue(rest);
        return rest;
    }

    // What redraws a line leaves its last state.
    private static string Visible(string line)
    {
        string end = line.TrimEnd('\r');
        return end[(end.LastIndexOf('\r') + 1)..];
    }
}

/// <summary>The steps of a build that have begun.</summary>
internal sealed class BuildSteps
{
    private readonly Dictionary<string, BuildStep> _byDigest = new(StringComparer.Ordinal);

    /// <summary>In the order in which they began.</summary>
    public List<BuildStep> All { get; } = [];

    /// <summary>What is wrong with the Dockerfile.</summary>
    public List<StepWarning> Warnings { get; } = [];

    public BuildStep? Find(string digest) => _byDigest.GetValueOrDefault(digest);

    /// <summary>Takes what has happened.</summary>
    public void Take(BuildUpdate update)
    {
        foreach (StepChange change in update.Steps)
        {
            Step(change);
        }

        foreach (StepPart part in update.Parts)
        {
            if (Find(part.Step) is { } step)
            {
                step.Parts[part.Id] = part;
            }
        }

        foreach (StepOutput output in update.Output)
        {
            Find(output.Step)?.Print(output.Data.Span);
        }

        Warnings.AddRange(update.Warnings);
    }

    /// <summary>Takes a change; null for a step that has not begun.</summary>
    public BuildStep? Step(StepChange change)
    {
        if (!_byDigest.TryGetValue(change.Digest, out BuildStep? step))
        {
            if (change.Started is null && change.Completed is null)
            {
                return null;
            }

            _byDigest[change.Digest] = step = new BuildStep(All.Count + 1, change.Digest, change.Name);
            All.Add(step);
        }

        step.Started ??= change.Started;
        step.Completed = change.Completed ?? step.Completed;
        step.Cached |= change.Cached;
        step.Error = change.Error.Length > 0 ? change.Error : step.Error;
        return step;
    }
}
