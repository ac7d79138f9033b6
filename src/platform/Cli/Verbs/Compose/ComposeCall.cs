using System.Collections;
using System.Globalization;
using Slipway.Cli.Options;
using Slipway.Client;
using Slipway.Compose;
using Slipway.Compose.Actions;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>One run of a command of <c>compose</c>: its own flags, and those in front of it.</summary>
internal sealed class ComposeCall(Invocation call, FlagValues globals)
{
    private ComposeDisplay? _display;
    private Work? _work;

    public Invocation Call => call;

    public FlagValues Flags => call.Flags;

    public FlagValues Globals => globals;

    public IReadOnlyList<string> Arguments => call.Arguments;

    public TextWriter Out => call.Out;

    public TextWriter Error => call.Error;

    public EngineClient Engine => call.Engine;

    public bool DryRun => globals.Bool("dry-run") || call.Flags.Bool("dry-run");

    /// <summary>Whether colours and control characters may be printed on a standard stream.</summary>
    public bool Ansi(int descriptor) => globals.String("ansi") switch
    {
        "never" => false,
        "always" => true,
        _ => TerminalDevice.IsTerminal(descriptor) && Environment.GetEnvironmentVariable("NO_COLOR") is null or "",
    };

    /// <summary>Checks the flags in front of the command.</summary>
    /// <exception cref="CommandException">One has a value that is none.</exception>
    public void Check()
    {
        if (Progress is not ("auto" or "tty" or "plain" or "json" or "quiet"))
        {
            throw new CommandException($"unsupported --progress value \"{Progress}\"");
        }

        if (globals.String("ansi") is not ("auto" or "never" or "always"))
        {
            throw new CommandException($"unsupported --ansi value \"{globals.String("ansi")}\"");
        }
    }

    /// <summary>Shows what happens on standard error.</summary>
    public ComposeDisplay Display => _display ??= new ComposeDisplay(call.Error, Mode(), DryRun, call.Time);

    public Work Work => _work ??= new Work(call.Engine, call.Time, Display.Show, DryRun) { AtOnce = Parallel() };

    /// <summary>Seconds of <c>--timeout</c>, or null.</summary>
    public int? Timeout => call.Flags.IntOrNull("timeout") is { } seconds ? (int)seconds : null;

    /// <summary>Reads the application.</summary>
    /// <param name="change">Changes what is read.</param>
    public Project Load(Func<LoadOptions, LoadOptions>? change = null)
    {
        LoadOptions options = Options();
        return ProjectLoader.Load(change is null ? options : change(options));
    }

    /// <summary>Reads the application, or, when only its name is known and no file, what runs of it.</summary>
    public async Task<Project> LoadOrFindAsync()
    {
        LoadOptions options = Options();
        string? name = ProjectLoader.NameOnly(options);
        if (options.Files.Count > 0 || name is null)
        {
            return ProjectLoader.Load(options);
        }

        try
        {
            return ProjectLoader.Load(options);
        }
        catch (ComposeException e) when (e is { At: null, Cause: FailureCause.File })
        {
            return RunningProject.Of(name, await Observed.OfAsync(Engine, name));
        }
    }

    /// <summary>Services named as arguments; all enabled ones when there are none.</summary>
    public IReadOnlyList<string> Services(Project project)
    {
        foreach (string name in Arguments)
        {
            _ = project.Service(name);
        }

        return Arguments.Count > 0 ? Arguments : [.. project.Enabled];
    }

    /// <summary>Runs one of the verbs for single containers.</summary>
    public async Task<int> DelegateAsync(string path, Verb verb, IReadOnlyList<string> words)
    {
        await call.Out.FlushAsync();
        using Invocation inner = new(path, FlagParser.Parse(verb.Flags, words, verb.FlagsFirst), call.Globals, call.Time);
        return await verb.Run(inner);
    }

    private LoadOptions Options() => new()
    {
        WorkingDirectory = Directory.GetCurrentDirectory(),
        Environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal),
        Files = globals.List("file"),
        ProjectName = globals.StringOrNull("project-name"),
        ProjectDirectory = globals.StringOrNull("project-directory"),
        Profiles = globals.List("profile"),
        EnvFiles = globals.List("env-file"),
        AllowOutside = globals.Bool("allow-outside") || Environment.GetEnvironmentVariable("SLIPWAY_COMPOSE_ALLOW_OUTSIDE") is "1" or "true",
        Untrusted = globals.Bool("untrusted"),
        Compatibility = globals.Bool("compatibility") || Environment.GetEnvironmentVariable("COMPOSE_COMPATIBILITY") is "1" or "true",
        ReadInput = () => new StreamReader(Console.OpenStandardInput()).ReadToEnd(),
        Warn = text => call.Error.WriteLine("warning: " + text),
    };

    // Any number is what happens without a gate.
    private SemaphoreSlim? Parallel()
    {
        long number = globals.Has("parallel") ? globals.Int("parallel")
            : long.TryParse(Environment.GetEnvironmentVariable("COMPOSE_PARALLEL_LIMIT"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long limit) ? limit : -1;
        return number > 0 ? new SemaphoreSlim((int)Math.Min(number, int.MaxValue)) : null;
    }

    // Docker Compose takes it behind build, too.
    private string Progress => call.Flags.Has("progress") ? call.Flags.String("progress") : globals.String("progress");

    private string Mode() => Progress switch
    {
        "auto" => Ansi(2) && TerminalDevice.IsTerminal(2) ? "tty" : "plain",
        var mode => mode,
    };
}
