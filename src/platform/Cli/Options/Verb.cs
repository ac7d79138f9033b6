namespace Slipway.Cli.Options;

/// <summary>What shell completion offers for a verb's arguments.</summary>
internal enum Candidates
{
    None,
    Files,
    Containers,
    RunningContainers,
    Images,
    Volumes,
    Networks,
    Objects,
}

/// <summary>A verb: its flags, its arguments and what it does.</summary>
/// <param name="Usage">What follows the verb in its usage line, without <c>[OPTIONS]</c>.</param>
/// <param name="Flags">Flags it takes.</param>
/// <param name="Run">Does the work; the result is the exit code.</param>
internal sealed record Verb(string Usage, FlagTable Flags, Func<Invocation, Task<int>> Run)
{
    public int MinArguments { get; init; }

    public int MaxArguments { get; init; } = int.MaxValue;

    /// <summary>The first argument ends the flags, since what follows belongs to another program.</summary>
    public bool FlagsFirst { get; init; }

    public Candidates Completes { get; init; }

    /// <summary>Longer help below the summary.</summary>
    public string Details { get; init; } = "";

    /// <exception cref="UsageException">Too few or too many arguments.</exception>
    public void CheckArguments(string path, int count)
    {
        if (count >= MinArguments && count <= MaxArguments)
        {
            return;
        }

        string verb = $"'slipway {path}'";
        static string Noun(int n) => n == 1 ? "1 argument" : $"{n} arguments";
        throw new UsageException(MaxArguments == 0 ? $"{verb} accepts no arguments"
            : MinArguments == MaxArguments ? $"{verb} requires {Noun(MinArguments)}"
            : count < MinArguments ? $"{verb} requires at least {Noun(MinArguments)}"
            : $"{verb} requires at most {Noun(MaxArguments)}", 1);
    }
}
