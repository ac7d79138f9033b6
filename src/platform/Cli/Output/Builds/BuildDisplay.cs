using System.Globalization;
using Slipway.BuildClient;

namespace Slipway.Cli.Output.Builds;

/// <summary>Shows a build as it goes on.</summary>
internal abstract class BuildDisplay : IDisposable
{
    /// <summary>Shows nothing.</summary>
    private static readonly string[] s_kinds = ["auto", "plain", "tty", "rawjson", "quiet"];

    /// <summary>The display of a kind.</summary>
    /// <param name="kind"><c>auto</c>, <c>plain</c>, <c>tty</c>, <c>rawjson</c> or <c>quiet</c>.</param>
    /// <param name="output">Where it is shown: standard error.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CommandException">There is no such kind.</exception>
    public static BuildDisplay For(string kind, TextWriter output, TimeProvider time) => kind switch
    {
        "plain" => new PlainDisplay(output),
        "tty" => new TerminalDisplay(output, time),
        "rawjson" => new JsonDisplay(output),
        "quiet" => new QuietDisplay(output),
        "auto" or "" => ProgressDisplay.IsTerminal(2) ? new TerminalDisplay(output, time) : new PlainDisplay(output),
        _ => throw new CommandException($"invalid progress mode {kind}: must be one of {string.Join(", ", s_kinds)}"),
    };

    /// <summary>Shows what has happened.</summary>
    public abstract void Show(BuildUpdate update);

    /// <summary>The build has succeeded.</summary>
    public virtual void End()
    {
        // What was shown is complete.
    }

    /// <summary>The build has failed: the failing step's output and its place in the Dockerfile come last.</summary>
    public virtual void Fail(BuildFailedException failure)
    {
        // For programs the error alone.
        Output.WriteLine("ERROR: failed to build: failed to solve: " + failure.Message);
        Output.Flush();
    }

    /// <summary>Where it is shown.</summary>
    protected TextWriter Output { get; }

    protected BuildDisplay(TextWriter output) => Output = output;

    public virtual void Dispose() => Output.Flush();

    /// <summary>Seconds, with a tenth.</summary>
    protected static string Seconds(TimeSpan time) => Math.Max(0, time.TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture) + "s";
}

/// <summary>Shows only errors.</summary>
internal sealed class QuietDisplay(TextWriter output) : BuildDisplay(output)
{
    private readonly BuildSteps _steps = new();

    public override void Show(BuildUpdate update) => _steps.Take(update);

    public override void Fail(BuildFailedException failure) => FailureReport.Write(Output, _steps, failure);
}
