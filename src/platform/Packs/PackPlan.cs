namespace Slipway.Packs;

/// <summary>A decision and what decided it.</summary>
/// <param name="Name">What was chosen, such as <c>node</c>.</param>
/// <param name="Reason">The file or variable that decided, such as <c>package.json</c>.</param>
public sealed record Choice(string Name, string Reason);

/// <summary>A language's runtime or tool.</summary>
/// <param name="Name">Such as <c>node</c> or <c>pnpm</c>.</param>
/// <param name="Requested">What the source asks for; empty when it does not say.</param>
/// <param name="Version">What the build will have.</param>
/// <param name="Reason">The file or variable that decided.</param>
public sealed record ToolChoice(string Name, string Requested, string Version, string Reason);

/// <summary>A named group of packages and commands of the build.</summary>
public sealed record PlanPhase
{
    /// <summary>Such as <c>install</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Phases that run before this one.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>Debian packages that are installed before the first command.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Debian packages that the application needs when it runs.</summary>
    public IReadOnlyList<string> RunPackages { get; init; } = [];

    /// <summary>Commands of the shell, each a step of the build.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>Files that are copied before the commands; null for the whole source.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>Directories that are kept between builds and never reach the image.</summary>
    public IReadOnlyList<string> Caches { get; init; } = [];

    /// <summary>Directories put before <c>PATH</c>, for later phases and at run time.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];
}

/// <summary>What would be built, and why.</summary>
public sealed record PackPlan
{
    /// <summary><c>auto</c>, <c>dockerfile</c>, <c>static</c>, <c>compose</c> or <c>image</c>.</summary>
    public required string Pack { get; init; }

    /// <summary>Languages, the main one first, with what gave them away.</summary>
    public IReadOnlyList<Choice> Providers { get; init; } = [];

    /// <summary>Other languages that would match; they are not used.</summary>
    public IReadOnlyList<Choice> AlsoMatching { get; init; } = [];

    /// <summary>The framework, when one was recognised.</summary>
    public Choice? Framework { get; init; }

    /// <summary>Runtimes and tools with their versions.</summary>
    public IReadOnlyList<ToolChoice> Tools { get; init; } = [];

    /// <summary>Phases in the order in which they run.</summary>
    public IReadOnlyList<PlanPhase> Phases { get; init; } = [];

    /// <summary>The directory of the source that is the context of the build, relative to its root; empty for the root itself.</summary>
    public string ContextDirectory { get; init; } = "";

    /// <summary>Images that the build starts from and that must be there (or be pulled), such as <c>slipway/node:latest</c>.</summary>
    public IReadOnlyList<string> BaseImages { get; init; } = [];

    /// <summary>The Dockerfile to build, complete; null for packs that build nothing (<c>compose</c>, <c>image</c>).</summary>
    public string? Dockerfile { get; init; }

    /// <summary>The stage of the Dockerfile to build; null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>What the context leaves out, in the syntax of <c>.dockerignore</c>: to be used as the context's ignore file.</summary>
    public string ContextIgnore { get; init; } = "";

    /// <summary>Names of build arguments that the Dockerfile declares; their values are the build's environment.</summary>
    public IReadOnlyList<string> BuildArguments { get; init; } = [];

    /// <summary>Variables that the image sets.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>The port that the application listens on; it is told so by <c>PORT</c>.</summary>
    public int Port { get; init; } = PackOptions.UsualPort;

    /// <summary>The command that starts the application; null for the image's own.</summary>
    public string? StartCommand { get; init; }

    /// <summary>What decided the start command.</summary>
    public string StartReason { get; init; } = "";

    /// <summary>Processes of a Procfile by name, <c>release</c> included.</summary>
    public IReadOnlyDictionary<string, string> Processes { get; init; } = new Dictionary<string, string>();

    /// <summary>Processes that run beside the one that serves, each in containers of its own: name and command, for bash in the image.</summary>
    public IReadOnlyDictionary<string, string> Background { get; init; } = new Dictionary<string, string>();

    /// <summary>A command to run once in the new image before traffic is switched to it (<c>release</c> of a Procfile); null for none.</summary>
    public string? ReleaseCommand { get; init; }

    /// <summary>Directories that are kept between builds.</summary>
    public IReadOnlyList<string> Caches { get; init; } = [];

    /// <summary>The image of pack <c>image</c>.</summary>
    public string? Image { get; init; }

    /// <summary>Path of the Compose file of pack <c>compose</c>, relative to the source's root.</summary>
    public string? ComposeFile { get; init; }

    /// <summary>What somebody should know or change; one line each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
